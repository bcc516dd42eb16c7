//! Demand against capacity over one run: what users ask, what the tasks can serve, where that is too little, and what fails.

use seatrial_sim::engine::fact::Fact;
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::Model;

use super::axis::Axis;
use super::over_time::{self, Clock, HEAD, Key, Panel};
use super::picture::Picture;
use super::theme;
use crate::wording;

/// The height of the plot of demand, and of that of failures.
const PLOT: f64 = 300.0;
const FAILED: f64 = 90.0;
/// Failures are averaged over spans, of which a run has at most so many.
const SPANS: f64 = 240.0;
/// How long such a span may be, in seconds.
const SPAN_S: [f64; 12] = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0];

/// What users asked of one service in one run, and what it could do. Each quantity is a step function: its changes as (time
/// in seconds, value from then on), in the order of time, and zero before the first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DemandSeries {
    /// What the chart is about: scenario, variant, seed.
    pub title: String,
    /// When the run ended, in seconds since the start.
    pub end_s: f64,
    /// Requests a second that arrive.
    pub demand: Vec<(f64, f64)>,
    /// Requests a second that the tasks to which they are sent can serve.
    pub capacity: Vec<(f64, f64)>,
    /// Requests a second that fail as they come.
    pub failing: Vec<(f64, f64)>,
    /// Requests that fail at once: when, and how many.
    pub failed_at_once: Vec<(f64, f64)>,
    /// When deploys were requested and when they ended, in seconds since the start; without an end where they did not.
    pub deploys: Vec<(f64, Option<f64>)>,
}

impl DemandSeries {
    /// One run of the first service with a load; none where no service has one.
    pub fn of_run(model: &Model, trace: &Trace, title: &str) -> Option<Self> {
        let service = over_time::service_with_load(model)?;
        let mut series = Self {
            title: format!("Demand for {}: {title}", model.services[service.index()].name),
            end_s: model.horizon.as_secs_f64(),
            deploys: over_time::deploys(trace, service),
            ..Self::default()
        };
        let mut losing = [0.0; 6];
        for record in &trace.records {
            let at = record.at.as_secs_f64();
            match record.fact {
                Fact::DemandChanged { service: of, rate } if of == service => {
                    series.demand.push((at, rate.as_per_s()));
                }
                Fact::CapacityChanged { service: of, rate } if of == service => {
                    series.capacity.push((at, rate.as_per_s()));
                }
                Fact::LosingChanged { service: of, loss, rate } if of == service => {
                    losing[loss as usize] = rate.as_per_s();
                    series.failing.push((at, losing.iter().sum()));
                }
                Fact::RequestsLost { service: of, nanos, .. } if of == service => {
                    series.failed_at_once.push((at, nanos as f64 / 1e9));
                }
                _ => {}
            }
        }
        Some(series)
    }

    /// Failed requests a second, averaged over spans of so many seconds: each one that fails is in the area.
    fn failed(&self) -> (Vec<(f64, f64)>, f64) {
        let span = SPAN_S.into_iter().find(|span| self.end_s / span <= SPANS).unwrap_or(self.end_s / SPANS);
        #[expect(clippy::cast_sign_loss, reason = "no run ends before it begins")]
        let mut sums = vec![0.0; ((self.end_s / span).ceil() as usize).max(1)];
        let last = sums.len() - 1;
        #[expect(clippy::cast_sign_loss, reason = "nothing happens before the start")]
        let place = |at: f64| ((at / span) as usize).min(last);
        for &(at, requests) in &self.failed_at_once {
            sums[place(at)] += requests;
        }
        let ends = self.failing.iter().skip(1).map(|(at, _)| *at).chain([self.end_s]);
        for (&(from, rate), to) in self.failing.iter().zip(ends).filter(|((_, rate), _)| *rate > 0.0) {
            for (index, sum) in sums.iter_mut().enumerate().take(place(to) + 1).skip(place(from)) {
                let begin = index as f64 * span;
                *sum += rate * (to.min(begin + span) - from.max(begin)).max(0.0);
            }
        }
        let length = |index: usize| span.min(self.end_s - index as f64 * span).max(f64::MIN_POSITIVE);
        (sums.iter().enumerate().map(|(i, sum)| (i as f64 * span, sum / length(i))).collect(), span)
    }
}

/// The chart of a whole run.
pub(super) fn picture(series: &DemandSeries) -> Picture {
    let mut picture = Picture::default();
    let y = picture.title(&wording::plain(&series.title));
    let (failed, span) = series.failed();
    let fails = over_time::highest(&failed) > 0.0;
    let failing = format!("; up to {} failed requests/s", wording::count(over_time::highest(&failed)));
    picture.description = format!(
        "Demand of up to {} requests/s against capacity over {}{}.",
        wording::count(over_time::highest(&series.demand)),
        wording::duration(series.end_s),
        if fails { failing.as_str() } else { "" }
    );
    let mut keys = vec![
        ("demand", Key::Line(theme::BLACK)),
        ("capacity of the tasks that requests are sent to", Key::Area(theme::SKY)),
        ("demand beyond it", Key::Area(theme::VERMILLION)),
    ];
    if !series.deploys.is_empty() {
        keys.push(("deploy", Key::Area(theme::SHADE)));
    }
    let top = over_time::legend(&mut picture, &keys, y + 4.0) + HEAD + 10.0;

    let clock = Clock::new(series.end_s);
    let most = over_time::highest(&series.demand).max(over_time::highest(&series.capacity));
    let mut bottom = top + PLOT;
    let rates = Axis::from_zero(if most > 0.0 { 1.05 * most } else { 1.0 }, (bottom, top), 6.0);
    let panel = Panel::new(&clock, rates);
    panel.between(&mut picture, &[], &series.capacity, theme::SKY);
    panel.between(&mut picture, &series.capacity, &series.demand, theme::VERMILLION);
    panel.scale(&mut picture, "requests/s", &series.deploys);
    panel.line(&mut picture, &series.demand, theme::BLACK, 2.0);
    panel.hover(&mut picture, &[&series.demand, &series.capacity], |rates| {
        let [demand, capacity] = [rates[0], rates[1]].map(wording::count);
        format!("demand {demand} requests/s, capacity {capacity} requests/s")
    });
    if fails {
        let top = bottom + HEAD + 16.0;
        bottom = top + FAILED;
        let rates = Axis::from_zero(over_time::highest(&failed), (bottom, top), 2.0);
        let counts = format!("failed requests/s, mean of each {}", wording::duration(span));
        let panel = Panel::new(&clock, rates);
        panel.scale(&mut picture, &counts, &series.deploys);
        panel.bars(&mut picture, &failed, theme::VERMILLION);
        panel.hover(&mut picture, &[&failed], |rates| format!("{} failed requests/s", wording::count(rates[0])));
    }
    picture.height = clock.draw(&mut picture, bottom);
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 minutes in spans of 5 s: 2/s from 3 s to 11 s, and 30 at 11 s: 4, 10 and 2 + 30 in the first three.
    #[test]
    fn every_failed_request_is_in_the_area() {
        let failing = vec![(3.0, 2.0), (11.0, 0.0)];
        let series = DemandSeries { end_s: 1_200.0, failing, failed_at_once: vec![(11.0, 30.0)], ..Default::default() };
        let (failed, span) = series.failed();
        assert_eq!((span, failed.len()), (5.0, 240));
        assert_eq!(failed[..4], [(0.0, 0.8), (5.0, 2.0), (10.0, 6.4), (15.0, 0.0)]);
    }
}
