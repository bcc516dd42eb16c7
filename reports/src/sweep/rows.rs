//! The rows of a sweep as lines of a file: one a run, with its variant, its values and its seed, and read back again.

use std::collections::BTreeMap;

use csv::{StringRecord, WriterBuilder};
use seatrial_scenarios::sweep::{Cell, Sweep};
use serde::{Serialize, Serializer};

use crate::csv::{RunLine, columns};

/// How the rows of one sweep are written and read.
pub struct Rows<'s> {
    sweep: &'s Sweep,
    cells: BTreeMap<&'s Cell, usize>,
    /// By axis, the position of each value.
    values: Vec<BTreeMap<&'s str, u32>>,
    variants: BTreeMap<&'s str, u32>,
}

impl<'s> Rows<'s> {
    /// The rows of this sweep.
    pub fn new(sweep: &'s Sweep) -> Self {
        let variants = (0..).zip(&sweep.scenario.variants).map(|(index, variant)| (variant.name.as_str(), index));
        let values = sweep.axes.iter().map(|axis| (0..).zip(&axis.values).map(|(i, v)| (v.as_str(), i)).collect());
        Self {
            sweep,
            cells: sweep.cells.iter().enumerate().map(|(index, cell)| (cell, index)).collect(),
            values: values.collect(),
            variants: variants.collect(),
        }
    }

    /// The names of the columns: `variant`, the path of each axis, `seed`, and those of a run.
    pub fn header(&self) -> Vec<u8> {
        let axes = self.sweep.axes.iter().map(|axis| axis.path.clone());
        written(&[std::iter::once("variant".into()).chain(axes).chain(columns()).collect::<Vec<_>>()])
    }

    /// Some runs of one cell as CSV.
    pub fn csv(&self, cell: usize, lines: &[RunLine]) -> Vec<u8> {
        let (variant, values) = self.sweep.describe(&self.sweep.cells[cell]);
        written(&lines.iter().map(|line| (variant, &values, line)).collect::<Vec<_>>())
    }

    /// The same as JSON lines; what is saturated has no number.
    #[expect(clippy::missing_panics_doc, reason = "strings and numbers can always be written as JSON")]
    pub fn json(&self, cell: usize, lines: &[RunLine]) -> String {
        let settings = Settings::of(self.sweep, &self.sweep.cells[cell]);
        let line = |run| {
            let line = JsonLine { variant: settings.variant, settings: &settings, run };
            serde_json::to_string(&line).expect("strings and numbers only") + "\n"
        };
        lines.iter().map(line).collect()
    }

    /// The cell of a record, the position of its seed, and the run; none where it is no row of this sweep.
    pub fn read(&self, record: &StringRecord) -> Option<(usize, u32, RunLine)> {
        let axes = self.values.len();
        let variant = *self.variants.get(record.get(0)?)?;
        let values = self.values.iter().zip(1..).map(|(known, column)| known.get(record.get(column)?).copied());
        let cell = Cell { variant, values: values.collect::<Option<_>>()? };
        let run: StringRecord = record.iter().skip(1 + axes).collect();
        let run: RunLine = run.deserialize(None).ok()?;
        let position = run.seed.wrapping_sub(self.sweep.first_seed);
        let position = u32::try_from(position).ok().filter(|position| *position < self.sweep.seeds)?;
        Some((*self.cells.get(&cell)?, position, run))
    }
}

fn written<T: Serialize>(records: &[T]) -> Vec<u8> {
    let mut writer = WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    for record in records {
        writer.serialize(record).expect("strings and numbers only, into memory");
    }
    writer.into_inner().expect("memory takes everything")
}

/// The variant of a cell, and its values by their paths in the order of the axes.
pub(crate) struct Settings<'s> {
    pub(crate) variant: &'s str,
    pub(crate) values: Vec<(&'s str, &'s str)>,
}

impl<'s> Settings<'s> {
    pub(crate) fn of(sweep: &'s Sweep, cell: &Cell) -> Self {
        let (variant, values) = sweep.describe(cell);
        Self { variant, values: sweep.axes.iter().map(|axis| axis.path.as_str()).zip(values).collect() }
    }
}

impl Serialize for Settings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.values.iter().copied())
    }
}

#[derive(Serialize)]
struct JsonLine<'a> {
    variant: &'a str,
    settings: &'a Settings<'a>,
    #[serde(flatten)]
    run: &'a RunLine,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::row;
    use crate::sweep::examples::sweep;

    #[test]
    fn what_is_written_is_read_again() {
        let sweep = sweep(&["host_group.g.hosts=2..3", "service.s.startup=uniform(1s, 2s),5s"]);
        let rows = Rows::new(&sweep);
        let header = String::from_utf8(rows.header()).unwrap();
        let begins = "variant,host_group.g.hosts,service.s.startup,seed,finished,deploy_s,lowest_healthy_percent,";
        assert!(header.starts_with(begins) && header.ends_with(",blocked\n"), "{header}");
        let lines = [RunLine::new(&row(5, Some(0.1 + 0.2))), RunLine::new(&row(6, None))];
        let text = rows.csv(2, &lines);
        let begins = "\"a, \"\"b\"\"\",3,\"uniform(1s, 2s)\",5,true,0.3,100.0,";
        assert!(String::from_utf8(text.clone()).unwrap().starts_with(begins));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_slice());
        let records: Vec<_> = reader.records().map(|record| rows.read(&record.unwrap()).unwrap()).collect();
        assert_eq!(records, [(2, 0, lines[0].clone()), (2, 1, lines[1].clone())]);
        let json = rows.json(2, &lines);
        let begins = "{\"variant\":\"a, \\\"b\\\"\",\"settings\":{\"host_group.g.hosts\":\"3\",\"service.s.startup\":\"uniform(1s, 2s)\"},\
                      \"seed\":5,\"finished\":true,\"deploy_s\":0.3,";
        assert!(json.starts_with(begins) && json.lines().count() == 2, "{json}");
    }

    #[test]
    fn a_row_of_another_sweep_is_none() {
        let [two, three] = [&["host_group.g.hosts=2"], &["host_group.g.hosts=3"]].map(|axes| sweep(axes));
        let read = |text: &[u8]| {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text);
            Rows::new(&two).read(&reader.records().next().unwrap().unwrap())
        };
        assert!(read(&Rows::new(&two).csv(0, &[RunLine::new(&row(5, None))])).is_some());
        assert!(read(&Rows::new(&three).csv(0, &[RunLine::new(&row(5, None))])).is_none(), "another value");
        for seed in [4, 5 + u64::from(two.seeds)] {
            assert!(read(&Rows::new(&two).csv(0, &[RunLine::new(&row(seed, None))])).is_none(), "the seed {seed}");
        }
        assert!(read(b"\"a, \"\"b\"\"\",2,5,true,0.3\n").is_none(), "half a row");
    }
}
