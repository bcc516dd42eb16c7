//! By what number a cell is sorted: the one that its reader sees, in the unit that all cells of its kind share.

/// The first number of a cell with its units, as a number that scripts read: seconds for durations, `Infinity` for what is
/// longer than all others; none for a cell that has no number.
pub(super) fn sort_key(cell: &str) -> Option<String> {
    if cell.starts_with("> ") || cell == "saturated" {
        return Some("Infinity".into());
    }
    let cell = cell.strip_prefix("< ").unwrap_or(cell);
    let mut words = cell.split(' ').map(measured);
    let (mut sum, unit) = words.next()??;
    // `1m 05s`: the smaller units that follow belong to it.
    let mut last = unit;
    if unit.is_duration {
        for (value, unit) in words.map_while(|word| word).take_while(|(_, unit)| unit.is_duration) {
            if unit.size >= last.size {
                break;
            }
            sum += value;
            last = unit;
        }
    }
    Some(sum.to_string())
}

#[derive(Clone, Copy)]
struct Unit {
    size: f64,
    is_duration: bool,
}

/// A number with its unit: `4m`, `1,234`, `1.2M`, `-78.6`.
fn measured(word: &str) -> Option<(f64, Unit)> {
    let word = word.trim_end_matches(',').replace(',', "");
    let end = word.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(word.len());
    let (number, unit) = word.split_at(end);
    let (size, is_duration) = match unit {
        "" => (1.0, false),
        "M" => (1e6, false),
        "G" => (1e9, false),
        "ms" => (1e-3, true),
        "s" => (1.0, true),
        "m" => (60.0, true),
        "h" => (3_600.0, true),
        "d" => (86_400.0, true),
        _ => return None,
    };
    Some((number.parse::<f64>().ok()? * size, Unit { size, is_duration }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use seatrial_sim::traffic::Quantile;

    use super::*;
    use crate::wording;

    fn key(cell: &str) -> Option<f64> {
        sort_key(cell).map(|key| if key == "Infinity" { f64::INFINITY } else { key.parse().unwrap() })
    }

    #[test]
    fn cells_are_sorted_by_their_first_number() {
        let table = [
            ("4m 17s", Some(257.0)),
            ("55.0s", Some(55.0)),
            ("3h 00m", Some(10_800.0)),
            ("> 3h 00m", Some(f64::INFINITY)),
            ("saturated", Some(f64::INFINITY)),
            ("0.4ms", Some(0.000_4)),
            ("1,234", Some(1_234.0)),
            ("1.2M", Some(1_200_000.0)),
            ("1,234G", Some(1.234e12)),
            ("-78.6 % [-78.6, -78.6]  faster", Some(-78.6)),
            ("+16.9 % [+16.2, +17.6]  slower", Some(16.9)),
            ("-2.0 s", Some(-2.0)),
            ("< 0.001 %", Some(0.001)),
            ("2, 0", Some(2.0)),
            ("100 %", Some(100.0)),
            ("-", None),
            ("no seed finished in both", None),
            ("cut off", None),
            ("", None),
        ];
        for (cell, expected) in table {
            let near = match (key(cell), expected) {
                (Some(key), Some(expected)) if expected.is_finite() => (key - expected).abs() <= 1e-9 * expected.abs(),
                (key, expected) => key == expected,
            };
            assert!(near, "{cell}: {:?}", key(cell));
        }
    }

    proptest! {
        /// Whatever is larger never comes before: rounding makes ties, and no more.
        #[test]
        fn the_order_of_cells_is_that_of_their_values(small in 0.0..1e9_f64, factor in 1.0..1_000.0_f64) {
            let large = small * factor;
            let texts: [fn(f64) -> String; 5] = [
                |v| wording::duration(v / 1_000.0),
                wording::count,
                wording::small_percent,
                wording::cents,
                |v| wording::latency(Quantile::Seconds(v / 1_000.0)),
            ];
            for text in texts {
                let [a, b] = [small, large].map(text);
                let [Some(low), Some(high)] = [&a, &b].map(|text| key(text)) else { panic!("{a} or {b} has no number") };
                prop_assert!(low <= high, "{a} ({low}) before {b} ({high})");
            }
        }
    }
}
