//! A chart's SVG as a part of a page, on light paper and on dark: one drawing, and what each of its colours is in the dark.

use std::collections::BTreeMap;

/// What colours of a chart on light paper are on dark paper: `#1A1A1A` to `#EEEEEE`.
pub(super) type Colours = BTreeMap<String, String>;

/// What each colour of the first drawing is in the second; none where they differ in more than colours, or a colour becomes
/// two.
pub(super) fn dark_colours(light: &str, dark: &str) -> Option<Colours> {
    const DIGITS: usize = 6;
    const START: &str = "\"#";
    let mut colours = Colours::new();
    let (mut light, mut dark) = (light.split(START), dark.split(START));
    if light.next() != dark.next() {
        return None;
    }
    loop {
        let (from, to) = match (light.next(), dark.next()) {
            (None, None) => return Some(colours),
            (from, to) => (from?, to?),
        };
        let is_colour = |text: &str| text.bytes().take(DIGITS).filter(u8::is_ascii_hexdigit).count() == DIGITS;
        if is_colour(from) && is_colour(to) && from[DIGITS..] == to[DIGITS..] {
            let colour = |text: &str| format!("#{}", &text[..DIGITS]);
            let (from, to) = (colour(from), colour(to));
            if colours.insert(from, to.clone()).is_some_and(|before| before != to) {
                return None;
            }
        } else if from != to {
            return None;
        }
    }
}

/// Style sheet rules by which charts are drawn in their dark colours. A rule for all charts names no chart; one where a
/// chart differs from those before it names its id.
pub(super) fn dark_rules<'a>(charts: impl Iterator<Item = (&'a str, &'a Colours)>) -> String {
    let mut shared = Colours::new();
    let mut rules = String::new();
    for (id, colours) in charts {
        for (from, to) in colours {
            let known = shared.entry(from.clone()).or_insert_with(|| {
                if from != to {
                    rules += &rule(".chart", from, to);
                }
                to.clone()
            });
            if known != to {
                rules += &rule(&format!("#{id}"), from, to);
            }
        }
    }
    format!("@media screen and (prefers-color-scheme: dark) {{\n{rules}}}\n")
}

fn rule(of: &str, from: &str, to: &str) -> String {
    let one = |attribute: &str| format!("  {of} [{attribute}=\"{from}\"] {{ {attribute}: {to}; }}\n");
    ["fill", "stroke"].map(one).concat()
}

/// The SVG with an id, and with it before the names that its parts give each other: two charts in one page may use the
/// same ones. Its size is left to the style sheet, by its `viewBox`.
pub(super) fn inlined(svg: &str, id: &str) -> String {
    let start = svg.find("<svg").unwrap_or(0);
    let (head, rest) = svg[start..].split_once('>').unwrap_or((&svg[start..], ""));
    let attributes = without(&without(head.trim_start_matches("<svg"), "width"), "height");
    let mut rest = rest.trim_end().to_string();
    for before in [" id=\"", "url(#", " href=\"#"] {
        rest = rest.replace(before, &format!("{before}{id}-"));
    }
    format!("<svg id=\"{id}\"{attributes}>{rest}")
}

/// The attributes but one.
fn without(head: &str, name: &str) -> String {
    let start = format!(" {name}=\"");
    let value = head.split_once(&start).and_then(|(_, rest)| rest.split_once('"'));
    value.map_or_else(|| head.into(), |(value, _)| head.replacen(&format!("{start}{value}\""), "", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_and_the_size_is_free() {
        let svg = "<?xml version=\"1.0\"?>\n<svg role=\"img\" width=\"1000\" height=\"70\" viewBox=\"0 0 1000 70\">\n\
                   <defs><pattern id=\"hatch\" width=\"4\"/></defs><rect fill=\"url(#hatch)\" height=\"2\"/>\
                   <use href=\"#hatch\"/></svg>\n";
        let expected = "<svg id=\"c1\" role=\"img\" viewBox=\"0 0 1000 70\">\n<defs><pattern id=\"c1-hatch\" width=\"4\"/></defs>\
                        <rect fill=\"url(#c1-hatch)\" height=\"2\"/><use href=\"#c1-hatch\"/></svg>";
        assert_eq!(inlined(svg, "c1"), expected);
    }

    #[test]
    fn colours_are_what_two_drawings_differ_in() {
        let light = "<a fill=\"#FFFFFF\"/><b stroke=\"#1A1A1A\" fill=\"#E69F00\"/><c fill=\"#FFFFFF\"/>";
        let dark = "<a fill=\"#1A1A1A\"/><b stroke=\"#EEEEEE\" fill=\"#E69F00\"/><c fill=\"#1A1A1A\"/>";
        let pair = |from: &str, to: &str| (String::from(from), String::from(to));
        let orange = || pair("#E69F00", "#E69F00");
        let expected = Colours::from([pair("#FFFFFF", "#1A1A1A"), pair("#1A1A1A", "#EEEEEE"), orange()]);
        assert_eq!(dark_colours(light, dark), Some(expected));
        assert_eq!(dark_colours("<a href=\"#b\"/>", "<a href=\"#b\"/>"), Some(Colours::new()));
        for other in [
            "",
            "<a fill=\"#1A1A1A\"/>",
            // One white becomes black, the other grey.
            "<a fill=\"#1A1A1A\"/><b stroke=\"#1A1A1A\" fill=\"#E69F00\"/><c fill=\"#242424\"/>",
            "<a fill=\"#FFFFFF\"/><b stroke=\"#1A1A1A\" fill=\"#E69F00\"/><d fill=\"#FFFFFF\"/>",
        ] {
            assert_eq!(dark_colours(light, other), None, "{other}");
        }
    }

    #[test]
    fn a_chart_with_colours_of_its_own_has_rules_of_its_own() {
        let colours = |to: &str| Colours::from([("#FFFFFF".to_string(), to.to_string())]);
        let (first, other) = (colours("#000000"), colours("#111111"));
        let rules = dark_rules([("c0", &first), ("c1", &first), ("c2", &other)].into_iter());
        let expected = "@media screen and (prefers-color-scheme: dark) {
  .chart [fill=\"#FFFFFF\"] { fill: #000000; }
  .chart [stroke=\"#FFFFFF\"] { stroke: #000000; }
  #c2 [fill=\"#FFFFFF\"] { fill: #111111; }
  #c2 [stroke=\"#FFFFFF\"] { stroke: #111111; }
}
";
        assert_eq!(rules, expected);
    }
}
