//! The library's scenarios with users: what their comments claim follows from arithmetic by hand.

use super::*;

#[test]
fn drain_or_cut() {
    let answers = answers("drain-or-cut.toml");
    // 20 s are over within both delays.
    for variant in ["uploads, 300 s", "uploads, 30 s"] {
        answers.assert_each(variant, "failed", failed, 0.0, 1e-6);
    }
    // 15 s of 50 a second, of which up to 8 new tasks got up to a half before the 8 old ones left.
    answers.assert_each("uploads, 5 s", "failed", failed, 374.9, 750.0);
    // 1,000 under way, exp(-D / mean) of which outlive a delay of D. New tasks take up to a half for some three ticks before:
    // half of 30 s of 1,800 s is less than one in a hundred.
    for (delay, seconds) in [("300 s", 300.0), ("30 s", 30.0), ("5 s", 5.0), ("1 h", 3_600.0)] {
        let cut = 1_000.0 * (-seconds / 1_800.0_f64).exp();
        answers.assert_each(&format!("websockets, {delay}"), "failed", failed, 0.99 * cut, cut);
    }
    // The delay is all that differs, rounded up to looks at both ends.
    for kind in ["uploads", "websockets"] {
        let more = answers.mean_s(&format!("{kind}, 300 s")) - answers.mean_s(&format!("{kind}, 30 s"));
        assert!((270.0 - 2.0 * TICK..=270.0 + 2.0 * TICK).contains(&more), "{kind}: {more} s more");
    }
}

#[test]
fn hpa_ratchet() {
    let answers = answers("hpa-ratchet.toml");
    let actions = |row: &Summary| f64::from(row.scaling_actions);
    // The load is that of 100 pods at the target.
    for variant in ["today", "before 1.16, no surge", "today, hosts come"] {
        answers.assert_each(variant, "scaled", actions, 0.0, 0.0);
    }
    // To 125, beyond that, and back.
    for variant in ["before 1.16", "before 1.16, hosts come"] {
        answers.assert_each(variant, "scaled", actions, 2.0, 10.0);
        answers.assert_each(variant, "reversed", |row| row.scaling_reversals.into(), 1.0, 3.0);
    }
    // 100 in service of 125 wanted are 80 %, one more 81 %. Without a surge 25 are missing; with one and with today's HPA none.
    for (variant, low, high) in
        [("today", 100.0, 100.0), ("before 1.16", 0.0, 81.0), ("before 1.16, no surge", 75.0, 75.0)]
    {
        answers.assert_each(variant, "lowest", |row| row.lowest_healthy_percent, low, high);
    }
    // A rollout of a quarter more pods, a quarter at a time, is one more start of 60 to 90 s.
    let longer = answers.mean_s("before 1.16") - answers.mean_s("today");
    assert!((60.0..=150.0).contains(&longer), "{longer} s longer");
    // 25 pods more are nine hosts more, for ten minutes at least.
    let more = answers.mean("before 1.16, hosts come", |row| row.bill_usd)
        - answers.mean("today, hosts come", |row| row.bill_usd);
    assert!(more > 8.0 * 0.096 * 10.0 / 60.0, "${more}");
}

#[test]
fn replacement_storm() {
    let answers = answers("replacement-storm.toml");
    // Two tasks serve 50 of 103 a second for 1,740 s; for 60 s each of them has requests that wait and are not lost yet.
    let overload = 53.0 * 1_740.0 - 2.0 * 25.0 * 60.0;
    answers.assert_each("nothing is replaced", "failed", failed, overload - 1.0, overload + 1.0);
    // A task that is stopped first works off what waits there while it drains, for 30 s, and the next one is up before: it is about
    // what the overload takes. Where the next one waits until it is gone, it is missing.
    for stop_first in ["stop first, eager", "stop first, patient"] {
        let failed = answers.failed(stop_first);
        assert!((failed / overload - 1.0).abs() < 0.05, "{stop_first}: {failed} of {overload}");
    }
    assert!(answers.failed("maximum 100 %, eager") > 1.1 * overload);
    // Two to four tasks serve more than two, and more often where more is replaced.
    let (busy, patient) = (answers.failed("start first, eager"), answers.failed("start first, patient"));
    assert!(busy < patient && patient < overload, "{busy}, {patient} of {overload}");
    // Three to six are more than 103 a second now and then; five are so always.
    assert!(answers.failed("a task more") < busy);
    answers.assert_each("three tasks more", "failed", failed, 0.0, 0.0);
    // Two tasks that are 100 % busy ask for four, and four for seven: 175 a second, at most two alarms of 5 min and a start later.
    let at_most = 53.0 * (2.0 * 300.0 + 60.0);
    let tracked = answers.failed("target tracking");
    assert!(tracked < at_most && tracked < busy, "{tracked} of {at_most}");
    answers.assert_each("target tracking", "scaled", |row| row.scaling_actions.into(), 1.0, 10.0);
}

#[test]
fn scale_out_race() {
    let answers = answers("scale-out-race.toml");
    answers.assert_each("schedule", "failed", failed, 0.0, 0.0);
    // 130 a second are too many for two tasks, where 3,000 wait: for two whole datapoints and a minute of delay at least. Twelve
    // come at once when the third datapoint is late and a task starts slowly: 5 min and 1.
    let (least, most) = (130.0 * 180.0 - 3_000.0, 130.0 * 360.0);
    answers.assert_each("target tracking, requests", "failed", failed, least, most);
    answers.assert_each("target tracking, cpu", "failed", failed, least, f64::INFINITY);
    // A task every 5 min until there are eight: 105, 80, 55, 30 and 5 a second too many, 130 for 7 min at most; and at each
    // 1,500 wait.
    let by_fives = 300.0 * (105.0 + 80.0 + 55.0 + 30.0 + 5.0);
    let slow = "function, 5 min";
    answers.assert_each(slow, "failed", failed, by_fives - 8.0 * 1_500.0, by_fives + 300.0 * 130.0 + 420.0 * 130.0);
    // Who looks every 15 s is done before others have begun; one datapoint comes before three; and who sees all requests asks
    // for enough at once.
    let order =
        ["schedule", "HPA", "step scaling", "target tracking, requests", "target tracking, cpu", "Fargate, cpu"];
    for pair in order.windows(2) {
        assert!(answers.failed(pair[0]) < answers.failed(pair[1]), "{pair:?}");
    }
    // Tasks wait for hosts: a minute to the alarm and 45 s to boot, at least. Twelve are missing at once, or two first and then
    // three.
    for (metric, missing) in [("cpu", 50.0 + 75.0), ("requests", 130.0)] {
        let (come, there) = (format!("hosts come, {metric}"), format!("target tracking, {metric}"));
        let more = answers.failed(&come) - answers.failed(&there);
        assert!(more > 105.0 * missing, "{metric}: {more}");
    }
}

/// What the comments say of a match day, of any day of that shape.
fn assert_match_day(answers: &Answers) {
    // Scaled for 60 % there is room, and a rolling update takes none of it away.
    for variant in ["in the night", "at the peak", "at the peak, 50 tasks since 14:00"] {
        answers.assert_each(variant, "failed", failed, 0.0, 0.0);
    }
    // Half of the tasks would be 120 % busy; they miss their checks and are replaced as well, so that it goes on for long.
    let cut = "at the peak, minimum 50 %";
    answers.assert_each(cut, "failed", failed, 500_000.0, 10_000_000.0);
    let timed_out = |row: &Summary| users(row).failed[Loss::TimedOut as usize].as_f64() / failed(row);
    answers.assert_each(cut, "share timed out", timed_out, 0.5, 1.0);
    // Hosts have to come for a surge of some fifty tasks, and not for one of ten.
    assert!(answers.mean_s("in the night") + 60.0 < answers.mean_s("at the peak"));
}

#[test]
fn match_day() {
    assert_match_day(&Answers(played(&load(&folder().join("match-day.toml")), 20, None)));
}

/// The day of which match-day.csv has the shape, where its trace is beside the checkout.
#[test]
fn world_cup_day() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let trace = root.join("../shared/data/traces/worldcup98/worldcup98_1998-06-30_24h_per_minute.csv");
    if !trace.exists() {
        eprintln!("skipped: there is no {}", trace.display());
        return;
    }
    let text = fs::read_to_string(folder().join("match-day.toml")).expect("it is in the library");
    let text = text.replace("match-day.csv", &trace.display().to_string());
    let scenario = Scenario::parse("world-cup", &text, &folder()).unwrap_or_else(|report| panic!("{report}"));
    assert_match_day(&Answers(played(&scenario, 20, None)));
}
