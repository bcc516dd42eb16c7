//! One self-contained HTML file: what a run says, its charts, and what it was run from.
//!
//! [`Page`] is what the file says in words, and can be kept in a file of its own; the charts come beside it. The same page
//! and charts give the same bytes. The file asks for nothing over the network, and is readable without its script.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
// Maud: markup that the compiler checks and that escapes all text, of a few small crates and no template files.
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use figures::{Group, Kind};

pub use figures::Figure;
pub use page::{Origin, Page, Parameter, System, VariantSettings};

mod figures;
mod page;
mod settings;
mod sort_key;
mod svg;
mod tables;

#[cfg(test)]
mod tests;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A part of the page with a heading of the second rank.
struct Section {
    id: &'static str,
    title: &'static str,
    body: Markup,
}

/// The file's text.
pub fn render(page: &Page, charts: &[Figure]) -> String {
    let sections = sections(page, charts);
    let ids: Vec<String> = (0..charts.len()).map(figures::id).collect();
    let colours = ids.iter().map(String::as_str).zip(charts.iter().map(|chart| &chart.colours));
    let style = format!("{STYLE}{}", svg::dark_rules(colours));
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(&style));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(page.origin.version);
                title { (page.question) }
                style { (PreEscaped(&style)) }
            }
            body {
                a.skip href="#answer" { "Skip to the answer" }
                header {
                    p.file { (page.file) }
                    h1 { (page.question) }
                    p.setting { (page.setting) }
                }
                nav aria-label="Contents" {
                    ul {
                        @for section in &sections { li { a href={ "#" (section.id) } { (section.title) } } }
                    }
                }
                main {
                    section #answer aria-label="The answer" { p { (page.answer) } }
                    p.hint #hint hidden {
                        "Point at a chart for its values, or focus it and use the arrow keys. Click a column's head to sort."
                    }
                    @for section in &sections {
                        section id=(section.id) aria-labelledby={ (section.id) "-title" } {
                            h2 id={ (section.id) "-title" } { (section.title) }
                            (section.body)
                        }
                    }
                }
                footer { p { "Written by " (page.origin.version) "." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    document.into_string() + "\n"
}

/// What the file may load: its own style and script, by their hashes, and nothing else, from nowhere.
fn policy(style: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    let (style, script) = (hash(style), hash(SCRIPT));
    format!("default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'")
}

/// The parts in their order; one without anything to show is not there.
fn sections(page: &Page, charts: &[Figure]) -> Vec<Section> {
    let figures = Group::all(charts);
    let chart = |kind: Kind| figures::markup(&figures, kind, &page.variants);
    let comparison = html! {
        (tables::table(&page.comparison))
        (tables::notes(&page.notes))
    };
    let money = html! {
        @if let Some(bill) = &page.bill { (tables::table(bill)) }
        @if let Some(charts) = chart(Kind::Money) { (charts) }
    };
    let felt = page.felt.as_ref().map(tables::table);
    let has_money = page.bill.is_some() || figures.iter().any(|group| group.kind == Kind::Money);
    let of_charts = |kind: Kind, charts: Option<Markup>| {
        let (id, title) = kind.section();
        charts.map(|body| Section { id, title, body })
    };
    let before_money = [
        Kind::Durations,
        Kind::Frontier,
        Kind::ExtraShort,
        Kind::OverTime,
        Kind::Gantt,
        Kind::Waterfall,
        Kind::Tornado,
    ];
    let mut sections = vec![Section { id: "comparison", title: "The variants compared", body: comparison }];
    sections.extend(before_money.into_iter().filter_map(|kind| of_charts(kind, chart(kind))));
    if has_money {
        let (id, title) = Kind::Money.section();
        sections.push(Section { id, title, body: money });
    }
    sections.extend(felt.map(|body| Section { id: "users", title: "What users feel", body }));
    sections.extend(of_charts(Kind::Other, chart(Kind::Other)));
    sections.push(Section { id: "settings", title: "Settings and their sources", body: settings::markup(page) });
    sections.push(Section { id: "origin", title: "How to get this again", body: settings::origin(&page.origin) });
    sections
}
