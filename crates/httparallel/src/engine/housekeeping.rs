//! What needs to be done when time passes: idle connections expire, waiting requests time out, others are sent again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use httparallel_proto::Phase;
use httparallel_proto::timeouts::Deadline;

use super::shared::Shared;
use crate::panics::caught;

/// When the housekeeper wakes next, so that others need not wake it for something later.
#[derive(Debug)]
pub(super) struct Alarm {
    epoch: Instant,
    /// Milliseconds after `epoch`; `u64::MAX` while it sleeps without an end.
    at: AtomicU64,
}

impl Alarm {
    pub(super) fn new() -> Self {
        Self { epoch: Instant::now(), at: AtomicU64::new(u64::MAX) }
    }

    fn set(&self, at: Option<Instant>) {
        self.at.store(at.map_or(u64::MAX, |at| self.millis(at)), Ordering::Release);
    }

    fn is_later_than(&self, at: Instant) -> bool {
        self.at.load(Ordering::Acquire) > self.millis(at)
    }

    fn millis(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.epoch).as_millis()).unwrap_or(u64::MAX)
    }
}

impl Shared {
    /// Makes sure that the housekeeper wakes by then.
    pub(crate) fn watch(&self, at: Option<Instant>) {
        if at.is_some_and(|at| self.housekeeper.is_later_than(at)) {
            self.chores.notify_one();
        }
    }
}

/// The housekeeper of one client. Ends when the client is gone or closed.
#[derive(Debug)]
pub(super) struct Housekeeper(pub(super) Weak<Shared>);

/// Without it nothing ends in time, so the client ends with it: when the I/O thread is shut down, which drops
/// all its tasks, requests in flight must fail, for nobody else will end them.
impl Drop for Housekeeper {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.close();
        }
    }
}

/// Keeps house.
pub(super) async fn run(housekeeper: Housekeeper) {
    loop {
        let Some(strong) = housekeeper.0.upgrade() else { return };
        if strong.closed.load(Ordering::Acquire) {
            return;
        }
        // Until the new alarm is set, whoever has a deadline must ring: the one it replaces may be past.
        strong.housekeeper.set(None);
        let next = tidy(&strong);
        strong.housekeeper.set(next);
        wait(strong, next).await;
    }
}

/// Waits without keeping the client alive longer than the wait.
async fn wait(shared: Arc<Shared>, until: Option<Instant>) {
    let notified = shared.chores.notified();
    match until {
        Some(at) => {
            tokio::select! {
                () = notified => {}
                () = tokio::time::sleep_until(at.into()) => {}
            }
        }
        None => notified.await,
    }
}

fn tidy(shared: &Arc<Shared>) -> Option<Instant> {
    let now = Instant::now();
    // The caller watches the deadline; to ring for it would wake the caller without end.
    let (overdue, actions, next) = shared.tell(|pool, actions| pool.expire(now, actions));
    shared.perform(actions);
    for op in overdue {
        let phase = if op.total().is_some_and(|total| total <= now) { Phase::Total } else { Phase::Pool };
        // One whose listener panics is over all the same, and must not keep the others waiting.
        let _ = caught(|| op.cancel(Deadline { at: now, phase }.error()));
    }
    [next, shared.resume_paused(now)].into_iter().flatten().min()
}
