//! Who is to be woken, and by whom.
//!
//! Tasks are woken one by one, and the first one may well run, and its thread sleep again, before the I/O thread gets
//! to the second. So those who run help to wake the others: from their own thread that costs them next to nothing.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;

use parking_lot::{Mutex, MutexGuard};

use crate::completion::{CompletionQueue, Notifier};
use crate::panics::caught;

/// Somebody who is to be woken.
#[derive(Debug)]
pub(crate) enum Sleeper {
    /// A Rust task, or whatever else is behind its waker.
    Task(Waker),
    /// A thread in `poll(2)`.
    Thread(Arc<Notifier>),
    /// The reader of a queue, which was not told since it emptied the queue.
    Reader(Arc<CompletionQueue>),
}

thread_local! {
    /// Whether this thread is waking others. A waker may run its task there and then, which must not help as well: a
    /// thousand of them would run inside of each other.
    static WAKES: Cell<bool> = const { Cell::new(false) };
}

impl Sleeper {
    /// A waker is somebody else's code: one that panics keeps no other from its sleeper.
    pub(crate) fn wake(self) {
        let _ = caught(|| match self {
            Self::Task(waker) => waker.wake(),
            Self::Thread(notifier) => notifier.notify(),
            Self::Reader(queue) => queue.notifier().notify(),
        });
    }
}

/// Those who are to be woken now that a round has ended.
#[derive(Debug, Default)]
pub(crate) struct Sleepers {
    row: Mutex<VecDeque<Sleeper>>,
    /// How many there are, for whoever asks without the lock.
    number: AtomicUsize,
}

impl Sleepers {
    pub(crate) fn wake_all(&self, sleepers: Vec<Sleeper>) {
        let mut row = self.row.lock();
        row.extend(sleepers);
        self.number.store(row.len(), Ordering::Relaxed);
        drop(row);
        let wakes = WAKES.replace(true);
        while let Some(sleeper) = self.next(self.row.lock()) {
            sleeper.wake();
        }
        WAKES.set(wakes);
    }

    /// Wakes those who are left, from a thread that has been woken.
    ///
    /// The lock is not waited for: there may be nobody left to give it back, in a process that was forked.
    pub(crate) fn help(&self) {
        if self.number.load(Ordering::Relaxed) == 0 || WAKES.replace(true) {
            return;
        }
        while let Some(sleeper) = self.row.try_lock().and_then(|row| self.next(row)) {
            sleeper.wake();
        }
        WAKES.set(false);
    }

    fn next(&self, mut row: MutexGuard<'_, VecDeque<Sleeper>>) -> Option<Sleeper> {
        let first = row.pop_front();
        self.number.store(row.len(), Ordering::Relaxed);
        first
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::task::Wake;
    use std::thread::{ThreadId, current, scope};

    use super::*;

    /// Helps to wake the others, on a thread of its own or on the one that wakes it, and notes who woke whom.
    struct Helper {
        number: usize,
        has_thread: bool,
        sleepers: Arc<Sleepers>,
        woken: Arc<Mutex<Vec<(usize, ThreadId)>>>,
    }

    impl Wake for Helper {
        fn wake(self: Arc<Self>) {
            self.woken.lock().push((self.number, current().id()));
            if self.has_thread {
                scope(|threads| drop(threads.spawn(|| self.sleepers.help())));
            } else {
                self.sleepers.help();
            }
            assert_ne!(self.number, 1, "a waker that panics");
        }
    }

    /// Wakes five, the first of which may have a thread of its own. How many threads woke somebody.
    fn wake_five(has_thread: bool) -> usize {
        let (sleepers, woken) = (Arc::new(Sleepers::default()), Arc::new(Mutex::new(Vec::new())));
        let waker = |number| {
            let has_thread = has_thread && number == 0;
            let helper = Helper { number, has_thread, sleepers: sleepers.clone(), woken: woken.clone() };
            Sleeper::Task(Waker::from(Arc::new(helper)))
        };
        sleepers.wake_all((0..5).map(waker).collect());
        assert_eq!(sleepers.number.load(Ordering::Relaxed), 0);
        let (numbers, threads): (Vec<_>, HashSet<_>) = std::mem::take(&mut *woken.lock()).into_iter().unzip();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
        threads.len()
    }

    #[test]
    fn who_is_woken_first_wakes_the_others() {
        // The thread that wakes the first one waits for it: whoever else is woken meanwhile is woken by the helper.
        assert_eq!(wake_five(true), 2);
    }

    #[test]
    fn who_runs_inside_of_a_wake_leaves_the_others_to_it() {
        assert_eq!(wake_five(false), 1);
    }

    #[test]
    fn a_lock_that_nobody_gives_back_keeps_nobody_waiting() {
        let sleepers = Sleepers::default();
        sleepers.number.store(1, Ordering::Relaxed);
        let _lock = sleepers.row.lock();
        sleepers.help();
    }
}
