//! The page as text: what is in it, in what order, and that nothing in it is taken for markup.

use seatrial_sim::traffic::Loss;

use super::*;
use crate::charts::{self, Chart, Theme};
use crate::examples::{comparison, results, spread, variant, with_users, without_deploy};
use crate::statistics::Comparison;

fn origin() -> Origin {
    Origin {
        version: "seatrial 1.2.3".into(),
        seeds: "200: 1 to 200".into(),
        command: "seatrial run web.toml --seeds 200 --seed 1 --report report.html".into(),
    }
}

fn page_of(comparison: &Comparison) -> Page {
    let set =
        |name: &String| VariantSettings { name: name.clone(), set: vec![("host_group.m5.hosts".into(), "10".into())] };
    let variants = comparison.variants.iter().map(|variant| set(&variant.name)).collect();
    let tick = Parameter {
        name: "tick".into(),
        default: "\"10s\"".into(),
        meaning: "how often it looks".into(),
        source: "public event logs".into(),
    };
    let systems = vec![System { title: "ecs: Amazon ECS".into(), parameters: vec![tick] }];
    Page::new(comparison, variants, systems, "question = \"?\"", origin())
}

fn figure(name: &str, chart: &Chart) -> Figure {
    let [light, dark] = Theme::ALL.map(|theme| chart.svg(theme).unwrap());
    Figure::new(name, &light, &dark).expect("the same drawing in other colours")
}

/// A drawing of nothing.
fn empty(name: &str) -> Figure {
    Figure::new(name, "<svg viewBox=\"0 0 1 1\"></svg>", "<svg viewBox=\"0 0 1 1\"></svg>").unwrap()
}

/// What stands between each `start` and the `end` after it.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start).skip(1).map(|rest| rest.split(end).next().unwrap_or_default()).collect()
}

#[test]
fn sections_are_there_with_their_charts_and_in_order() {
    let names =
        ["tornado", "money", "tasks-2-b", "tasks-1-a", "demand-1-a", "gantt-1", "heat", "frontier", "durations"];
    let figures: Vec<Figure> = names.map(empty).into_iter().chain([empty("waterfall"), empty("extra-short")]).collect();
    let users = results(vec![with_users("a", &[(Loss::Cut, 3)]), with_users("b", &[])]);
    let text = render(&page_of(&Comparison::new(&users)), &figures);
    let expected = [
        "comparison",
        "durations",
        "frontier",
        "extra-short",
        "over-time",
        "gantt",
        "waterfall",
        "tornado",
        "money",
        "users",
        "other-charts",
        "settings",
        "origin",
    ];
    assert_eq!(between(&text, "<section id=\"", "\"")[1..], expected);
    assert_eq!(between(&text, "<li><a href=\"#", "\""), expected);
    assert_eq!(text.matches("<figure>").count(), figures.len(), "each chart once");
    assert_eq!(between(&text, "<summary>", "</summary>")[..2], ["a", "b"], "charts of variants under their names");
    assert_eq!(text.matches("<details open>").count(), 1);
    // In the order of the files: the first variant's demand and tasks are the charts 3 and 4.
    assert_eq!(between(&text, "<svg id=\"chart-", "\"")[3..6], ["3", "4", "2"]);

    let bare = render(&page_of(&Comparison::new(&results(vec![without_deploy(variant("a", &[None]))]))), &[]);
    assert_eq!(between(&bare, "<section id=\"", "\"")[1..], ["comparison", "money", "settings", "origin"]);
    assert_eq!((text.matches("<h1>").count(), bare.matches("<figure").count()), (1, 0));
}

/// Names with quotes, tags and ends of style sheets, wherever a scenario may have them.
#[test]
fn text_of_scenarios_is_text() {
    let nasty = "<script>alert(1)</script></style><b onmouseover='x'>\"&amp;\u{7}";
    let mut made_up = results(vec![variant(nasty, &[Some(1.0)]), variant("b", &[Some(2.0)])]);
    made_up.question = nasty.into();
    made_up.scenario = format!("{nasty}.toml");
    made_up.system = nasty.into();
    for row in &mut made_up.variants[1].rows {
        row.summary.deploy_s = None;
        row.summary.blocked = vec![nasty.into()];
    }
    let comparison = Comparison::new(&made_up);
    let variants = vec![VariantSettings { name: nasty.into(), set: vec![(nasty.into(), nasty.into())] }];
    let parameter =
        Parameter { name: nasty.into(), default: nasty.into(), meaning: nasty.into(), source: nasty.into() };
    let systems = vec![System { title: nasty.into(), parameters: vec![parameter] }];
    let origin = Origin { version: nasty.into(), seeds: nasty.into(), command: nasty.into() };
    let page = Page::new(&comparison, variants, systems, nasty, origin);
    let figures = [figure("durations", &charts::durations(&made_up)), figure("money", &charts::money(&comparison))];
    let text = render(&page, &figures);
    // One style sheet and one script, ours, and no tag of the scenario's.
    for (tag, count) in [("<style", 1), ("</style", 1), ("<script", 1), ("</script", 1), ("<b ", 0), ("<b>", 0)] {
        assert_eq!(text.matches(tag).count(), count, "{tag}");
    }
    assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    for tag in between(&text, "<", ">") {
        let outside_quotes: String = tag.split('"').step_by(2).collect();
        assert!(!outside_quotes.contains("onmouseover") && !outside_quotes.contains("alert"), "{tag}");
    }
}

#[test]
fn the_page_asks_for_nothing_and_runs_nothing_but_its_own_script() {
    let text = render(&page_of(&comparison()), &[figure("money", &charts::money(&comparison()))]);
    assert!(text.starts_with("<!DOCTYPE html><html lang=\"en\">"));
    for word in ["src=", "href=\"http", "url(http", "@import", "<link", "<img", " on"] {
        let found = between(&text, "<", ">").into_iter().find(|tag| tag.contains(word));
        assert_eq!(found, None, "{word}");
    }
    let policy = between(&text, "http-equiv=\"Content-Security-Policy\" content=\"", "\"")[0];
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    // The hash of the style sheet as it stands in the file; browsers take the text between the tags.
    let style = between(&text, "<style>", "</style>")[0];
    let hash = BASE64_STANDARD.encode(Sha256::digest(style));
    assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "{policy}");
}

#[test]
fn a_page_that_was_kept_is_the_same_page() {
    for comparison in [comparison(), Comparison::new(&results(vec![without_deploy(variant("a", &[None]))]))] {
        let page = page_of(&comparison);
        assert_eq!(Page::from_json(&page.to_json()), Ok(page));
    }
    let text = page_of(&comparison()).to_json();
    for (kept, said) in [
        ("{", "EOF"),
        ("{}", "it has no schema_version"),
        ("[1]", "it has no schema_version"),
        ("{\"schema_version\": 1}", "missing field"),
        (&text.replace("\"schema_version\": 1", "\"schema_version\": 9"), "its schema_version is 9"),
        (&text.replace("\"answer\"", "\"reply\""), "unknown field `reply`"),
    ] {
        let error = Page::from_json(kept).unwrap_err();
        assert!(error.contains(said), "{said}: {error}");
    }
}

/// Numbers are sorted as numbers, unfinished ones last: the first variant takes 252 s, the last does not end.
#[test]
fn cells_have_their_numbers() {
    let text = render(&page_of(&comparison()), &[]);
    let durations = results(vec![variant("a", &spread(252.0, 0.05, 200))]);
    assert_eq!(Comparison::new(&durations).variants[0].deploy_s.p50.map(f64::round), Some(252.0));
    assert!(text.contains("data-sort=\"252\">4m 12s</td>"), "4 x 60 + 12");
    assert!(text.contains("data-sort=\"Infinity\">&gt; 3h 00m</td>"));
    assert!(text.contains("class=\"text faster\" data-sort=\"-79.4\">"));
}
