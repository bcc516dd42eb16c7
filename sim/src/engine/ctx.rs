//! What a component may do while an event is handled: tell facts and schedule events.

use super::event::Event;
use super::fact::{Fact, FactId, Observer, ServiceId};
use super::queue::{EventQueue, Turn};
use super::time::Time;

/// The moment, its cause, and the two ways out of a component.
pub(crate) struct Ctx<'a> {
    /// The simulated time.
    pub now: Time,
    /// The fact that scheduled the event being handled.
    pub cause: FactId,
    queue: &'a mut EventQueue<(Event, FactId)>,
    observer: &'a mut dyn Observer,
    facts: &'a mut u32,
}

impl<'a> Ctx<'a> {
    pub fn new(
        now: Time,
        cause: FactId,
        queue: &'a mut EventQueue<(Event, FactId)>,
        observer: &'a mut dyn Observer,
        facts: &'a mut u32,
    ) -> Self {
        Self { now, cause, queue, observer, facts }
    }

    /// Tells a fact that the event being handled caused.
    pub fn tell(&mut self, fact: Fact) -> FactId {
        self.tell_because(fact, self.cause)
    }

    /// Tells a fact that another one caused.
    pub fn tell_because(&mut self, fact: Fact, because: FactId) -> FactId {
        let id = FactId::from_index(*self.facts);
        *self.facts += 1;
        self.observer.observe(self.now, id, fact, because);
        id
    }

    /// Tells a fact that nothing caused.
    pub fn tell_first(&mut self, fact: Fact) -> FactId {
        self.tell_because(fact, FactId::from_index(*self.facts))
    }

    /// Schedules an event that a fact causes.
    pub fn schedule(&mut self, at: Time, event: Event, because: FactId) {
        self.queue.schedule(at, Turn::ORDINARY, (event, because));
    }

    /// Whether a service's look of this instant, if it has one, is over.
    pub fn look_is_over(&self, service: ServiceId) -> bool {
        self.queue.turn() >= Turn::look(service.0)
    }

    /// Schedules a look at a service at the end of an instant.
    pub fn schedule_review(&mut self, at: Time, service: ServiceId, because: FactId) {
        self.queue.schedule(at, Turn::look(service.0), (Event::Review(service), because));
    }
}
