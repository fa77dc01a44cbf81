//! Operations that wait to be sent again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use parking_lot::Mutex;

use super::shared::Shared;
use crate::operation::Op;
use crate::panics::caught;

/// When an operation is sent again, and what tells it from others of the same moment.
pub(crate) type Pause = (Instant, u64);

/// The operations of a client that wait, the next one first. No other lock is taken under this one's.
#[derive(Debug, Default)]
pub(super) struct Pauses(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    next_number: u64,
    waiting: BTreeMap<Pause, Arc<Op>>,
}

impl Shared {
    /// Has an operation wait. `None` if the client is closed, which ends all waits.
    pub(crate) fn pause(&self, op: &Arc<Op>, at: Instant) -> Option<Pause> {
        let mut inner = self.pauses.0.lock();
        // Closing empties this after it has set the flag.
        if self.closed.load(Ordering::Acquire) {
            return None;
        }
        let pause = (at, inner.next_number);
        inner.next_number += 1;
        inner.waiting.insert(pause, op.clone());
        Some(pause)
    }

    /// An operation no longer waits.
    pub(crate) fn forget_pause(&self, pause: Pause) {
        let op = self.pauses.0.lock().waiting.remove(&pause);
        drop(op);
    }

    /// Ends all waits: gives the operations that waited.
    pub(super) fn end_pauses(&self) -> impl Iterator<Item = Arc<Op>> {
        std::mem::take(&mut self.pauses.0.lock().waiting).into_values()
    }

    /// Sends again what has waited long enough. Gives the moment when the next wait ends.
    pub(super) fn resume_paused(self: &Arc<Self>, now: Instant) -> Option<Instant> {
        loop {
            let mut inner = self.pauses.0.lock();
            let next = inner.waiting.first_entry()?;
            if next.key().0 > now {
                return Some(next.key().0);
            }
            let (pause, op) = next.remove_entry();
            drop(inner);
            if op.end_pause(pause)
                && let Err(error) = caught(|| self.dispatch(&op))
            {
                // Leaves the pool's queue, too, if it had got there.
                op.cancel(error);
            }
        }
    }
}
