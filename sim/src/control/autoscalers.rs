//! The scalers of services: they look at what was measured since their last look, and ask for more or fewer tasks.

use crate::autoscaling::{Autoscaling, Measured, Memory, ServiceView, TaskView};
use crate::cluster::{Cluster, TaskState};
use crate::control::scheduler::Scheduler;
use crate::control::traffic::{Reading, Traffic};
use crate::engine::ctx::Ctx;
use crate::engine::draws::{Draws, Entity, Stream};
use crate::engine::event::Event;
use crate::engine::fact::{Fact, ServiceId};
use crate::engine::time::Duration;
use crate::model::Model;
use crate::traffic::Rate;

/// What changes the desired counts of services.
#[derive(Debug)]
pub(crate) struct Autoscalers<'m> {
    services: Vec<Option<Watch<'m>>>,
}

/// One service's.
#[derive(Debug)]
struct Watch<'m> {
    scaling: &'m Autoscaling,
    /// What one warm task can serve.
    capacity: Rate,
    memory: Memory,
    /// What had been at the last look.
    last: Reading,
}

impl<'m> Autoscalers<'m> {
    pub fn new(model: &'m Model) -> Self {
        let watch = |service: &'m crate::model::Service| {
            let capacity = service.load.as_ref().map_or(Rate::ZERO, |load| load.capacity_per_task);
            let (memory, last) = (Memory::default(), Reading::default());
            service.autoscaling.as_ref().map(|scaling| Watch { scaling, capacity, memory, last })
        };
        Self { services: model.services.iter().map(watch).collect() }
    }

    /// Every scaler looks for the first time somewhere in its period.
    pub fn open(&self, model: &Model, draws: Draws, ctx: &mut Ctx) {
        let services = self.services.iter().zip(&model.services).zip((0..).map(ServiceId));
        for ((watch, service), id) in services {
            let Some(watch) = watch else { continue };
            if let Some(period) = watch.scaling.period() {
                let phase = draws.bits(Stream::AutoscalerPhase, Entity::named(&service.name)) % period.as_millis();
                ctx.schedule(ctx.now + Duration::from_millis(phase) + period, Event::AutoscalerLooks(id), ctx.cause);
            }
            for bounds in &watch.scaling.schedule {
                ctx.schedule(bounds.at, Event::BoundsChange(id), ctx.cause);
            }
        }
    }

    /// A scaler looks, because it is time to or because its bounds change.
    pub fn look(
        &mut self,
        id: ServiceId,
        regular: bool,
        traffic: &mut Traffic,
        scheduler: &mut Scheduler,
        cluster: &Cluster,
        ctx: &mut Ctx,
    ) {
        let watch = self.services[id.index()].as_mut().expect("only services with a scaler are looked at");
        let reading = traffic.reading(id, ctx.now);
        let (mut measured, mut busy) = (Measured::default(), None);
        if regular {
            (measured, busy) = watch.measured(reading);
            watch.last = reading;
            let period = watch.scaling.period().expect("a scaler that looks regularly has a period");
            ctx.schedule(ctx.now + period, Event::AutoscalerLooks(id), ctx.cause);
        }
        let tasks = tasks(id, busy, cluster);
        let counts = &cluster.services[id.index()];
        let view = ServiceView {
            now: ctx.now,
            desired: scheduler.desired(),
            running: tasks.iter().filter(|task| task.runs_since.is_some()).count() as u32,
            replicas: counts.wanted(),
            deploying: scheduler.is_deploying(),
            measured,
            tasks: &tasks,
        };
        let desired = watch.scaling.look(&view, &mut watch.memory);
        if desired != view.desired {
            let fact = ctx.tell(Fact::Autoscaled { service: id, desired });
            scheduler.scale(desired, Some(fact), ctx);
        }
    }
}

impl Watch<'_> {
    /// Means since the last look, and the busy share of the tasks to which requests were sent.
    fn measured(&self, reading: Reading) -> (Measured, Option<f64>) {
        let ran_ms = reading.ran_ms - self.last.ran_ms;
        let open_ms = reading.open_ms - self.last.open_ms;
        let capacity = self.capacity.micros() as f64;
        let worked = (reading.worked - self.last.worked).nanos() as f64;
        let offered = (reading.offered - self.last.offered).as_f64();
        let share = |of_ms: u128| (capacity > 0.0 && of_ms > 0).then(|| (worked / (capacity * of_ms as f64)).max(0.0));
        let measured = Measured {
            utilization: share(ran_ms),
            requests_per_task: (open_ms > 0).then(|| offered / (open_ms as f64 / 1_000.0)),
        };
        (measured, share(open_ms))
    }
}

/// A service's tasks that are not told to stop, in order of their ids. Those that are or were in service are as busy as those to which
/// requests are sent, the others are idle.
fn tasks(id: ServiceId, busy: Option<f64>, cluster: &Cluster) -> Vec<TaskView> {
    let versions = &cluster.services[id.index()].versions;
    let mut ids: Vec<_> = versions.iter().flat_map(|version| version.tasks.iter().copied()).collect();
    ids.sort_unstable();
    let view = |task: &crate::cluster::Task| {
        let runs = (TaskState::Running..=TaskState::InService).contains(&task.state);
        let ready = task.state == TaskState::InService;
        TaskView {
            runs_since: task.runs_since.filter(|_| runs),
            ready_since: task.serves_since.filter(|_| ready),
            was_ready: task.serves_since.is_some() && !ready,
            usage: if task.serves_since.is_some() { busy } else { Some(0.0) }.filter(|_| runs),
        }
    };
    ids.into_iter().map(|id| view(&cluster.tasks[id.index()])).collect()
}
