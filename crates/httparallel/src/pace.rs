//! A rate limit at work: requests wait here for their time, and a timer of the I/O thread lets them go.

use std::sync::{Arc, Weak};
use std::time::Instant;

use httparallel_proto::admission::{self, RateLimit, Ticket};
use httparallel_proto::timeouts::Deadline;
use httparallel_proto::{Error, Kind, Phase, Result};
use parking_lot::{Mutex, MutexGuard};

use crate::completion::{Listener, Notifier};
use crate::engine::Awaited;
use crate::operation::{Interrupted, Op};
use crate::panics::caught;
use crate::runtime::{self, IoThread, PerProcess};

/// A rate limit, and what has been spent of it. Clones share it; so do clients that are given the same one.
///
/// In a forked child nothing has been spent.
#[derive(Clone, Debug)]
pub struct Pace(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit: RateLimit,
    state: PerProcess<State>,
}

#[derive(Debug)]
struct State(Mutex<Queue>);

#[derive(Debug)]
struct Queue {
    pace: admission::Pace<Waiting>,
    /// Whether a timer runs.
    is_timed: bool,
    closed: bool,
}

#[derive(Debug)]
enum Waiting {
    Op(Arc<Op>),
    Turn(Arc<Told>),
}

impl Pace {
    /// A pace that nothing has been spent of.
    pub fn new(limit: RateLimit) -> Self {
        Self(Arc::new(Inner { limit, state: PerProcess::new() }))
    }

    /// Takes the time of one request that somebody else carries out. It fails when `deadline` is reached before.
    ///
    /// Fails at once if the I/O thread cannot be started or was shut down.
    pub fn turn(&self, deadline: Option<Instant>) -> Result<Turn> {
        let io = runtime::io_thread()?;
        let told = Arc::new(Told::default());
        let state = self.state();
        let mut queue = state.0.lock();
        if queue.closed || queue.pace.start(Instant::now()) {
            drop(queue);
            told.tell(Ok(()));
            return Ok(Turn { told, pace: self.clone(), waits: None });
        }
        let ticket = queue.pace.wait(Waiting::Turn(told.clone()));
        let turn =
            Turn { told: told.clone(), pace: self.clone(), waits: Some((runtime::generation(), ticket)) };
        watch(&state, queue, io);
        if let Some(at) = deadline {
            let told = Arc::downgrade(&told);
            drop(io.handle().spawn(async move {
                tokio::time::sleep_until(at.into()).await;
                if let Some(told) = told.upgrade() {
                    told.tell(Err(Deadline { at, phase: Phase::Total }.error()));
                }
            }));
        }
        Ok(turn)
    }

    /// Lets nobody wait any longer: whoever does fails, and whoever comes goes on at once.
    pub fn close(&self) {
        close(&self.state());
    }

    /// Whether the operation's time has come. If not, it goes on when it has.
    pub(crate) fn admits(&self, op: &Arc<Op>) -> bool {
        let state = self.state();
        let mut queue = state.0.lock();
        if queue.closed || queue.pace.start(Instant::now()) {
            return true;
        }
        let ticket = queue.pace.wait(Waiting::Op(op.clone()));
        // Noted before the timer, which takes this lock, can let it go.
        if op.waits_for(Awaited::Time(ticket)) {
            watch(&state, queue, op.shared.io);
        } else {
            queue.pace.cancel(ticket);
        }
        false
    }

    pub(crate) fn give_up(&self, ticket: Ticket) {
        let given_up = self.state().0.lock().pace.cancel(ticket);
        drop(given_up);
    }

    fn state(&self) -> Arc<State> {
        let limit = self.0.limit;
        self.0.state.get(|| {
            State(Mutex::new(Queue { pace: admission::Pace::new(limit), is_timed: false, closed: false }))
        })
    }
}

impl Waiting {
    fn go_on(self) {
        match self {
            Self::Turn(told) => told.tell(Ok(())),
            Self::Op(op) => {
                if op.is_due()
                    && let Err(error) = caught(|| op.shared.assign(&op))
                {
                    op.cancel(error);
                }
            }
        }
    }

    fn fail(self) {
        match self {
            Self::Op(op) => op.cancel(op.shared.why_closed()),
            Self::Turn(told) => told.tell(Err(closed())),
        }
    }
}

fn closed() -> Error {
    Error::new(Kind::Closed, Phase::Build, "the client has been closed")
}

/// Makes sure that a timer runs.
fn watch(state: &Arc<State>, mut queue: MutexGuard<'_, Queue>, io: &IoThread) {
    let runs = std::mem::replace(&mut queue.is_timed, true);
    // A thread that was shut down drops the timer at once, which takes the lock.
    drop(queue);
    if !runs {
        drop(io.handle().spawn(keep(Timer(Arc::downgrade(state)))));
    }
}

/// Lets each go when its time has come, until nobody waits.
async fn keep(mut timer: Timer) {
    loop {
        let Some(state) = timer.0.upgrade() else { return };
        let (due, next) = take_due(&state);
        drop(state);
        for waiting in due {
            // One whose listener panics must not keep the others waiting.
            let _ = caught(|| waiting.go_on());
        }
        let Some(next) = next else { return timer.retire() };
        tokio::time::sleep_until(next.into()).await;
    }
}

/// Takes out whose time has come, and says when the next one's does.
fn take_due(state: &State) -> (Vec<Waiting>, Option<Instant>) {
    let now = Instant::now();
    let mut queue = state.0.lock();
    let due = std::iter::from_fn(|| queue.pace.due(now)).collect();
    let next = queue.pace.wakes_at();
    queue.is_timed = next.is_some();
    (due, next)
}

/// Dropped before it has retired if the I/O thread is shut down: then nobody else lets anybody go.
#[derive(Debug)]
struct Timer(Weak<State>);

impl Timer {
    fn retire(&mut self) {
        self.0 = Weak::new();
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(state) = self.0.upgrade() {
            close(&state);
        }
    }
}

fn close(state: &State) {
    let mut queue = state.0.lock();
    queue.closed = true;
    let waiting = queue.pace.clear();
    drop(queue);
    for each in waiting {
        // One whose listener panics must not keep the others waiting.
        let _ = caught(|| each.fail());
    }
}

/// The time of one request that is carried out by other means than an [`Engine`](crate::Engine).
///
/// Dropping it gives it up.
#[derive(Debug)]
pub struct Turn {
    told: Arc<Told>,
    pace: Pace,
    /// In which process, and with which ticket.
    waits: Option<(u64, Ticket)>,
}

#[derive(Debug, Default)]
struct Told(Mutex<(Option<Result<()>>, Listener)>);

impl Told {
    fn tell(&self, outcome: Result<()>) {
        let mut told = self.0.lock();
        if told.0.is_none() {
            told.0 = Some(outcome);
            let listener = std::mem::take(&mut told.1);
            drop(told);
            listener.notify();
        }
    }
}

impl Turn {
    /// `None` until the time has come; an error if it never will.
    pub fn outcome(&self) -> Option<Result<()>> {
        self.told.0.lock().0.clone()
    }

    /// Names who is told, once, when there is an outcome. Returns `false` if there is.
    pub fn listen(&self, listener: Listener) -> bool {
        let mut told = self.told.0.lock();
        if told.0.is_some() {
            return false;
        }
        told.1.add(listener);
        true
    }

    /// Blocks until there is an outcome. `interrupt` is asked from time to time, and whenever a signal arrives; its
    /// `Err` ends the wait.
    pub fn wait(&self, interrupt: &mut dyn FnMut() -> Result<(), ()>) -> Result<(), Interrupted> {
        let notifier = Arc::new(Notifier::new().map_err(|_| Interrupted)?);
        if self.listen(Listener::Thread(notifier.clone())) { notifier.wait(interrupt) } else { Ok(()) }
    }

    /// Waits no longer: whoever is next may have the time. Nothing, if the time has come.
    pub fn cancel(&self) {
        // A forked child has a queue of its own.
        if let Some((_, ticket)) = self.waits.filter(|(made_in, _)| *made_in == runtime::generation()) {
            self.pace.give_up(ticket);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.cancel();
    }
}
