//! Rounds of the I/O thread: it reads everything that the sockets have to say, then writes, then wakes.
//!
//! Whoever is woken takes the processor, often the I/O thread's own. So the thread first serves everything that
//! the sockets had to say this round, then wakes whom it concerns, who find all of it in one batch. For the same
//! reason requests that take the place of those that were answered are written together, at the round's end: a
//! server on the same machine, or one that idles, is woken for the first of them and finds the others. Other
//! threads write their requests themselves while few are on their way, which is quickest, and else leave them to
//! the end of a round, too.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::engine::Shared;
use crate::h1::Attached;
use crate::inbox::{Errand, Inbox};
use crate::sleepers::{Sleeper, Sleepers};

thread_local! {
    /// `None` but on an I/O thread.
    static ROUND: RefCell<Option<Round>> = const { RefCell::new(None) };
}

#[derive(Debug, Default)]
struct Round {
    /// Connections with a request to write.
    corked: Vec<(Arc<Attached>, Arc<Shared>)>,
    sleepers: Vec<Sleeper>,
    /// Runs after everything that is ready to run already.
    end: Option<Waker>,
}

impl Round {
    /// Whether its end has been asked for.
    fn has_something(&self) -> bool {
        !self.corked.is_empty() || !self.sleepers.is_empty()
    }
}

/// Wakes somebody: at the round's end on the I/O thread, at once elsewhere.
pub(crate) fn wake(sleeper: Sleeper) {
    let left = at_the_end(sleeper, |round, sleeper| round.sleepers.push(sleeper));
    if let Some(sleeper) = left {
        sleeper.wake();
    }
}

/// Has a connection's request written at the end of a round. `false` if it is to be written at once.
pub(crate) fn cork(connection: &Arc<Attached>, shared: &Arc<Shared>) -> bool {
    let corked = (connection.clone(), shared.clone());
    let Some((connection, shared)) = at_the_end(corked, |round, corked| round.corked.push(corked)) else {
        return true;
    };
    let inbox = shared.io.inbox();
    inbox.is_busy() && inbox.leave(Errand::Write(connection, shared)).is_none()
}

/// Leaves something to the round's end; gives it back on a thread without rounds.
fn at_the_end<T>(what: T, leave: impl FnOnce(&mut Round, T)) -> Option<T> {
    ROUND.with_borrow_mut(|round| match round {
        Some(round) if round.end.is_some() => {
            if !round.has_something()
                && let Some(end) = &round.end
            {
                end.wake_by_ref();
            }
            leave(round, what);
            None
        }
        _ => Some(what),
    })
}

/// The task of an I/O thread that ends its rounds. Dropping it wakes who is left; nobody waits for rounds then.
#[derive(Debug)]
pub(crate) struct RoundEnds {
    inbox: Arc<Inbox>,
    sleepers: Arc<Sleepers>,
}

impl RoundEnds {
    /// Makes this thread, on which the task must run, wake others at the ends of rounds.
    pub(crate) fn new(inbox: Arc<Inbox>, sleepers: Arc<Sleepers>) -> Self {
        ROUND.with_borrow_mut(|round| *round = Some(Round::default()));
        Self { inbox, sleepers }
    }
}

impl Future for RoundEnds {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // Writing may end requests, which starts others and wakes whom it concerns.
        let corked = take(|round| {
            round.end.get_or_insert_with(|| cx.waker().clone()).clone_from(cx.waker());
            &mut round.corked
        });
        let now = Instant::now();
        for (connection, shared) in corked {
            connection.uncork(&shared, now);
        }
        for errand in self.inbox.take(cx.waker()) {
            errand.run(now);
        }
        self.sleepers.wake_all(take(|round| &mut round.sleepers));
        // What came meanwhile found somebody there and woke nobody.
        if ROUND.with_borrow(|round| round.as_ref().is_some_and(Round::has_something)) {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

fn take<T>(of: impl FnOnce(&mut Round) -> &mut Vec<T>) -> Vec<T> {
    ROUND.with_borrow_mut(|round| round.as_mut().map(|round| std::mem::take(of(round)))).unwrap_or_default()
}

impl Drop for RoundEnds {
    fn drop(&mut self) {
        self.inbox.close();
        let round = ROUND.with_borrow_mut(Option::take);
        self.sleepers.wake_all(round.map(|round| round.sleepers).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;
    use crate::completion::{CompletionQueue, Notifier};

    struct Nothing;

    impl Wake for Nothing {
        fn wake(self: Arc<Self>) {}
    }

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn is_told(notifier: &Notifier) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(notifier, PollFlags::IN)], Some(&now)).is_ok_and(|told| told == 1)
    }

    #[test]
    fn a_thread_without_rounds_wakes_at_once() -> std::io::Result<()> {
        let notifier = Arc::new(Notifier::new()?);
        wake(Sleeper::Thread(notifier.clone()));
        assert!(is_told(&notifier));
        Ok(())
    }

    #[test]
    fn an_io_thread_wakes_at_the_end_of_a_round_or_of_its_own() -> std::io::Result<()> {
        let (first, second) = (Arc::new(Notifier::new()?), Arc::new(Notifier::new()?));
        let waker = Waker::from(Arc::new(Nothing));
        let mut cx = Context::from_waker(&waker);
        let mut ends = Box::pin(RoundEnds::new(Arc::default(), Arc::default()));
        assert!(ends.as_mut().poll(&mut cx).is_pending());
        wake(Sleeper::Thread(first.clone()));
        assert!(!is_told(&first));
        assert!(ends.as_mut().poll(&mut cx).is_pending());
        assert!(is_told(&first));
        wake(Sleeper::Thread(second.clone()));
        assert!(!is_told(&second));
        drop(ends);
        assert!(is_told(&second));
        Ok(())
    }

    /// Wakes somebody else in its turn.
    struct Chain(Arc<Notifier>);

    impl Wake for Chain {
        fn wake(self: Arc<Self>) {
            wake(Sleeper::Thread(self.0.clone()));
        }
    }

    #[test]
    fn what_comes_while_a_round_ends_asks_for_another_end() -> std::io::Result<()> {
        let woken = Arc::new(Counted::default());
        let waker = Waker::from(woken.clone());
        let mut cx = Context::from_waker(&waker);
        let mut ends = Box::pin(RoundEnds::new(Arc::default(), Arc::default()));
        assert!(ends.as_mut().poll(&mut cx).is_pending());
        let notifier = Arc::new(Notifier::new()?);
        wake(Sleeper::Task(Waker::from(Arc::new(Chain(notifier.clone())))));
        wake(Sleeper::Task(Waker::from(Arc::new(Chain(notifier.clone())))));
        let before = woken.0.load(Ordering::Relaxed);
        assert!(ends.as_mut().poll(&mut cx).is_pending());
        assert!(!is_told(&notifier) && woken.0.load(Ordering::Relaxed) > before);
        assert!(ends.as_mut().poll(&mut cx).is_pending());
        assert!(is_told(&notifier));
        Ok(())
    }

    #[test]
    fn a_reader_that_is_told_late_is_told_once() -> std::io::Result<()> {
        let waker = Waker::from(Arc::new(Nothing));
        let mut cx = Context::from_waker(&waker);
        let mut ends = Box::pin(RoundEnds::new(Arc::default(), Arc::default()));
        assert!(ends.as_mut().poll(&mut cx).is_pending());
        let queue = Arc::new(CompletionQueue::new()?);
        let mut tokens = Vec::new();
        queue.push(7);
        queue.drain(&mut tokens);
        assert_eq!(tokens, [7]);
        // Too late: the token was found before.
        assert!(ends.as_mut().poll(&mut cx).is_pending());
        assert!(is_told(queue.notifier()));
        queue.drain(&mut tokens);
        assert!(!is_told(queue.notifier()));
        Ok(())
    }
}
