//! Which cells of a sweep are the best: the fastest, the cheapest, and those that no other cell beats in both.

use super::labels;
use crate::wording;

use super::{CellStatistics, SweepTable};

/// The best cells, by their positions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Best {
    /// The shortest p95 of deploys; the cheaper one of two.
    pub(crate) fastest: Option<usize>,
    /// The smallest bill; the faster one of two.
    pub(crate) cheapest: Option<usize>,
    /// Those with no other as fast and as cheap, and better in one of them; the fastest first. Of equal ones the first.
    pub(crate) frontier: Vec<usize>,
}

impl Best {
    /// The best cells. Where there are deploys, one whose p95 falls on an unfinished run is none of them.
    pub(crate) fn of(table: &SweepTable) -> Self {
        let bill = |cell: &CellStatistics| cell.mean("usd_per_month").unwrap_or(f64::INFINITY);
        if !table.has_deploys() {
            let cheapest =
                (0..table.cells.len()).min_by(|a, b| bill(&table.cells[*a]).total_cmp(&bill(&table.cells[*b])));
            return Self { cheapest, ..Self::default() };
        }
        let known = table.cells.iter().enumerate();
        let mut known: Vec<(f64, f64, usize)> =
            known.filter_map(|(index, cell)| Some((cell.deploy_s.p95?, bill(cell), index))).collect();
        known.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        let cheapest =
            known.iter().min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.total_cmp(&b.0))).map(|(.., index)| *index);
        let mut frontier = Vec::new();
        let mut last = (f64::INFINITY, f64::INFINITY);
        for (p95, bill, index) in &known {
            // Cells that are as good as one another are all there.
            if *bill < last.1 || (*p95, *bill) == last {
                frontier.push(*index);
                last = (*p95, *bill);
            }
        }
        Self { fastest: known.first().map(|(.., index)| *index), cheapest, frontier }
    }

    /// What a cell is best in, in words; nothing for most of them.
    pub(crate) fn words(&self, index: usize) -> Vec<&'static str> {
        let words = [
            (self.fastest == Some(index), "fastest"),
            (self.cheapest == Some(index), "cheapest"),
            (self.frontier.contains(&index), "frontier"),
        ];
        words.into_iter().filter(|(is_one, _)| *is_one).map(|(_, word)| word).collect()
    }

    /// The closing sentences.
    pub(crate) fn answer(&self, table: &SweepTable) -> String {
        /// More are in the table.
        const NAMED: usize = 6;
        let described = |index: usize| {
            let cell = &table.cells[index];
            let bill = wording::cents(cell.mean("usd_per_month").unwrap_or_default());
            let p95 = cell.deploy_s.p95.map(|p95| format!("p95 {}, ", wording::duration(p95))).unwrap_or_default();
            let failed = cell
                .mean("failed_requests")
                .map_or(String::new(), |failed| format!(", {} failed requests", wording::count(failed)));
            format!("{}: {p95}${bill} a month{failed}", name(table, cell))
        };
        let Some(cheapest) = self.cheapest else {
            return match table.cells.len() {
                0 => "There is no cell.".into(),
                _ => "In no cell do 95 % of the deploys end.".into(),
            };
        };
        let Some(fastest) = self.fastest else { return format!("The cheapest is {}.", described(cheapest)) };
        if self.frontier.len() == 1 {
            return format!("The fastest and the cheapest is {}.", described(fastest));
        }
        let between: Vec<usize> = self.frontier.iter().copied().filter(|i| ![fastest, cheapest].contains(i)).collect();
        let ends = format!("The fastest is {}. The cheapest is {}.", described(fastest), described(cheapest));
        if between.is_empty() {
            return format!("{ends} Nothing between them is on the frontier.");
        }
        let named: Vec<String> = between.iter().take(NAMED).map(|index| described(*index)).collect();
        let more = if between.len() > NAMED { format!("; and {} more", between.len() - NAMED) } else { String::new() };
        format!("{ends} Between them no cell is both faster and cheaper than {}{more}.", named.join("; "))
    }
}

/// `hosts = 6, deregistration_delay = 30s`, and the variant where there are several.
pub(crate) fn name(table: &SweepTable, cell: &CellStatistics) -> String {
    let value =
        |(axis, label): (usize, &String)| format!("{label} = {}", table.axes[axis].1[cell.values[axis] as usize]);
    let values: Vec<String> = labels(table, 1).iter().enumerate().map(value).collect();
    let is_one = table.cells.iter().all(|other| other.variant == cell.variant);
    let variant = if is_one { String::new() } else { format!("\"{}\", ", cell.variant) };
    wording::plain(&format!("{variant}{}", values.join(", ")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sweep::examples::{cell, table};

    /// p95 and bill of each cell: the second is beaten by the first, the fourth is as good as the third.
    #[test]
    fn no_cell_beats_the_frontier() {
        let best = |cells: &[(Option<f64>, f64)]| {
            Best::of(&table(&["a=1..9"], cells.iter().map(|(p95, bill)| cell(&[0], *p95, *bill)).collect()))
        };
        let all =
            best(&[(Some(60.0), 500.0), (Some(70.0), 500.0), (Some(90.0), 300.0), (Some(90.0), 300.0), (None, 10.0)]);
        assert_eq!(all, Best { fastest: Some(0), cheapest: Some(2), frontier: vec![0, 2, 3] });
        assert_eq!([0, 1, 2].map(|index| all.words(index).join(" ")), ["fastest frontier", "", "cheapest frontier"]);
        assert_eq!(best(&[(None, 10.0)]), Best::default());
        assert_eq!(best(&[]), Best::default());
    }

    proptest! {
        #[test]
        fn the_frontier_is_what_nothing_beats(cells in prop::collection::vec((0_u8..6, 0_u8..6), 1..30)) {
            let cells: Vec<(f64, f64)> = cells.into_iter().map(|(p95, bill)| (f64::from(p95), f64::from(bill))).collect();
            let table = table(&["a=1..9"], cells.iter().map(|(p95, bill)| cell(&[0], Some(*p95), *bill)).collect());
            let best = Best::of(&table);
            for (index, own) in cells.iter().enumerate() {
                let is_beaten = cells.iter().any(|other| other.0 <= own.0 && other.1 <= own.1 && other != own);
                prop_assert_eq!(best.frontier.contains(&index), !is_beaten);
            }
            prop_assert!(best.frontier.contains(&best.fastest.unwrap()) && best.frontier.contains(&best.cheapest.unwrap()));
        }
    }

    #[test]
    fn the_answer_names_them() {
        let answer = |cells: Vec<CellStatistics>| {
            let table =
                table(&["host_group.m5.hosts=6..8", "service.web.load_balancer.deregistration_delay=30s,60s"], cells);
            Best::of(&table).answer(&table)
        };
        assert_eq!(
            answer(vec![
                cell(&[2, 0], Some(60.0), 560.64),
                cell(&[1, 0], Some(90.0), 490.56),
                cell(&[0, 1], Some(252.0), 420.48)
            ]),
            "The fastest is hosts = 8, deregistration_delay = 30s: p95 1m 00s, $560.64 a month. The cheapest is hosts = 6, \
             deregistration_delay = 60s: p95 4m 12s, $420.48 a month. Between them no cell is both faster and cheaper than \
             hosts = 7, deregistration_delay = 30s: p95 1m 30s, $490.56 a month."
        );
        assert_eq!(
            answer(vec![cell(&[2, 0], Some(60.0), 560.64)]),
            "The fastest and the cheapest is hosts = 8, deregistration_delay = 30s: p95 1m 00s, $560.64 a month."
        );
        assert!(answer(vec![cell(&[2, 0], None, 1.0)]).contains("In no cell"));
        assert_eq!(answer(vec![]), "There is no cell.");
    }
}
