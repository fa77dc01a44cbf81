//! An operation before it asks the pool: what it waits for, and the place it has at its origin.

use std::sync::Arc;
use std::time::Instant;

use httparallel_proto::url::Origin;

use super::Op;
use crate::engine::Awaited;

impl Op {
    /// Remembers what it waits for, so that a cancellation can end that. `false` if it is over.
    pub(crate) fn waits_for(&self, awaited: Awaited) -> bool {
        let mut state = self.state.lock();
        if state.outcome.is_some() {
            return false;
        }
        state.course.wants(Instant::now());
        state.awaited = Some(awaited);
        true
    }

    /// Its time has come. `false` if it is over.
    pub(crate) fn is_due(&self) -> bool {
        let mut state = self.state.lock();
        state.awaited = None;
        state.outcome.is_none()
    }

    /// Takes a place at an origin, for as long as it is not over. Gives it back if it is.
    pub(crate) fn occupy(&self, origin: Origin) -> Result<(), Origin> {
        let mut state = self.state.lock();
        state.awaited = None;
        if state.outcome.is_some() {
            return Err(origin);
        }
        state.place = Some(origin);
        Ok(())
    }

    /// Whether it has a place at some origin.
    pub(crate) fn has_place(&self) -> bool {
        self.state.lock().place.is_some()
    }

    /// Whether it has a place at this origin. The place that it has at another one, it gives up: the error.
    pub(crate) fn leave_place_but(&self, origin: &Origin) -> Result<bool, Origin> {
        let mut state = self.state.lock();
        match state.place.take() {
            None => Ok(false),
            Some(held) if held == *origin => {
                state.place = Some(held);
                Ok(true)
            }
            Some(other) => Err(other),
        }
    }

    /// Lets others of its block go on while it waits at its origin.
    pub(crate) fn rest(&self) {
        let had_turn = std::mem::take(&mut self.state.lock().has_turn);
        if let Some(link) = self.block.as_ref().filter(|_| had_turn) {
            link.rests();
        }
    }

    /// Whether it may go on, after a rest; if not, it does when its block lets it.
    pub(crate) fn resumes(self: &Arc<Self>) -> bool {
        self.block.as_ref().is_none_or(|link| link.resumes(self))
    }
}
