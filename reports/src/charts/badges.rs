//! Numbered badges beside points: where many are close together, each still has its number, on a line that leads to it.

use plotters::style::RGBColor;

use super::picture::{Align, Label, Picture, Point};
use super::theme;

/// The width and height that a badge takes.
pub(super) const CELL: f64 = 20.0;
/// The radius of a badge.
const RADIUS: f64 = 9.0;
/// The size of its number.
const SIZE: f64 = 12.0;
/// Points nearer to each other than this are one spot: their dots would cover each other.
const ONE_SPOT: f64 = 10.0;
/// The length of an arrow from a point.
const ARROW: f64 = 17.0;
/// The most badges of a spot in a row.
const IN_A_ROW: usize = 6;
/// How far the line from a spot to its badges may be, nearest first.
const REACHES: [f64; 12] = [9.0, 15.0, 22.0, 30.0, 40.0, 52.0, 68.0, 88.0, 112.0, 140.0, 180.0, 240.0];
/// How often each spot looks for a place: first among those before it, then among all.
const ROUNDS: usize = 4;
/// How far from ideal a line is that meets another, and badges that find no place.
const TANGLED: f64 = 1e3;
const NOWHERE: f64 = 1e6;
/// The directions that are tried are those to the edge of a square of twice this width.
const SQUARE: i32 = 3;

/// Points that cannot be told apart on paper, with their numbers.
pub(super) struct Spot {
    at: Point,
    /// The direction in which they are really farther off.
    arrow: Option<Point>,
    /// Number and colour of each.
    pub(super) entries: Vec<(u32, RGBColor)>,
}

impl Spot {
    /// Tells who points at it.
    pub(super) fn hover(&self, picture: &mut Picture, text: &str) {
        let (x, y) = self.at;
        picture.hover((x - 8.0, y - 8.0), (x + 8.0, y + 8.0), text);
    }

    /// Where its arrow ends.
    fn tip(&self) -> Option<Point> {
        self.arrow.map(|(x, y)| (self.at.0 + ARROW * x, self.at.1 + ARROW * y))
    }
}

/// Adds a point to the spot that it cannot be told apart from, or as a new one.
pub(super) fn join(spots: &mut Vec<Spot>, at: Point, number: u32, colour: RGBColor, arrow: Option<Point>) {
    match spots.iter_mut().find(|spot| distance(spot.at, at) < ONE_SPOT) {
        Some(spot) => spot.entries.push((number, colour)),
        None => spots.push(Spot { at, arrow, entries: vec![(number, colour)] }),
    }
}

/// How wide and how high the badges of a spot of so many are.
pub(super) fn room(entries: usize) -> [f64; 2] {
    [entries.min(IN_A_ROW) as f64 * CELL + 8.0, entries.div_ceil(IN_A_ROW) as f64 * CELL + 8.0]
}

/// An arrow from a point in a direction of length one.
pub(super) fn arrow(picture: &mut Picture, (x, y): Point, (right, down): Point, colour: RGBColor) {
    let at = |along: f64, aside: f64| (x + along * right - aside * down, y + along * down + aside * right);
    picture.line(vec![(x, y), at(ARROW - 5.0, 0.0)], colour, 1.5);
    picture.area(vec![at(ARROW, 0.0), at(ARROW - 6.0, 4.0), at(ARROW - 6.0, -4.0)], colour);
}

/// A point, with a ring where it is several.
pub(super) fn dot(picture: &mut Picture, at: Point, several: bool, colour: RGBColor) {
    if several {
        picture.dot(at, 8.0, colour);
        picture.dot(at, 6.5, theme::WHITE);
    } else {
        picture.dot(at, 5.5, theme::WHITE);
    }
    picture.dot(at, 4.5, colour);
}

/// A number in a circle.
pub(super) fn badge(picture: &mut Picture, at: Point, number: u32, colour: RGBColor) {
    picture.dot(at, RADIUS, colour);
    let (text, colour) = (number.to_string(), theme::WHITE.into());
    picture.label(Label { text, at, align: Align::Middle, size: SIZE, bold: true, colour });
}

/// Where the badges of each spot are; of a spot that has no room for them, nowhere.
pub(super) struct Badges {
    blocks: Vec<Option<Block>>,
}

/// The badges of one spot, row by row.
#[derive(Clone, Copy)]
struct Block {
    centre: Point,
    columns: usize,
    rows: usize,
}

impl Badges {
    /// Places the badges of each spot near it and inside left, top, right and bottom, clear of every other spot and badge;
    /// where that can be had, clear of every other line too, of the room for other spots' badges, and of the line along which
    /// `off_line` is zero.
    pub(super) fn place(spots: &[Spot], inside: [f64; 4], off_line: &dyn Fn(Point) -> f64) -> Self {
        let mut orders = [(); 3].map(|()| (0..spots.len()).collect::<Vec<usize>>());
        orders[0].sort_by_key(|&spot| std::cmp::Reverse(spots[spot].entries.len()));
        orders[1].sort_by(|&a, &b| spots[a].at.1.total_cmp(&spots[b].at.1));
        orders[2].sort_by(|&a, &b| spots[b].at.1.total_cmp(&spots[a].at.1));
        let mut best = (f64::INFINITY, Self { blocks: Vec::new() });
        for order in orders {
            let placed = Self::in_order(spots, &order, inside, off_line);
            if placed.0 < best.0 {
                best = placed;
            }
            if best.0 < TANGLED {
                break;
            }
        }
        best.1
    }

    /// Places them one after another, and again given all others; with how far from ideal that is.
    fn in_order(spots: &[Spot], order: &[usize], inside: [f64; 4], off_line: &dyn Fn(Point) -> f64) -> (f64, Self) {
        let mut placed = Self { blocks: vec![None; spots.len()] };
        let mut sum = f64::INFINITY;
        for _ in 0..ROUNDS {
            let before = sum;
            sum = 0.0;
            for &spot in order {
                placed.blocks[spot] = None;
                let best = placed.best(spots, spot, inside, off_line);
                sum += best.map_or(NOWHERE, |(cost, _)| cost);
                placed.blocks[spot] = best.map(|(_, block)| block);
            }
            if (sum - before).abs() < 1e-6 {
                break;
            }
        }
        (sum, placed)
    }

    /// The best place for the badges of a spot, given where those of others are, and how far from ideal it is.
    fn best(
        &self,
        spots: &[Spot],
        spot: usize,
        inside: [f64; 4],
        off_line: &dyn Fn(Point) -> f64,
    ) -> Option<(f64, Block)> {
        let cost = |(cost, block): (f64, Block)| {
            let others = spots.iter().enumerate().filter(|(other, _)| *other != spot);
            let crowded: f64 = others.map(|(_, other)| (CELL - block.gap(other.at)).max(0.0)).sum();
            (cost + TANGLED * self.tangles(spots, spot, &block) as f64 + crowded, block)
        };
        Block::around(&spots[spot], off_line)
            .into_iter()
            .filter(|(_, block)| block.is_inside(inside) && self.has_room(spots, block))
            .map(cost)
            .min_by(|(a, _), (b, _)| a.total_cmp(b))
    }

    /// Whether `block` keeps clear of every spot and block.
    fn has_room(&self, spots: &[Spot], block: &Block) -> bool {
        spots.iter().all(|spot| !block.covers(spot.at, 6.0) && spot.tip().is_none_or(|tip| !block.covers(tip, 3.0)))
            && self.blocks.iter().flatten().all(|b| b.is_apart(block))
    }

    /// With how many other spots `block` is tangled: it covers the other's line, or its own meets the other's point, block or
    /// line.
    fn tangles(&self, spots: &[Spot], own: usize, block: &Block) -> usize {
        let line = block.line(spots[own].at);
        let meets = |point: Point, gap: f64| line.iter().any(|&p| distance(p, point) < gap);
        let others = spots.iter().zip(&self.blocks).enumerate().filter(|(spot, _)| *spot != own);
        let is_tangled = |(_, (spot, other)): &(usize, (&Spot, &Option<Block>))| {
            meets(spot.at, 8.0)
                || other.is_some_and(|other| {
                    line.iter().any(|&point| other.covers(point, 2.0))
                        || other.line(spot.at).into_iter().any(|point| block.covers(point, 4.0) || meets(point, 6.0))
                })
        };
        others.filter(is_tangled).count()
    }

    /// Lines first, then points, then badges.
    pub(super) fn draw(&self, picture: &mut Picture, spots: &[Spot]) {
        let placed = || spots.iter().zip(&self.blocks).filter_map(|(spot, block)| Some((spot, block.as_ref()?)));
        for (spot, block) in placed() {
            picture.line(vec![spot.at, block.nearest(spot.at)], theme::GREY, 1.0);
        }
        for spot in spots {
            if let Some(direction) = spot.arrow {
                arrow(picture, spot.at, direction, spot.entries[0].1);
            }
            dot(picture, spot.at, spot.entries.len() > 1, spot.entries[0].1);
        }
        for (spot, block) in placed() {
            for (index, &(number, colour)) in spot.entries.iter().enumerate() {
                badge(picture, block.cell(index), number, colour);
            }
        }
    }
}

impl Block {
    /// Every place to try, with how far from ideal it is: near, to the upper right or aside of an
    /// arrow, and off the line.
    fn around(spot: &Spot, off_line: &dyn Fn(Point) -> f64) -> Vec<(f64, Self)> {
        let columns = spot.entries.len().min(IN_A_ROW);
        let rows = spot.entries.len().div_ceil(IN_A_ROW);
        let half = (columns as f64 * CELL / 2.0, rows as f64 * CELL / 2.0);
        let mut candidates = Vec::new();
        for (x, y) in directions() {
            let aslant = spot.arrow.map_or(6.0 - 3.0 * (x - y), |(right, down)| 6.0 * (x * right + y * down).abs());
            for reach in REACHES {
                let centre = (spot.at.0 + (reach + half.0) * x, spot.at.1 + (reach + half.1) * y);
                let block = Self { centre, columns, rows };
                let [left, top, right, bottom] = block.edges();
                let is_on_line = off_line((left, bottom)) < 0.0 && off_line((right, top)) > 0.0;
                if !block.covers(spot.at, 6.0) {
                    candidates.push((reach + aslant + if is_on_line { 15.0 } else { 0.0 }, block));
                }
            }
        }
        candidates
    }

    /// Left, top, right and bottom.
    fn edges(&self) -> [f64; 4] {
        let (x, y) = self.centre;
        let half = (self.columns as f64 * CELL / 2.0, self.rows as f64 * CELL / 2.0);
        [x - half.0, y - half.1, x + half.0, y + half.1]
    }

    /// Where a badge is.
    fn cell(&self, index: usize) -> Point {
        let [left, top, ..] = self.edges();
        let (column, row) = (index % IN_A_ROW, index / IN_A_ROW);
        (left + (column as f64 + 0.5) * CELL, top + (row as f64 + 0.5) * CELL)
    }

    fn is_inside(&self, [left, top, right, bottom]: [f64; 4]) -> bool {
        let [l, t, r, b] = self.edges();
        left <= l && top <= t && r <= right && b <= bottom
    }

    fn is_apart(&self, other: &Self) -> bool {
        let ([left, top, right, bottom], [l, t, r, b]) = (self.edges(), other.edges());
        r + 2.0 <= left || right + 2.0 <= l || b + 2.0 <= top || bottom + 2.0 <= t
    }

    /// Whether a point is on it or nearer to it than `gap`.
    fn covers(&self, point: Point, gap: f64) -> bool {
        self.gap(point) < gap
    }

    /// How far a point is from it.
    fn gap(&self, point: Point) -> f64 {
        distance(self.nearest(point), point)
    }

    /// Its point that is nearest to another.
    fn nearest(&self, (x, y): Point) -> Point {
        let [left, top, right, bottom] = self.edges();
        (x.clamp(left, right), y.clamp(top, bottom))
    }

    /// Points along the line from its spot to it.
    fn line(&self, from: Point) -> Vec<Point> {
        let to = self.nearest(from);
        let steps = (distance(from, to) / 3.0).ceil().max(1.0);
        let at = |step: f64| (from.0 + step / steps * (to.0 - from.0), from.1 + step / steps * (to.1 - from.1));
        (0..200_u32).map(f64::from).take_while(|&step| step <= steps).map(at).collect()
    }
}

/// Vectors of length one all around, from square roots alone: every machine has the same.
fn directions() -> impl Iterator<Item = Point> {
    let square = (-SQUARE..=SQUARE).flat_map(|x| (-SQUARE..=SQUARE).map(move |y| (x, y)));
    square.filter(|(x, y)| x.abs().max(y.abs()) == SQUARE).map(|(x, y)| {
        let (x, y) = (f64::from(x), f64::from(y));
        let length = distance((x, y), (0.0, 0.0));
        (x / length, y / length)
    })
}

fn distance(a: Point, b: Point) -> f64 {
    ((a.0 - b.0) * (a.0 - b.0) + (a.1 - b.1) * (a.1 - b.1)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAPER: [f64; 4] = [0.0, 0.0, 480.0, 480.0];

    fn spots(points: &[Point]) -> Vec<Spot> {
        let mut spots = Vec::new();
        for (&at, number) in points.iter().zip(1..) {
            join(&mut spots, at, number, theme::BLUE, None);
        }
        spots
    }

    /// The numbers of each spot.
    fn numbers(spots: &[Spot]) -> Vec<Vec<u32>> {
        spots.iter().map(|spot| spot.entries.iter().map(|(number, _)| *number).collect()).collect()
    }

    #[test]
    fn points_that_would_cover_each_other_are_one_spot() {
        let spots = spots(&[(50.0, 50.0), (200.0, 50.0), (50.0, 50.0), (57.0, 57.0), (58.0, 58.0)]);
        assert_eq!(numbers(&spots), [vec![1, 3, 4], vec![2], vec![5]], "7, 7 is 9.9 away and 8, 8 is 11.3");
    }

    #[test]
    fn every_badge_is_clear_of_every_spot_and_badge() {
        let diagonal: Vec<Point> = (0..30).map(|i| (16.0 * f64::from(i), 16.0 * f64::from(i))).collect();
        let corners = [(0.0, 0.0), (0.0, 480.0), (480.0, 480.0), (480.0, 0.0)];
        let scattered: Vec<Point> =
            (0..60).map(|i| (f64::from(i * 73 % 120) * 4.0, f64::from(i * 41 % 120) * 4.0)).collect();
        for points in [diagonal, corners.repeat(8), scattered, vec![(0.0, 240.0); 30]] {
            let spots = spots(&points);
            let placed = Badges::place(&spots, PAPER, &|_| f64::INFINITY);
            let blocks: Vec<Block> = placed.blocks.into_iter().flatten().collect();
            assert_eq!(blocks.len(), spots.len(), "each spot has its badges");
            for (index, block) in blocks.iter().enumerate() {
                assert!(block.is_inside(PAPER));
                assert!(spots.iter().all(|spot| !block.covers(spot.at, 6.0)));
                assert!(blocks[index + 1..].iter().all(|other| block.is_apart(other)));
            }
        }
    }

    #[test]
    fn badges_are_aside_of_arrows_and_clear_of_their_ends() {
        let mut spots = Vec::new();
        for number in 0..10_u32 {
            join(&mut spots, (20.0 + 27.0 * f64::from(number), 240.0), number, theme::BLUE, Some((1.0, 0.0)));
        }
        let placed = Badges::place(&spots, PAPER, &|_| f64::INFINITY);
        for (spot, block) in spots.iter().zip(placed.blocks) {
            let block = block.unwrap();
            assert!((block.centre.0 - spot.at.0).abs() < 0.01, "straight above or below");
            assert!(spots.iter().filter_map(Spot::tip).all(|tip| !block.covers(tip, 3.0)));
        }
    }

    #[test]
    fn a_spot_without_room_has_no_badge() {
        let placed = Badges::place(&spots(&[(5.0, 5.0)]), [0.0, 0.0, 10.0, 10.0], &|_| f64::INFINITY);
        assert!(placed.blocks[0].is_none());
    }
}
