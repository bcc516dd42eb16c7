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
/// The most badges of a spot in a row.
const IN_A_ROW: usize = 6;
/// How far the line from a spot to its badges may be, nearest first.
const REACHES: [f64; 12] = [9.0, 15.0, 22.0, 30.0, 40.0, 52.0, 68.0, 88.0, 112.0, 140.0, 180.0, 240.0];
/// The directions that are tried are those to the edge of a square of twice this width.
const SQUARE: i32 = 3;

/// Points that cannot be told apart on paper, with their numbers.
pub(super) struct Spot {
    at: Point,
    /// Number and colour of each.
    pub(super) entries: Vec<(u32, RGBColor)>,
}

/// Adds a point to the spot that it cannot be told apart from, or as a new one.
pub(super) fn join(spots: &mut Vec<Spot>, at: Point, number: u32, colour: RGBColor) {
    match spots.iter_mut().find(|spot| distance(spot.at, at) < ONE_SPOT) {
        Some(spot) => spot.entries.push((number, colour)),
        None => spots.push(Spot { at, entries: vec![(number, colour)] }),
    }
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
        let mut order: Vec<usize> = (0..spots.len()).collect();
        order.sort_by_key(|&spot| std::cmp::Reverse(spots[spot].entries.len()));
        let mut placed = Self { blocks: vec![None; spots.len()] };
        for spot in order {
            let cost = |(cost, block): (f64, Block)| {
                let tangled = if placed.is_tangled(spots, spot, &block) { 1000.0 } else { 0.0 };
                let others = spots.iter().enumerate().filter(|(other, _)| *other != spot);
                let crowded: f64 = others.map(|(_, other)| (CELL - block.gap(other.at)).max(0.0)).sum();
                (cost + tangled + crowded, block)
            };
            placed.blocks[spot] = Block::around(&spots[spot], off_line)
                .into_iter()
                .filter(|(_, block)| block.is_inside(inside) && placed.has_room(spots, block))
                .map(cost)
                .min_by(|(a, _), (b, _)| a.total_cmp(b))
                .map(|(_, block)| block);
        }
        placed
    }

    /// Whether `block` keeps clear of every spot and block.
    fn has_room(&self, spots: &[Spot], block: &Block) -> bool {
        spots.iter().all(|spot| !block.covers(spot.at, 6.0)) && self.blocks.iter().flatten().all(|b| b.is_apart(block))
    }

    /// Whether `block` covers another spot's line, or its own line meets another spot, block or line.
    fn is_tangled(&self, spots: &[Spot], own: usize, block: &Block) -> bool {
        let line = block.line(spots[own].at);
        let meets = |point: Point, gap: f64| line.iter().any(|&p| distance(p, point) < gap);
        let mut others = spots.iter().zip(&self.blocks).enumerate().filter(|(spot, _)| *spot != own);
        others.any(|(_, (spot, other))| {
            meets(spot.at, 8.0)
                || other.is_some_and(|other| {
                    line.iter().any(|&point| other.covers(point, 2.0))
                        || other.line(spot.at).into_iter().any(|point| block.covers(point, 4.0) || meets(point, 6.0))
                })
        })
    }

    /// Lines first, then points, then badges.
    pub(super) fn draw(&self, picture: &mut Picture, spots: &[Spot]) {
        let placed = || spots.iter().zip(&self.blocks).filter_map(|(spot, block)| Some((spot, block.as_ref()?)));
        for (spot, block) in placed() {
            picture.line(vec![spot.at, block.nearest(spot.at)], theme::GREY, 1.0);
        }
        for spot in spots {
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
    /// Every place to try, with how far from ideal it is: near, to the upper right, and off the line.
    fn around(spot: &Spot, off_line: &dyn Fn(Point) -> f64) -> Vec<(f64, Self)> {
        let columns = spot.entries.len().min(IN_A_ROW);
        let rows = spot.entries.len().div_ceil(IN_A_ROW);
        let half = (columns as f64 * CELL / 2.0, rows as f64 * CELL / 2.0);
        let mut candidates = Vec::new();
        for (x, y) in directions() {
            let aslant = 6.0 - 3.0 * (x - y);
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
            join(&mut spots, at, number, theme::BLUE);
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
    fn a_spot_without_room_has_no_badge() {
        let placed = Badges::place(&spots(&[(5.0, 5.0)]), [0.0, 0.0, 10.0, 10.0], &|_| f64::INFINITY);
        assert!(placed.blocks[0].is_none());
    }
}
