//! What other threads leave to an I/O thread: it is woken for the first errand, and finds the others with it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Instant;

use parking_lot::Mutex;

use crate::engine::Shared;
use crate::h1::Attached;
use crate::panics::caught;

/// How many requests have to be on their way before another thread leaves its own to the I/O thread. A single one
/// must not wait for that; with some more, the I/O thread has work anyway.
const BUSY: usize = 4;

/// How many errands are run before what the sockets have to say is looked at again: with a thousand connections to
/// open, the first requests leave while the others are still being opened, and responses wait for none of that.
const AT_ONCE: usize = 128;

/// Something to be done on the I/O thread.
pub(crate) enum Errand {
    /// Write the request of a connection.
    Write(Arc<Attached>, Arc<Shared>),
    /// Start a task.
    Start(Box<dyn FnOnce() + Send>),
}

impl Errand {
    pub(crate) fn run(self, now: Instant) {
        match self {
            Self::Write(connection, shared) => connection.uncork(&shared, now),
            Self::Start(start) => drop(caught(start)),
        }
    }
}

impl fmt::Debug for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Write(..) => "Write",
            Self::Start(_) => "Start",
        })
    }
}

/// The load of an I/O thread, and its errands.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// Requests on HTTP/1.1 connections that it reads.
    under_way: AtomicUsize,
    /// `None` while nobody would run them.
    errands: Mutex<Option<Errands>>,
}

#[derive(Debug)]
struct Errands {
    row: Vec<Errand>,
    /// The task that runs them.
    runner: Waker,
}

impl Inbox {
    /// Counts a request as under way, until what this gives is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(self.clone())
    }

    /// Whether so many requests are under way that the I/O thread has work anyway.
    pub(crate) fn is_busy(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) > BUSY
    }

    /// Leaves an errand. Gives it back if nobody would run it.
    pub(crate) fn leave(&self, errand: Errand) -> Option<Errand> {
        let mut errands = self.errands.lock();
        let Some(Errands { row, runner }) = &mut *errands else { return Some(errand) };
        row.push(errand);
        // For the others it has been woken already.
        let runner = (row.len() == 1).then(|| runner.clone());
        drop(errands);
        if let Some(runner) = runner {
            runner.wake();
        }
        None
    }

    /// Takes the first errands. `runner`, which is woken if there are more, will take those, and what comes later.
    pub(crate) fn take(&self, runner: &Waker) -> Vec<Errand> {
        let mut errands = self.errands.lock();
        let errands = errands.get_or_insert_with(|| Errands { row: Vec::new(), runner: runner.clone() });
        errands.runner.clone_from(runner);
        let later = errands.row.split_off(errands.row.len().min(AT_ONCE));
        if !later.is_empty() {
            runner.wake_by_ref();
        }
        std::mem::replace(&mut errands.row, later)
    }

    /// Nobody runs errands any more. Those that were left are dropped.
    pub(crate) fn close(&self) {
        let errands = self.errands.lock().take();
        // Without the lock: what they hold may be the last of a client.
        drop(errands);
    }
}

/// A request that is under way.
#[derive(Debug)]
pub(crate) struct UnderWay(Arc<Inbox>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn nothing() -> Errand {
        Errand::Start(Box::new(|| {}))
    }

    #[test]
    fn the_runner_is_woken_for_the_first_errand() {
        let (inbox, woken) = (Inbox::default(), Arc::new(Woken::default()));
        let runner = Waker::from(woken.clone());
        assert!(inbox.leave(nothing()).is_some());
        assert!(inbox.take(&runner).is_empty());
        for _ in 0..2 {
            let before = woken.0.load(Ordering::Relaxed);
            (0..3).for_each(|_| assert!(inbox.leave(nothing()).is_none()));
            assert_eq!(woken.0.load(Ordering::Relaxed), before + 1);
            assert_eq!(inbox.take(&runner).len(), 3);
        }
        inbox.close();
        assert!(inbox.leave(nothing()).is_some());
    }

    #[test]
    fn many_errands_are_taken_in_parts() {
        let (inbox, woken) = (Inbox::default(), Arc::new(Woken::default()));
        let runner = Waker::from(woken.clone());
        assert!(inbox.take(&runner).is_empty());
        (0..=2 * AT_ONCE).for_each(|_| assert!(inbox.leave(nothing()).is_none()));
        for (wakes, number) in [(2, AT_ONCE), (3, AT_ONCE), (3, 1), (3, 0)] {
            assert_eq!(inbox.take(&runner).len(), number);
            assert_eq!(woken.0.load(Ordering::Relaxed), wakes);
        }
    }

    #[test]
    fn a_few_requests_are_no_load() {
        let inbox = Arc::new(Inbox::default());
        let mut under_way: Vec<_> = (0..BUSY).map(|_| inbox.enter()).collect();
        assert!(!inbox.is_busy());
        under_way.push(inbox.enter());
        assert!(inbox.is_busy());
        under_way.clear();
        assert!(!inbox.is_busy());
    }
}
