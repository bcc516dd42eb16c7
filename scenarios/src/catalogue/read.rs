//! CSV to instance types. The header decides what a column is; nothing stops at the first problem.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

use csv::{ReaderBuilder, StringRecord, Trim};

use super::{Allocatable, Arch, Catalogue, DatedPrice, Estimate, Instance, YearMonth};
use crate::decode::units::{Wrong, price};
use crate::decode::{nearest, quoted};
use crate::report::{Problem, Report};

/// A column: its name, and another one that lists of instance types have.
#[derive(Clone, Copy)]
struct Column(&'static str, &'static str);

const NAME: Column = Column("instance_type", "");
const VCPU: Column = Column("vcpu", "");
const MEMORY: Column = Column("memory_mib", "");
const PRICE: Column = Column("price_usd_hour", "price_usd_hour_us_east_1");
const DATE: Column = Column("date", "");
const REGISTERED: Column = Column("registered_memory_mib", "");
const INTERFACES: Column = Column("awsvpc_tasks", "ecs_awsvpc_tasks_no_trunk");
const TRUNK: Column = Column("awsvpc_tasks_trunk", "ecs_awsvpc_tasks_trunk_inferred");
const GPUS: Column = Column("gpus", "gpu_count");
const ARCH: Column = Column("arch", "");
const PODS_CPU: Column = Column("k8s_allocatable_cpu", "");
const PODS_MEMORY: Column = Column("k8s_allocatable_memory", "");
const PODS: Column = Column("k8s_max_pods", "");

const ALL: [Column; 13] =
    [NAME, VCPU, MEMORY, PRICE, DATE, REGISTERED, INTERFACES, TRUNK, GPUS, ARCH, PODS_CPU, PODS_MEMORY, PODS];

/// What a host group may have at most, in vCPU (10,000,000 cpu units) and in MiB (64 TiB).
const MOST_VCPU: u32 = 9_765;
const MOST_MIB: u32 = 64 * 1_048_576;

/// More than any host has, of whatever is counted.
const MOST: u32 = 1_000_000;

/// The types that a text has; problems are reported under `name`.
pub(super) fn catalogue(name: &str, text: &str) -> Result<Catalogue, Report> {
    let mut sheet = Sheet::of(text, &[NAME, VCPU, MEMORY, PRICE]);
    let mut catalogue = Catalogue::default();
    let mut positions = BTreeMap::new();
    while let Some(mut row) = sheet.next_row() {
        let Some(name) = row.name() else { continue };
        let empty = row.empty(&[VCPU, MEMORY, PRICE]);
        if !empty.is_empty() {
            catalogue.incomplete.insert(name, empty.join(" and no "));
            continue;
        }
        let Some(instance) = row.instance(name) else { continue };
        match positions.get(&instance.name) {
            None => {
                positions.insert(instance.name.clone(), catalogue.instances.len());
                catalogue.instances.push(instance);
            }
            Some(first) => row.repeats(&mut catalogue.instances[*first], &instance),
        }
    }
    if catalogue.instances.is_empty() && sheet.problems.is_empty() {
        let help = format!("write a row for each type, with {}", listed(&[NAME, VCPU, MEMORY, PRICE]));
        sheet.note(line_at(sheet.text, 0), "", Wrong::new("no row is complete", &help));
    }
    sheet.finish(name)?;
    // A type with a complete row elsewhere is there.
    catalogue.incomplete.retain(|name, _| !positions.contains_key(name));
    Ok(catalogue)
}

/// Names with dated prices; problems are reported under `name`.
pub(super) fn prices(name: &str, text: &str) -> Result<Vec<(String, DatedPrice)>, Report> {
    let mut sheet = Sheet::of(text, &[NAME, DATE, PRICE]);
    let mut prices = Vec::new();
    while let Some(mut row) = sheet.next_row() {
        if let (Some(name), Some(price)) = (row.name(), row.dated_price()) {
            prices.push((name, price));
        }
    }
    sheet.finish(name)?;
    Ok(prices)
}

/// A CSV text that is read row by row, and what is wrong with it so far.
struct Sheet<'t> {
    text: &'t str,
    reader: csv::Reader<&'t [u8]>,
    header: StringRecord,
    /// Whether the rows can be read.
    usable: bool,
    problems: Vec<Problem>,
}

impl<'t> Sheet<'t> {
    /// More than this is not read by anybody.
    const MOST_PROBLEMS: usize = 200;
    /// No table has as many columns; in what comes after them nobody looks for slips of the fingers.
    const MOST_COMPARED: usize = 1_000;

    fn of(text: &'t str, needed: &[Column]) -> Self {
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .comment(Some(b'#'))
            .trim(Trim::All)
            .from_reader(text.as_bytes());
        let mut header = StringRecord::new();
        // It cannot fail: the text is in memory and UTF-8, and rows may have any length.
        let usable = reader.read_record(&mut header).unwrap_or(false);
        let mut sheet = Self { text, reader, header, usable, problems: Vec::new() };
        sheet.check_header(needed);
        sheet
    }

    fn check_header(&mut self, needed: &[Column]) {
        let line = line_at(self.text, 0);
        let help = format!("the first line names the columns, with commas between them: {}", listed(needed));
        if !self.usable {
            return self.note(line, "", Wrong::new("an empty catalogue", &help));
        }
        for name in ALL.iter().flat_map(|column| [column.0, column.1]).filter(|name| !name.is_empty()) {
            let second = self.header.iter().enumerate().filter(|(_, cell)| *cell == name).nth(1);
            if let Some((position, _)) = second {
                let span = cell_at(self.text, line.start, position);
                self.note(span, "", Wrong::new(format!("the column {name} is there twice"), "remove one of them"));
            }
        }
        for column in needed {
            if self.position(*column).is_some() {
                continue;
            }
            let unknown =
                self.header.iter().take(Self::MOST_COMPARED).filter(|cell| !ALL.iter().any(|column| column.is(cell)));
            let help = match nearest(column.0, unknown) {
                Some(near) => format!("rename the column {} if that is it", quoted(near)),
                None => help.clone(),
            };
            self.note(line.clone(), "", Wrong::new(format!("there is no column {}", column.0), &help));
        }
        self.usable = self.problems.is_empty();
    }

    fn position(&self, column: Column) -> Option<usize> {
        let named = |name: &str| !name.is_empty() && self.header.iter().any(|cell| cell == name);
        let name = if named(column.0) { column.0 } else { column.1 };
        self.header.iter().position(|cell| !name.is_empty() && cell == name)
    }

    /// The next row that is not blank and has as many cells as the header.
    fn next_row(&mut self) -> Option<Row<'_, 't>> {
        let mut cells = StringRecord::new();
        while self.usable && self.problems.len() < Self::MOST_PROBLEMS {
            let from = self.reader.position().byte();
            if !self.reader.read_record(&mut cells).unwrap_or(false) {
                break;
            }
            let line = line_at(self.text, usize::try_from(from).unwrap_or(usize::MAX));
            if cells.iter().all(str::is_empty) {
                continue;
            }
            if cells.len() == self.header.len() {
                return Some(Row { start: line.start, path: String::new(), cells, sheet: self });
            }
            let message = format!("{} cells, where the header has {}", cells.len(), self.header.len());
            let help = "leave a cell empty where nothing is known; put one that has commas in quotes";
            self.note(line, "", Wrong::new(message, help));
        }
        None
    }

    fn note(&mut self, span: Range<usize>, path: &str, wrong: Wrong) {
        self.problems.push(Problem::new(span, path, wrong.message, wrong.help));
    }

    fn finish(self, name: &str) -> Result<(), Report> {
        if self.problems.is_empty() { Ok(()) } else { Err(Report::new(name, self.text, self.problems)) }
    }
}

impl Column {
    fn is(self, name: &str) -> bool {
        !name.is_empty() && (name == self.0 || name == self.1)
    }
}

/// A row, and where it is.
struct Row<'s, 't> {
    /// In bytes.
    start: usize,
    /// The type's name where it is known.
    path: String,
    cells: StringRecord,
    sheet: &'s mut Sheet<'t>,
}

impl Row<'_, '_> {
    /// The text of a cell; none where it is empty or where there is no such column.
    fn text(&self, column: Column) -> Option<&str> {
        self.cells.get(self.sheet.position(column)?).filter(|text| !text.is_empty())
    }

    /// The names of those columns that are empty.
    fn empty(&self, columns: &[Column]) -> Vec<&'static str> {
        columns.iter().filter(|column| self.text(**column).is_none()).map(|column| column.0).collect()
    }

    /// Notes what is wrong with a cell, and gives nothing.
    fn wrong<T>(&mut self, column: Column, wrong: Wrong) -> Option<T> {
        let position = self.sheet.position(column).unwrap_or(0);
        let span = cell_at(self.sheet.text, self.start, position);
        let dot = if self.path.is_empty() { "" } else { "." };
        let path = format!("{}{dot}{}", self.path, self.sheet.header.get(position).unwrap_or(column.0));
        self.sheet.note(span, &path, wrong);
        None
    }

    /// Reads a cell that is not empty.
    fn read<T>(&mut self, column: Column, read: impl FnOnce(&str) -> Result<T, Wrong>) -> Option<T> {
        match read(self.text(column)?) {
            Ok(value) => Some(value),
            Err(wrong) => self.wrong(column, wrong),
        }
    }

    fn number(&mut self, column: Column, range: RangeInclusive<u32>) -> Option<u32> {
        self.read(column, |text| whole(text, &range))
    }

    /// The name, which every row has.
    fn name(&mut self) -> Option<String> {
        const LONGEST: usize = 255;
        const HELP: &str = "a name has 1 to 255 letters, digits, '.', '-' and '_'";
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        let name = match self.text(NAME) {
            None => return self.wrong(NAME, Wrong::new("a row without a name", HELP)),
            Some(name) if name.len() <= LONGEST && name.chars().all(plain) => name.to_string(),
            Some(name) => return self.wrong(NAME, Wrong::new(format!("{} is not a name", quoted(name)), HELP)),
        };
        self.path.clone_from(&name);
        Some(name)
    }

    fn dated_price(&mut self) -> Option<DatedPrice> {
        let date = self.read(DATE, YearMonth::read);
        let price = self.read(PRICE, price)?;
        Some(DatedPrice { date, price })
    }

    /// A type; nothing where what it needs is wrong. What else is wrong is noted.
    fn instance(&mut self, name: String) -> Option<Instance> {
        let vcpu = self.number(VCPU, 1..=MOST_VCPU);
        let memory_mib = self.number(MEMORY, 1..=MOST_MIB);
        let price = self.dated_price();
        let registered = self.number(REGISTERED, 1..=memory_mib.unwrap_or(MOST_MIB));
        let interfaces = self.number(INTERFACES, 0..=MOST);
        let trunk_interfaces = self.number(TRUNK, 0..=MOST).filter(|trunk| Some(*trunk) > interfaces);
        let gpus = self.number(GPUS, 0..=MOST).unwrap_or(0);
        let arch = self.read(ARCH, arch);
        let kubernetes = self.kubernetes();
        let memory_mib = memory_mib?;
        let estimate = Estimate::of(&name);
        Some(Instance {
            vcpu: vcpu?,
            memory_mib,
            registered_memory_mib: registered.unwrap_or_else(|| estimate.registered(memory_mib)),
            registered_estimate: if registered.is_none() { Some(estimate) } else { None },
            interfaces,
            trunk_interfaces,
            gpus,
            arch,
            kubernetes,
            prices: vec![price?],
            name,
        })
    }

    fn kubernetes(&mut self) -> Option<Allocatable> {
        let cpu_millis = self.read(PODS_CPU, millicores);
        let memory_mib = self.read(PODS_MEMORY, mebibytes);
        let max_pods = self.number(PODS, 0..=MOST);
        Some(Allocatable { cpu_millis: cpu_millis?, memory_mib: memory_mib?, max_pods: max_pods? })
    }

    /// Adds the price of a row whose type was there before.
    fn repeats(&mut self, first: &mut Instance, again: &Instance) {
        const HELP: &str = "a type has one row, and one more for each price of another date";
        let prices = again.prices.iter().filter(|price| !first.prices.iter().any(|other| other.date == price.date));
        let prices: Vec<_> = prices.copied().collect();
        if prices.is_empty() {
            self.wrong::<()>(NAME, Wrong::new(format!("{} is there twice", again.name), HELP));
        } else if (first.vcpu, first.memory_mib) != (again.vcpu, again.memory_mib) {
            let message = format!("{} vCPU and {} MiB in an earlier row of it", first.vcpu, first.memory_mib);
            self.wrong::<()>(NAME, Wrong::new(message, HELP));
        } else {
            first.prices.extend(prices);
            first.prices.sort_unstable();
        }
    }
}

/// A whole number in a range.
fn whole(text: &str, range: &RangeInclusive<u32>) -> Result<u32, Wrong> {
    let whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| whole && range.contains(number)).ok_or_else(|| {
        let what = if whole { "out of bounds" } else { "not a whole number" };
        let help = format!("write a whole number from {} to {}", range.start(), range.end());
        Wrong::new(format!("{} is {what}", quoted(text)), &help)
    })
}

fn arch(text: &str) -> Result<Arch, Wrong> {
    match text {
        "amd64" | "x86_64" => Ok(Arch::Amd64),
        "arm64" | "aarch64" => Ok(Arch::Arm64),
        _ => Err(Wrong::new(format!("there is no {}", quoted(text)), "there are: amd64, arm64")),
    }
}

/// A quantity of cpu as Kubernetes writes it: `7910m`, or whole cores.
fn millicores(text: &str) -> Result<u32, Wrong> {
    let (number, factor) = text.strip_suffix('m').map_or((text, 1_000), |number| (number, 1));
    quantity(text, number, factor, "write thousandths of a core, 7910m, or whole cores, 8")
}

/// A quantity of memory as Kubernetes writes it: `14103Mi`, `14Gi`.
fn mebibytes(text: &str) -> Result<u32, Wrong> {
    let gibibytes = text.strip_suffix("Gi").map(|number| (number, 1_024));
    let (number, factor) = gibibytes.or(text.strip_suffix("Mi").map(|number| (number, 1))).unwrap_or(("", 1));
    quantity(text, number, factor, "write MiB or GiB: 14103Mi, 14Gi")
}

fn quantity(text: &str, number: &str, factor: u32, help: &str) -> Result<u32, Wrong> {
    let number = whole(number, &(0..=MOST_MIB)).ok().and_then(|number| number.checked_mul(factor));
    number.ok_or_else(|| Wrong::new(format!("{} is not a quantity", quoted(text)), help))
}

fn listed(columns: &[Column]) -> String {
    columns.iter().map(|column| column.0).collect::<Vec<_>>().join(", ")
}

/// The first line from a place on that is neither blank nor a comment. The reader's places are before what it skips.
fn line_at(text: &str, from: usize) -> Range<usize> {
    let mut start = from.min(text.len());
    loop {
        let rest = &text[start..];
        let length = rest.find('\n').unwrap_or(rest.len());
        let line = &rest[..length];
        let skipped = line.is_empty() || line == "\r" || line.starts_with('#');
        if !skipped || start + length == text.len() {
            return start..start + line.trim_end().len();
        }
        start += length + 1;
    }
}

/// A cell of the row that begins at a place.
fn cell_at(text: &str, start: usize, position: usize) -> Range<usize> {
    // A quote opens a cell at its beginning only; a second one behind one that closed it is part of the cell.
    let (mut quoted, mut before) = (false, ',');
    let mut ends = text[start..].char_indices().filter(|(_, c)| {
        quoted = if *c == '"' { !quoted && matches!(before, ',' | '"') } else { quoted };
        before = *c;
        !quoted && matches!(c, ',' | '\n' | '\r')
    });
    let from = if position == 0 { Some(0) } else { ends.nth(position - 1).map(|(at, _)| at + 1) };
    let from = start + from.unwrap_or(0);
    let to = ends.next().map_or(text.len(), |(at, _)| start + at);
    let cell = &text[from..to.max(from)];
    let from = from + (cell.len() - cell.trim_start().len());
    from..from + cell.trim().len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cell_is_found_where_it_is() {
        let text = "a, b ,\"c,d\",\"e\"\"f\", \"g\",\r\n\"h\ni\",j";
        let row = ["a", "b", "\"c,d\"", "\"e\"\"f\"", "\"g\"", ""];
        for (position, cell) in row.into_iter().enumerate() {
            assert_eq!(&text[cell_at(text, 0, position)], cell);
        }
        let second = line_at(text, text.find('\n').unwrap()).start;
        assert_eq!(&text[cell_at(text, second, 0)], "\"h\ni\"");
        assert_eq!(&text[cell_at(text, second, 1)], "j");
    }

    proptest! {
        /// Whatever the writer had to put in quotes.
        #[test]
        fn cells_are_found_as_they_were_written(cells in proptest::collection::vec("[a,\"\u{e9}\r\n]{0,4}", 1..6)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(&cells).unwrap();
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            for (position, cell) in cells.iter().enumerate() {
                let found = &text[cell_at(&text, 0, position)];
                let inner = found.strip_prefix('"').and_then(|found| found.strip_suffix('"')).unwrap_or(found);
                prop_assert_eq!(&inner.replace("\"\"", "\""), cell, "{}", text);
            }
        }
    }
}
