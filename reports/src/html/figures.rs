//! Charts as figures: which section each belongs to, in what order, and what its caption says.

use maud::{Markup, PreEscaped, html};

use super::page::VariantSettings;
use super::svg::{Colours, dark_colours, inlined};

/// A chart for a page, in the colours of light paper and of dark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    name: String,
    svg: String,
    /// What its colours are on dark paper.
    pub(super) colours: Colours,
}

impl Figure {
    /// Of a chart's name, that of its files without their end (`durations`, `tasks-1-one-spare-host`), and its SVG on light
    /// paper and on dark; none where these differ in more than colours. One drawing is kept: a page with two of each chart would
    /// be twice as large.
    pub fn new(name: &str, light: &str, dark: &str) -> Option<Self> {
        Some(Self { name: name.into(), svg: light.into(), colours: dark_colours(light, dark)? })
    }
}

/// The id in the page of the chart at a position.
pub(super) fn id(position: usize) -> String {
    format!("chart-{position}")
}

/// The section that a chart belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Durations,
    Frontier,
    ExtraShort,
    OverTime,
    Gantt,
    Waterfall,
    Tornado,
    Money,
    /// Charts that this file does not know.
    Other,
}

/// The first word of a chart's name, its section, and its caption.
const KINDS: [(&str, Kind, &str); 10] = [
    ("durations", Kind::Durations, "How long a deploy takes, by variant. Each dot is a run with a seed of its own."),
    (
        "frontier",
        Kind::Frontier,
        "What each variant costs a month against how long its deploys take. Those with a number in colour are beaten by none in both.",
    ),
    (
        "extra-short",
        Kind::ExtraShort,
        "Time of tasks above the desired count, which is money, against time of tasks missing, which is risk. The diagonal is \
         the least sum.",
    ),
    ("demand", Kind::OverTime, "What users ask, what the tasks in service can serve, and what fails."),
    ("replicas", Kind::OverTime, "Tasks desired and in service, and hosts."),
    ("tasks", Kind::OverTime, "Tasks in service, starting and draining, against the desired count."),
    (
        "gantt",
        Kind::Gantt,
        "One deploy of the first variant, or of the one that `seatrial explain FILE --variant NAME --out DIR` put there: a lane for each host, a bar for each task, its phases coloured.",
    ),
    (
        "waterfall",
        Kind::Waterfall,
        "What the chain of causes from the request to \"completed\" consists of, added up by kind, of the first variant or of the one that was explained last. The parts are the duration.",
    ),
    (
        "tornado",
        Kind::Tornado,
        "What each setting of the same variant would save or cost, each alone, in the time of a deploy and in dollars a month.",
    ),
    ("money", Kind::Money, "The bill of a month by what it is for."),
];

impl Kind {
    /// The id and the title of its section.
    pub(super) const fn section(self) -> (&'static str, &'static str) {
        match self {
            Self::Durations => ("durations", "How long deploys take"),
            Self::Frontier => ("frontier", "Cost against duration"),
            Self::ExtraShort => ("extra-short", "Money against risk"),
            Self::OverTime => ("over-time", "Capacity and healthy tasks over time"),
            Self::Gantt => ("gantt", "One deploy, host by host"),
            Self::Waterfall => ("waterfall", "Where the time goes"),
            Self::Tornado => ("tornado", "What would change it"),
            Self::Money => ("money", "Where the money goes"),
            Self::Other => ("other-charts", "More charts"),
        }
    }
}

/// Charts of one section that belong together: those of one variant, or one that is about all.
pub(super) struct Group<'a> {
    pub(super) kind: Kind,
    /// The position of the variant, from 1 on.
    variant: Option<usize>,
    charts: Vec<(usize, &'a Figure, &'static str)>,
}

impl<'a> Group<'a> {
    /// All charts, by section and variant.
    pub(super) fn all(charts: &'a [Figure]) -> Vec<Self> {
        let mut groups: Vec<Self> = vec![];
        for (position, chart) in charts.iter().enumerate() {
            let known = KINDS.iter().find_map(|&(word, kind, caption)| {
                let rest = chart.name.strip_prefix(word)?;
                (rest.is_empty() || rest.starts_with('-')).then_some((kind, rest, caption))
            });
            let (kind, rest, caption) = known.unwrap_or((Kind::Other, "", ""));
            let variant = rest.trim_start_matches('-').split('-').next().and_then(|number| number.parse().ok());
            match groups.iter_mut().find(|group| (group.kind, group.variant) == (kind, variant)) {
                Some(group) => group.charts.push((position, chart, caption)),
                None => groups.push(Self { kind, variant, charts: vec![(position, chart, caption)] }),
            }
        }
        groups.sort_by_key(|group| group.variant);
        groups
    }
}

/// The figures of one kind; none where it has none. Where there are several variants, the first one's are to be seen, and the
/// others' at a click.
pub(super) fn markup(groups: &[Group], kind: Kind, variants: &[VariantSettings]) -> Option<Markup> {
    let groups: Vec<&Group> = groups.iter().filter(|group| group.kind == kind).collect();
    let has_several = groups.iter().filter(|group| group.variant.is_some()).count() > 1;
    let name = |group: &Group| Some(&variants.get(group.variant?.checked_sub(1)?)?.name);
    let shown = html! {
        @for (index, group) in groups.iter().enumerate() {
            @match name(group).filter(|_| has_several) {
                Some(name) => {
                    details open[index == 0] {
                        summary { (name) }
                        (figures(&group.charts))
                    }
                }
                None => (figures(&group.charts)),
            }
        }
    };
    (!groups.is_empty()).then_some(shown)
}

fn figures(charts: &[(usize, &Figure, &str)]) -> Markup {
    html! {
        @for (position, chart, caption) in charts {
            figure {
                div.chart { (PreEscaped(inlined(&chart.svg, &id(*position)))) }
                @if !caption.is_empty() { figcaption { (caption) } }
            }
        }
    }
}
