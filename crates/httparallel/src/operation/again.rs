//! Sending a request again: when the policy says so, after a while.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use httparallel_proto::Error;
use httparallel_proto::fetch::Moment;
use parking_lot::MutexGuard;

use super::{Op, OpState};
use crate::engine::Pause;

impl Op {
    /// The moment of a decision about this operation.
    pub(super) fn moment(&self) -> Moment {
        Moment { now: Instant::now(), date: SystemTime::now(), deadline: self.total(), random: chance() }
    }

    /// Whether nothing was taken yet of content that is produced while it is sent.
    pub(super) fn is_untouched(&self) -> bool {
        self.upload.as_ref().is_none_or(|upload| upload.is_untouched())
    }

    /// When to send the request again after a failure, if the policy says so. What has begun to be delivered is not
    /// taken back.
    pub(super) fn after_failure(&self, state: &mut OpState, error: &Error) -> Option<Instant> {
        if state.head.is_some() {
            return None;
        }
        let request = state.request.clone();
        let wait = state.fetch.on_failure(&request, self.is_untouched(), error, || self.moment())?;
        Instant::now().checked_add(wait)
    }

    /// Sends the request again at that moment. Until then the operation is the engine's, and may be cancelled.
    pub(super) fn send_again(self: &Arc<Self>, mut state: MutexGuard<'_, OpState>, at: Instant) {
        state.attempts += 1;
        state.reset();
        if at <= Instant::now() {
            drop(state);
            return self.shared.dispatch(self);
        }
        // Under the operation's lock, so that a cancellation finds the pause.
        state.pause = self.shared.pause(self, at);
        let paused = state.pause.is_some();
        drop(state);
        if paused {
            self.shared.watch(Some(at));
        } else {
            self.cancel(self.shared.why_closed());
        }
    }

    /// The pause is over. `false` if the operation is over, too.
    pub(crate) fn end_pause(&self, pause: Pause) -> bool {
        let mut state = self.state.lock();
        state.outcome.is_none() && state.pause.take_if(|known| *known == pause).is_some()
    }
}

/// A number from 0 to 1. The standard library's seeds differ by process and by call; a forked child inherits them,
/// so that the process has its say, too.
fn chance() -> f64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    let bits = u32::try_from(hasher.finish() >> 32).unwrap_or_default();
    f64::from(bits) / f64::from(u32::MAX)
}
