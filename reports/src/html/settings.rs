//! What was run: each variant's settings, the systems' parameters with their sources, the scenario, and the command.

use maud::{Markup, html};

use super::page::{Origin, Page, System, VariantSettings};

/// What the variants set, and what they have where they set nothing.
pub(super) fn markup(page: &Page) -> Markup {
    html! {
        div.scroll role="group" aria-label="What each variant sets" tabindex="0" {
            table {
                caption { "What each variant sets over the scenario's own values" }
                thead { tr { th.text scope="col" { "variant" } th.text scope="col" { "sets" } } }
                tbody { @for variant in &page.variants { (sets(variant)) } }
            }
        }
        details {
            summary { "The scenario, with the sources of its numbers in comments" }
            pre tabindex="0" { code { (page.scenario) } }
        }
        @for system in page.systems.iter().filter(|system| !system.parameters.is_empty()) { (parameters(system)) }
    }
}

fn sets(variant: &VariantSettings) -> Markup {
    html! {
        tr {
            th.text scope="row" { (variant.name) }
            td.text {
                @if variant.set.is_empty() { "nothing" }
                @for (path, value) in &variant.set { code { (path) " = " (value) } }
            }
        }
    }
}

/// The parameters of a system or of one of its strategies, as `seatrial list orchestrators` has them.
fn parameters(system: &System) -> Markup {
    html! {
        details {
            summary { (system.title) }
            div.scroll role="group" aria-label=(system.title) tabindex="0" {
                table.parameters {
                    caption { "Defaults, which a scenario may set" }
                    thead { tr { @for head in ["parameter", "default", "meaning", "source"] { th.text scope="col" { (head) } } } }
                    tbody {
                        @for parameter in &system.parameters {
                            tr {
                                th.text scope="row" { code { (parameter.name) } }
                                td.text { code { (parameter.default) } }
                                td.text { (parameter.meaning) }
                                td.text { (parameter.source) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Version, seeds and command.
pub(super) fn origin(origin: &Origin) -> Markup {
    html! {
        dl {
            dt { "Version" }
            dd { (origin.version) }
            dt { "Seeds" }
            dd { (origin.seeds) }
            dt { "Command" }
            dd { code { (origin.command) } }
        }
        p.note { "The same version, scenario and seeds give the same numbers, whatever the number of threads." }
    }
}
