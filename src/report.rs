//! `seatrial report`: one page of a run, from its results or from the folder that keeps them.

use std::fs;
use std::process::ExitCode;

use seatrial_reports::charts::{Chart, Theme};
use seatrial_reports::html::{self, Figure, Origin, Page, VariantSettings};
use seatrial_reports::statistics::Comparison;
use seatrial_scenarios::results::Results;
use seatrial_scenarios::{Scenario, shell_word};

use crate::Exit;
use crate::chart_files;
use crate::cli::Report;
use crate::list;
use crate::run::{Failure, print, write};

/// The file of a folder that holds what its report says in words.
pub const PAGE: &str = "report.json";

/// Runs the verb.
pub fn report(arguments: &Report) -> Result<ExitCode, Failure> {
    let kept = arguments.folder.join(PAGE);
    let unread = |reason: &str| -> Failure {
        let remedy = "`seatrial run FILE --out DIR` writes what `seatrial report DIR` needs";
        format!("error: cannot read {}: {reason}\n  = help: {remedy}", kept.display()).into()
    };
    let text = fs::read_to_string(&kept).map_err(|error| unread(&error.to_string()))?;
    let page = Page::from_json(&text).map_err(|reason| unread(&reason))?;
    let figures = chart_files::read(&arguments.folder)?;
    let file = arguments.folder.join("report.html");
    write(&file, html::render(&page, &figures).as_bytes())?;
    print(&format!("{}\n", file.display()))?;
    Ok(Exit::Answered.into())
}

/// The page of results, as [`report`] reads it from a folder.
pub fn page(scenario: &Scenario, results: &Results, comparison: &Comparison) -> Page {
    let variant = |(position, variant): (usize, &seatrial_scenarios::Variant)| VariantSettings {
        name: variant.name.clone(),
        set: scenario.changes(position).into_iter().map(|setting| (setting.path, setting.value)).collect(),
    };
    let variants = scenario.variants.iter().enumerate().map(variant).collect();
    let systems = list::parameters_of(&scenario.orchestrators);
    Page::new(comparison, variants, systems, &scenario.text, origin(scenario, results))
}

/// The page with its charts, as the text of a file.
pub fn html(page: &Page, charts: &[(String, Chart)]) -> Result<String, Failure> {
    let figure = |(name, chart): &(String, Chart)| -> Result<Figure, Failure> {
        let figure = Figure::new(name, &chart.svg(Theme::Light)?, &chart.svg(Theme::Dark)?);
        Ok(figure.expect("a chart differs in nothing but colours on dark paper"))
    };
    let figures: Vec<Figure> = charts.iter().map(figure).collect::<Result<_, _>>()?;
    Ok(html::render(page, &figures))
}

/// What gives these results again. An interrupted run has fewer seeds than were asked for.
fn origin(scenario: &Scenario, results: &Results) -> Origin {
    let rows = &results.variants[0].rows;
    let [first, last] = [rows.first(), rows.last()].map(|row| row.map_or(scenario.first_seed, |row| row.seed));
    let file = if scenario.name == "standard input" { "-".into() } else { shell_word(&scenario.name) };
    Origin {
        version: concat!("seatrial ", env!("CARGO_PKG_VERSION")).into(),
        seeds: match rows.len() {
            1 => format!("1: {first}"),
            count => format!("{count}: {first} to {last}"),
        },
        command: format!("seatrial run {file} --seeds {} --seed {first} --report report.html", rows.len()),
    }
}
