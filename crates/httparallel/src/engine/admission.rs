//! What a request passes before it asks the pool for a connection: a place at its origin, and its time.

use std::sync::Arc;

use httparallel_proto::admission::{Places, Ticket};
use httparallel_proto::url::Origin;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::shared::Shared;
use super::turns::{self, Turn};
use crate::config::Config;
use crate::operation::Op;

/// The places at each origin, if they are limited.
pub(super) type Admission = Option<Mutex<Places<Origin, Arc<Op>>>>;

/// What an operation waits for before it asks the pool.
#[derive(Debug)]
pub(crate) enum Awaited {
    /// A place at this origin.
    Place(Origin, Ticket),
    /// Its time, in the pace of its settings.
    Time(Ticket),
    /// The answer of a mock transport, which asks for no connection.
    Answer(Arc<Notify>),
}

pub(super) fn admission(config: &Config) -> Admission {
    config.max_concurrency_per_host.map(|limit| Mutex::new(Places::new(limit)))
}

impl Shared {
    /// Finds a connection for an operation, when it may have one: for a new one, or for its next attempt.
    pub(crate) fn dispatch(self: &Arc<Self>, op: &Arc<Op>) {
        if self.has_place(op) {
            self.keep_pace(op);
        }
    }

    /// Whether the operation has a place at its origin. If not, it goes on when it has got one.
    fn has_place(self: &Arc<Self>, op: &Arc<Op>) -> bool {
        let Some(places) = &self.places else { return true };
        let origin = op.state.lock().request.url.origin();
        match op.leave_place_but(&origin) {
            Ok(true) => return true,
            Ok(false) => {}
            Err(other) => self.vacate(&other),
        }
        if places.lock().enter(&origin) {
            return self.occupy(op, origin);
        }
        // Others of its block shall not be held up by this origin.
        op.rest();
        let mut places = places.lock();
        if places.enter(&origin) {
            drop(places);
            return self.occupy(op, origin) && op.resumes();
        }
        let ticket = places.wait(&origin, op.clone());
        // Noted before anybody can give it the place, which takes this lock.
        if !op.waits_for(Awaited::Place(origin.clone(), ticket)) {
            places.cancel(&origin, ticket);
        }
        false
    }

    /// Lets an operation have a place that was taken for it. `false` if it is over; then the place is free again.
    fn occupy(self: &Arc<Self>, op: &Arc<Op>, origin: Origin) -> bool {
        let occupied = op.occupy(origin);
        if let Err(origin) = &occupied {
            self.vacate(origin);
        }
        occupied.is_ok()
    }

    /// A place is free: whoever has waited longest for it goes on.
    pub(crate) fn vacate(self: &Arc<Self>, origin: &Origin) {
        let Some(places) = &self.places else { return };
        loop {
            let next = places.lock().leave(origin);
            let Some(next) = next else { return };
            // One that is over hands the place on.
            if next.occupy(origin.clone()).is_ok() {
                return turns::take(Turn::Placed(next));
            }
        }
    }

    /// An operation has got the place it waited for. One of a block may have to wait for its turn again.
    pub(super) fn placed(self: &Arc<Self>, op: &Arc<Op>) {
        if op.resumes() {
            self.keep_pace(op);
        }
    }

    /// Goes on when the operation's time has come.
    fn keep_pace(self: &Arc<Self>, op: &Arc<Op>) {
        if op.settings.pace.as_ref().is_none_or(|pace| pace.admits(op)) {
            self.assign(op);
        }
    }

    /// An operation that is over waits no longer.
    pub(crate) fn give_up_waiting(self: &Arc<Self>, op: &Op, awaited: &Awaited) {
        match (awaited, &self.places, &op.settings.pace) {
            (Awaited::Place(origin, ticket), Some(places), _) => drop(places.lock().cancel(origin, *ticket)),
            (Awaited::Time(ticket), _, Some(pace)) => pace.give_up(*ticket),
            (Awaited::Answer(task), ..) => task.notify_one(),
            _ => {}
        }
    }
}
