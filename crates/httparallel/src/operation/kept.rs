//! The connection of a streamed response that has arrived and has not been read: it stays taken.
//!
//! A stream that is open occupies its connection, as in httpx: limits on connections then bound how many responses a
//! program has open, however small they are. The connection is given back with the last piece of the body, or when
//! the operation is cancelled or forgotten. A block's operations give theirs back at once, because the block starts
//! the next one when they are over.

use std::sync::Arc;

use httparallel_proto::pool::ConnId;

use super::{Attempt, Mode, Op};
use crate::engine::{Fate, Shared};
use crate::h1::Parked;

/// A connection that has nothing more to say to its operation.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) id: ConnId,
    /// The connection itself, if no other thread drives it.
    pub(crate) parked: Option<Arc<Parked>>,
    pub(crate) fate: Fate,
}

impl Kept {
    /// Gives it back to the pool. A forked child leaves it to its parent.
    pub(super) fn give_back(self, shared: &Arc<Shared>) {
        if !shared.is_foreign() {
            shared.release(self.id, self.parked, self.fate);
        }
    }
}

impl Op {
    /// Takes the connection after an attempt: gives it back, or keeps it until the response has been read.
    pub(crate) fn leave(&self, kept: Kept, attempt: &Attempt) {
        if self.settings.mode == Mode::Streaming && self.block.is_none() && matches!(attempt, Attempt::Done) {
            let mut state = self.state.lock();
            if state.follow.is_none() && state.outcome.is_none() && !state.body.is_empty() {
                state.kept = Some(kept);
                return;
            }
        }
        kept.give_back(&self.shared);
    }
}

impl Drop for Op {
    fn drop(&mut self) {
        if let Some(kept) = self.state.get_mut().kept.take() {
            kept.give_back(&self.shared);
        }
    }
}
