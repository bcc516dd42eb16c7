//! Images on hosts: what each host holds, when what it lacks is there, what does not fit, and what is removed.
//!
//! Where nothing is shared, no disk has a size and nobody cleans up, the end of a pull is known when it begins, and it
//! is one event. Other hosts keep books.

use std::collections::{BTreeMap, VecDeque};

use crate::cluster::{FIRST_VERSION, TaskName};
use crate::control::beat::Beat;
use crate::control::throughput::{Limits, Pool};
use crate::engine::ctx::Ctx;
use crate::engine::draws::{Draws, Entity, Stream};
use crate::engine::event::Event;
use crate::engine::fact::{Fact, FactId, GroupId, HostId, ServiceId, TaskId};
use crate::engine::time::{Duration, Time};
use crate::model::{Cached, CleanupWhen, HostGroup, ImageCleanup, Model, PullOrder};

/// What every host holds, and what is on its way.
#[derive(Debug)]
pub(crate) struct Images<'m> {
    model: &'m Model,
    draws: Draws,
    hosts: Vec<HostImages>,
    /// Pulls that compete: of each host, or of all of them, under none, where the registry has a limit.
    pools: BTreeMap<Option<HostId>, Shared>,
}

/// What one host holds.
#[derive(Debug)]
struct HostImages {
    group: GroupId,
    /// It is there from the start, with the images that such hosts hold.
    since_start: bool,
    /// When the last of the pulls that take turns ends, where that is known.
    pulls_free_at: Time,
    /// What was pulled.
    held: Vec<Held>,
    /// Where the end of a pull is not known when it begins.
    books: Option<Box<Books>>,
}

/// An image on a host.
#[derive(Clone, Debug)]
struct Held {
    name: TaskName,
    /// From when it is there; [`Time::NEVER`] while nobody knows.
    ready: Time,
    /// Tasks with a container of it, or that wait for it. Kept in books only, as all that follows.
    users: Vec<TaskId>,
    /// When it was last asked for, or a container of it ended.
    used: Time,
    /// Until when a stopped container of it is kept.
    kept_until: Time,
}

/// What a host knows that pulls in parallel with others.
#[derive(Debug, Default)]
struct Books {
    pulls: Vec<Pull>,
    /// Pulls whose turn has not come.
    turns: VecDeque<Pull>,
    next_number: u32,
    /// What its images take, and those that are on their way.
    used_bytes: u64,
    /// When it looks for images to remove.
    looks: Option<Beat>,
    /// Its next look. An event for another time is stale.
    next_look: Option<Time>,
}

/// An image that somebody asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pull {
    /// Nobody waits for one that is made ahead.
    task: Option<TaskId>,
    name: TaskName,
    /// How long the registry takes to answer.
    check: Duration,
    because: FactId,
    number: u32,
    /// What it brings in; nothing where the image is there or comes by another pull.
    fetches: Option<u64>,
    /// The registry has answered.
    answered: bool,
}

/// Pulls that compete, and when one of them ends next. An event for another time is stale.
#[derive(Debug)]
struct Shared {
    pool: Pool,
    next: Option<Time>,
}

impl<'m> Images<'m> {
    pub const fn new(model: &'m Model, draws: Draws) -> Self {
        Self { model, draws, hosts: vec![], pools: BTreeMap::new() }
    }

    /// The next host; `since_start` where it holds the images that hosts of the start hold.
    pub fn begin(&mut self, group: GroupId, entity: Entity, since_start: bool, now: Time) {
        let settings = &self.model.host_groups[group.index()];
        let mut host = HostImages {
            group,
            since_start,
            pulls_free_at: Time::ZERO,
            held: vec![],
            books: self.books(settings, entity, now),
        };
        if let Some(books) = host.books.as_mut().filter(|_| since_start) {
            let classes: Vec<_> = self.model.classes_of(group).collect();
            for (service, id) in self.model.services.iter().zip((0..).map(ServiceId)) {
                let may_run = classes.iter().any(|class| service.eligible.allows(*class));
                if service.image.cached == Cached::Running && may_run {
                    let name = TaskName { service: id, version: FIRST_VERSION };
                    books.used_bytes += missing(self.model, name, &host.held, false);
                    host.held.push(Held::new(name, now, now));
                }
            }
        }
        self.hosts.push(host);
    }

    fn books(&self, settings: &HostGroup, entity: Entity, now: Time) -> Option<Box<Books>> {
        let looks = settings.agent.image_cleanup.map(|cleanup| {
            let phase = self.draws.bits(Stream::CleanupPhase, entity) % cleanup.every.as_millis();
            Beat::new(now + Duration::from_millis(phase), cleanup.every, Duration::ZERO, entity)
        });
        let shares = settings.agent.host_bytes_per_s.or(self.model.registry_bytes_per_s).is_some();
        let needed = shares || looks.is_some() || settings.image_disk_bytes.is_some();
        needed.then(|| Box::new(Books { looks, ..Books::default() }))
    }

    /// Somebody asks for an image: `Pulled` comes when it is there, or `PullFailed` where it does not fit.
    pub fn pull(&mut self, on: HostId, pull: Pull, ctx: &mut Ctx) {
        if self.hosts[on.index()].books.is_some() {
            let serial = self.settings(on).agent.pulls == PullOrder::Serial;
            let books = self.books_of(on);
            if serial && !books.pulls.is_empty() {
                books.turns.push_back(pull);
            } else {
                self.turn(on, pull, ctx);
            }
            return;
        }
        let ends = self.when_there(on, pull.name, pull.check, ctx.now);
        if let Some(task) = pull.task {
            ctx.schedule(ends, Event::Pulled(task), pull.because);
        }
    }

    /// When an image is there that is asked for now, on a host without books.
    fn when_there(&mut self, on: HostId, name: TaskName, check: Duration, now: Time) -> Time {
        let agent = &self.settings(on).agent;
        let host = &mut self.hosts[on.index()];
        let begins = if agent.pulls == PullOrder::Serial { now.max(host.pulls_free_at) } else { now };
        let there = host.held.iter().find(|held| held.name == name).map(|held| held.ready);
        let of_start = match self.model.services[name.service.index()].image.cached {
            Cached::All => host.since_start,
            Cached::Running => host.since_start && name.version == FIRST_VERSION,
            Cached::Nothing => false,
        };
        let ends = if let Some(ready) = there {
            ready.max(begins + check)
        } else if of_start {
            begins + check
        } else {
            // In u128, so that no size in bytes overflows on its way to milliseconds.
            let bytes = u128::from(missing(self.model, name, &host.held, host.since_start));
            let ms = bytes * 1_000 / u128::from(agent.pull_bytes_per_s);
            begins + check + Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX / 4))
        };
        if there.is_none() {
            host.held.push(Held::new(name, ends, now));
        }
        host.pulls_free_at = host.pulls_free_at.max(ends);
        ends
    }

    /// A pull's turn has come.
    fn turn(&mut self, on: HostId, mut pull: Pull, ctx: &mut Ctx) {
        let disk = self.settings(on).image_disk_bytes;
        let in_machine_image = self.in_machine_image(on, pull.name);
        let host = &mut self.hosts[on.index()];
        let Some(books) = &mut host.books else { return };
        if !in_machine_image {
            let place = host.held.iter().position(|held| held.name == pull.name);
            let place = place.unwrap_or(host.held.len());
            if place == host.held.len() {
                let bytes = missing(self.model, pull.name, &host.held, false);
                if disk.is_some_and(|disk| books.used_bytes + bytes > disk) {
                    if let Some(task) = pull.task {
                        // That always takes time, or a loop of failures would never end.
                        let fails = ctx.now + pull.check.max(Duration::from_millis(1));
                        ctx.schedule(fails, Event::PullFailed(task), pull.because);
                    }
                    return;
                }
                books.used_bytes += bytes;
                pull.fetches = Some(bytes);
                host.held.push(Held::new(pull.name, Time::NEVER, ctx.now));
            }
            let held = &mut host.held[place];
            held.users.extend(pull.task);
            held.used = ctx.now;
        }
        pull.number = books.next_number;
        books.next_number += 1;
        books.pulls.push(pull);
        ctx.schedule(ctx.now + pull.check, Event::PullBegins { host: on, pull: pull.number }, pull.because);
        self.plan_look(on, ctx.now, pull.because, ctx);
    }

    /// The registry has answered a pull.
    pub fn pull_begins(&mut self, on: HostId, number: u32, ctx: &mut Ctx) {
        let agent = &self.settings(on).agent;
        let host = &mut self.hosts[on.index()];
        let Some(books) = &mut host.books else { return };
        // A host that has gone pulls no more.
        let Some(pull) = books.pulls.iter_mut().find(|pull| pull.number == number) else { return };
        pull.answered = true;
        let (name, fetches) = (pull.name, pull.fetches);
        let comes = host.held.iter().any(|held| held.name == name && held.ready == Time::NEVER);
        if let Some(bytes) = fetches {
            let limits = Limits { each: agent.pull_bytes_per_s, together: agent.host_bytes_per_s };
            let (key, registry) = self.pool_of(on);
            let new = || Shared { pool: Pool::new(registry), next: None };
            self.pools.entry(key).or_insert_with(new).pool.begin(on, limits, number, bytes, ctx.now);
            self.look_at_pool(key, ctx.now, ctx);
        } else if !comes {
            self.end_pull(on, number, ctx);
        }
    }

    /// Pulls that compete share anew, and some may have ended.
    pub fn move_pulls(&mut self, key: Option<HostId>, ctx: &mut Ctx) {
        let Some(shared) = self.pools.get_mut(&key).filter(|shared| shared.next == Some(ctx.now)) else { return };
        shared.next = None;
        let ended = shared.pool.go_on(ctx.now);
        if let Some(next) = shared.pool.share(ctx.now) {
            self.look_at_pool(key, next, ctx);
        } else {
            self.pools.remove(&key);
        }
        for (host, number) in ended {
            self.end_pull(host, number, ctx);
        }
    }

    /// Competing pulls end or begin at a time; what was planned for another one is stale.
    fn look_at_pool(&mut self, key: Option<HostId>, at: Time, ctx: &mut Ctx) {
        let shared = self.pools.get_mut(&key).expect("a pool that is looked at has pulls");
        if shared.next != Some(at) {
            shared.next = Some(at);
            ctx.schedule(at, Event::PullsMove(key), ctx.cause);
        }
    }

    /// A pull has ended, and those with it that wait for the same image; the next one's turn comes.
    fn end_pull(&mut self, on: HostId, number: u32, ctx: &mut Ctx) {
        let settings = self.settings(on);
        let host = &mut self.hosts[on.index()];
        let Some(books) = &mut host.books else { return };
        let ended = books.pulls.iter().find(|pull| pull.number == number).copied();
        let ended = ended.expect("a pull ends once");
        let mut because = ended.because;
        if ended.fetches.is_some() {
            let held = host.held.iter_mut().find(|held| held.name == ended.name);
            held.expect("what is on its way is listed").ready = ctx.now;
            if settings.image_disk_bytes.is_some() || settings.agent.image_cleanup.is_some() {
                let TaskName { service, version } = ended.name;
                let fact = Fact::ImagePulled { host: on, service, version, used_bytes: books.used_bytes };
                because = ctx.tell_because(fact, because);
            }
        }
        let ends = |pull: &Pull| pull.number == number || (pull.answered && pull.name == ended.name);
        for pull in books.pulls.iter().filter(|pull| ends(pull)) {
            if let Some(task) = pull.task {
                ctx.schedule(ctx.now, Event::Pulled(task), pull.because);
            }
        }
        books.pulls.retain(|pull| !ends(pull));
        if settings.agent.pulls == PullOrder::Serial {
            while let Some(next) = self.next_turn(on) {
                self.turn(on, next, ctx);
            }
        }
        self.plan_look(on, ctx.now, because, ctx);
    }

    fn next_turn(&mut self, on: HostId) -> Option<Pull> {
        let books = self.books_of(on);
        if books.pulls.is_empty() { books.turns.pop_front() } else { None }
    }

    /// Takes over a task that ran before the start.
    pub fn adopt(&mut self, task: TaskId, on: HostId, name: TaskName) {
        let host = &mut self.hosts[on.index()];
        if host.books.is_some()
            && let Some(held) = host.held.iter_mut().find(|held| held.name == name)
        {
            held.users.push(task);
        }
    }

    /// Whether a task that is started again has its image, or has to ask for it anew.
    pub fn has(&self, task: TaskId, on: HostId, name: TaskName) -> bool {
        let host = &self.hosts[on.index()];
        let uses = |held: &Held| held.name == name && held.users.contains(&task);
        host.books.is_none() || self.in_machine_image(on, name) || host.held.iter().any(uses)
    }

    /// A task's container has ended for good, if it ever had one; it is kept for a while.
    pub fn release(&mut self, task: TaskId, on: HostId, name: TaskName, ctx: &mut Ctx) {
        let keep = self.settings(on).agent.image_cleanup.map_or(Duration::ZERO, |cleanup| cleanup.keep_stopped_for);
        let host = &mut self.hosts[on.index()];
        if host.books.is_none() {
            return;
        }
        let Some(held) = host.held.iter_mut().find(|held| held.name == name) else { return };
        let users = held.users.len();
        held.users.retain(|user| *user != task);
        if held.users.len() < users {
            (held.used, held.kept_until) = (ctx.now, ctx.now + keep);
            self.plan_look(on, ctx.now, ctx.cause, ctx);
        }
    }

    /// A host is gone, with what it held and what it was pulling.
    pub fn forget(&mut self, on: HostId, ctx: &mut Ctx) {
        let key = self.pool_of(on).0;
        let host = &mut self.hosts[on.index()];
        if host.books.take().is_none() {
            return;
        }
        host.held.clear();
        if let Some(shared) = self.pools.get_mut(&key) {
            shared.pool.forget(on);
            self.look_at_pool(key, ctx.now, ctx);
        }
    }

    /// An agent looks for images that nothing uses, and removes those used longest ago.
    pub fn clean(&mut self, on: HostId, ctx: &mut Ctx) {
        let Some(cleanup) = self.settings(on).agent.image_cleanup else { return };
        if self.hosts[on.index()].books.as_ref().is_none_or(|books| books.next_look != Some(ctx.now)) {
            return;
        }
        self.books_of(on).next_look = None;
        let mut because = ctx.cause;
        if self.is_full_enough(on, cleanup) {
            for _ in 0..cleanup.at_most.unwrap_or(u32::MAX) {
                let host = &mut self.hosts[on.index()];
                let free = |held: &&Held| held.free_from(cleanup).is_some_and(|from| from <= ctx.now);
                let oldest =
                    host.held.iter().filter(free).min_by_key(|held| (held.used, held.ready)).map(|held| held.name);
                let Some(name) = oldest.filter(|_| self.may_remove(on, cleanup)) else { break };
                let host = &mut self.hosts[on.index()];
                host.held.retain(|held| held.name != name);
                let bytes = missing(self.model, name, &host.held, false);
                let books = self.books_of(on);
                books.used_bytes -= bytes;
                let TaskName { service, version } = name;
                let fact = Fact::ImageRemoved { host: on, service, version, used_bytes: books.used_bytes };
                because = ctx.tell(fact);
            }
        }
        self.plan_look(on, ctx.now + Duration::from_millis(1), because, ctx);
    }

    /// Asks for a look when there is something to remove: the first that comes at `after` or later and finds an image.
    fn plan_look(&mut self, on: HostId, after: Time, because: FactId, ctx: &mut Ctx) {
        let Some(cleanup) = self.settings(on).agent.image_cleanup else { return };
        if !self.is_full_enough(on, cleanup) {
            return;
        }
        let draws = self.draws;
        let host = &mut self.hosts[on.index()];
        let Some(from) = host.held.iter().filter_map(|held| held.free_from(cleanup)).min() else { return };
        let Some(books) = host.books.as_deref_mut() else { return };
        let Some(looks) = &mut books.looks else { return };
        let at = looks.next(from.max(after), draws);
        if books.next_look.is_none_or(|next| at < next) {
            books.next_look = Some(at);
            ctx.schedule(at, Event::CleanImages(on), because);
        }
    }

    /// Whether so much of the disk is used that a look removes something.
    fn is_full_enough(&self, on: HostId, cleanup: ImageCleanup) -> bool {
        match cleanup.when {
            CleanupWhen::Always => true,
            CleanupWhen::AbovePermille { high, .. } => {
                self.used_permille(on).is_some_and(|used| used >= u128::from(high))
            }
        }
    }

    /// Whether a look that has begun to remove goes on.
    fn may_remove(&self, on: HostId, cleanup: ImageCleanup) -> bool {
        match cleanup.when {
            CleanupWhen::Always => true,
            CleanupWhen::AbovePermille { low, .. } => {
                let disk = u128::from(self.settings(on).image_disk_bytes.unwrap_or(0));
                u128::from(self.used_bytes(on)) * 1_000 > disk * u128::from(low)
            }
        }
    }

    /// The share of the disk that is used, rounded down; none where it has no size.
    fn used_permille(&self, on: HostId) -> Option<u128> {
        let disk = self.settings(on).image_disk_bytes?;
        (u128::from(self.used_bytes(on)) * 1_000).checked_div(u128::from(disk))
    }

    /// What images take on a host, where it keeps books.
    pub fn used_bytes(&self, on: HostId) -> u64 {
        self.hosts[on.index()].books.as_ref().map_or(0, |books| books.used_bytes)
    }

    /// Whether a host came with every version of an image: that takes none of its disk, and stays.
    fn in_machine_image(&self, on: HostId, name: TaskName) -> bool {
        self.hosts[on.index()].since_start && self.model.services[name.service.index()].image.cached == Cached::All
    }

    /// The pool of a host's pulls, and its limit.
    fn pool_of(&self, on: HostId) -> (Option<HostId>, Option<u64>) {
        let registry = self.model.registry_bytes_per_s;
        (if registry.is_some() { None } else { Some(on) }, registry)
    }

    fn settings(&self, on: HostId) -> &'m HostGroup {
        &self.model.host_groups[self.hosts[on.index()].group.index()]
    }

    fn books_of(&mut self, on: HostId) -> &mut Books {
        self.hosts[on.index()].books.as_mut().expect("only hosts with books come here")
    }
}

/// What a host lacks of an image that it does not hold, in bytes; `of_start` where it holds, unlisted, what hosts of
/// the start do.
fn missing(model: &Model, name: TaskName, held: &[Held], of_start: bool) -> u64 {
    let image = model.services[name.service.index()].image;
    let listed = |service: ServiceId| held.iter().any(|held| held.name.service == service);
    if listed(name.service) || (of_start && image.cached == Cached::Running) {
        return image.bytes - image.common_bytes();
    }
    let Some(base) = image.base else { return image.bytes };
    let mut others = model.services.iter().zip((0..).map(ServiceId));
    let has_base = others.any(|(service, id)| {
        let there = listed(id) || (of_start && service.image.cached != Cached::Nothing);
        there && service.image.base.is_some_and(|other| other.id == base.id)
    });
    image.bytes - if has_base { base.bytes } else { 0 }
}

impl Held {
    const fn new(name: TaskName, ready: Time, used: Time) -> Self {
        Self { name, ready, users: vec![], used, kept_until: Time::ZERO }
    }

    /// From when on it may be removed, if nothing uses it.
    fn free_from(&self, cleanup: ImageCleanup) -> Option<Time> {
        let unused = self.users.is_empty() && self.ready != Time::NEVER;
        unused.then(|| self.kept_until.max(self.ready + cleanup.min_age))
    }
}

impl Pull {
    pub const fn new(task: Option<TaskId>, name: TaskName, check: Duration, because: FactId) -> Self {
        Self { task, name, check, because, number: 0, fetches: None, answered: false }
    }
}
