//! A parallel block: many operations, delivered as they become ready.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use foldhash::{HashMap, HashMapExt};
use httparallel_proto::fetch::Request;
use httparallel_proto::parallel::{Budget, Plan};
use httparallel_proto::{Error, Kind, Phase, Result};
use parking_lot::{Mutex, MutexGuard};

use super::handle::Engine;
use super::shared::Shared;
use super::turns::{self, Turn};
use crate::completion::Listener;
use crate::net::Waited;
use crate::operation::{Interrupted, Op, Operation, Settings, ThreadNotifier, Upload};

/// How many bytes of bodies that nobody has collected a block holds before it reads no further.
const MAX_HELD: usize = 64 * 1024 * 1024;

/// An operation that became ready, by the number it was submitted under.
#[derive(Debug)]
pub struct Outcome {
    /// The number that [`Block::submit`] gave.
    pub number: u64,
    /// The operation.
    pub operation: Operation,
}

/// Operations that run side by side, at most `max_concurrency` at a time.
///
/// Those that wait their turn have asked the pool for nothing yet, so waiting here uses up no timeout.
/// When 64 MiB of bodies have gathered that were not delivered, no further request starts and bodies on their
/// way are read no further, until some are delivered; but for one request while none is ready, and for all
/// while a certain one is waited for. Dropping the block cancels what is not over.
#[derive(Debug)]
pub struct Block {
    shared: Arc<Shared>,
    state: Arc<BlockState>,
}

#[derive(Debug)]
struct BlockState {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    closed: bool,
    plan: Plan<Arc<Op>>,
    next_number: u64,
    /// Submitted and not yet delivered.
    pending: HashMap<u64, Arc<Op>>,
    /// Delivered with their heads; their bodies are still on their way.
    streaming: HashMap<u64, Arc<Op>>,
    /// Ready, in the order they became so; some may have been delivered by number meanwhile.
    ready: VecDeque<u64>,
    listener: Listener,
    budget: Budget,
    /// Operations that read no further for the budget's sake.
    paused: Vec<(u64, Arc<Op>)>,
    /// Turns that no operation has taken over yet, for the budget's sake.
    free_turns: usize,
}

/// An operation's way back to its block.
#[derive(Clone, Debug)]
pub(crate) struct BlockLink {
    state: Arc<BlockState>,
    number: u64,
}

impl BlockLink {
    /// The operation is ready to be delivered.
    pub(crate) fn ready(&self) {
        let mut inner = self.state.inner.lock();
        inner.ready.push_back(self.number);
        let listener = std::mem::take(&mut inner.listener);
        drop(inner);
        listener.notify();
    }

    /// The operation is over: if it `had_turn`, the next one may start.
    pub(crate) fn over(&self, had_turn: bool, lifted: bool) {
        let mut inner = self.state.inner.lock();
        inner.streaming.remove(&self.number);
        inner.budget.over(self.number);
        if lifted {
            inner.budget.settle();
        }
        inner.free_turns += usize::from(had_turn);
        release(inner);
    }

    /// The operation has to wait at its origin: the turn it had is another one's.
    pub(crate) fn rests(&self) {
        let mut inner = self.state.inner.lock();
        inner.free_turns += 1;
        release(inner);
    }

    /// The operation waits at its origin no longer. Returns whether it has a turn again; if not, it waits for one,
    /// before those that never had any.
    pub(crate) fn resumes(&self, op: &Arc<Op>) -> bool {
        if self.state.inner.lock().plan.resume(op.clone()).is_none() {
            return false;
        }
        let goes_on = op.take_turn();
        if !goes_on {
            self.rests();
        }
        goes_on
    }

    /// Bytes of the operation's body have arrived. Returns whether it must stop reading: the block holds as
    /// much as it may. It is resumed when that changes.
    pub(crate) fn hold(&self, op: &Arc<Op>, bytes: usize) -> bool {
        let mut inner = self.state.inner.lock();
        inner.budget.hold(bytes);
        let ready = inner.has_ready();
        if inner.budget.may_read(self.number, ready) {
            return false;
        }
        op.state.lock().paused = true;
        inner.paused.push((self.number, op.clone()));
        true
    }

    /// Somebody waits for this operation, whatever else is ready.
    pub(crate) fn awaited(&self) {
        let mut inner = self.state.inner.lock();
        inner.budget.lift();
        release(inner);
    }
}

/// Starts and resumes what the budget allows now.
fn release(mut inner: MutexGuard<'_, Inner>) {
    let mut started = Vec::new();
    while inner.free_turns > 0 && inner.budget.may_start() {
        inner.free_turns -= 1;
        // Those that were cancelled while they waited give their turn to the next one.
        started.extend(std::iter::from_fn(|| inner.plan.finished()).find(|op| op.take_turn()));
    }
    let resumed = inner.resumable();
    drop(inner);
    for op in resumed {
        op.resume();
    }
    for op in started {
        turns::take(Turn::Launch(op));
    }
}

impl Block {
    /// An empty block on a client. `max_concurrency`: `None` for no limit but the pool's.
    pub fn new(engine: &Engine, max_concurrency: Option<usize>) -> Result<Self> {
        Self::holding(engine, max_concurrency, MAX_HELD)
    }

    /// Like [`new`](Self::new), with another limit than 64 MiB on the bodies that gather.
    pub fn holding(engine: &Engine, max_concurrency: Option<usize>, max_held: usize) -> Result<Self> {
        let shared = engine.shared()?;
        shared.check_open()?;
        let inner = Inner {
            closed: false,
            plan: Plan::new(max_concurrency),
            next_number: 0,
            pending: HashMap::new(),
            streaming: HashMap::new(),
            ready: VecDeque::new(),
            listener: Listener::Nobody,
            budget: Budget::new(max_held),
            paused: Vec::new(),
            free_turns: 0,
        };
        let state = Arc::new(BlockState { inner: Mutex::new(inner) });
        Ok(Self { shared, state })
    }

    /// Adds a request. It starts at once, or when its turn comes.
    pub fn submit(
        &self,
        request: Request,
        mut settings: Settings,
        upload: Option<Arc<Upload>>,
    ) -> Result<(u64, Operation)> {
        // The block's thread goes on with its own work meanwhile, so it cannot drive connections.
        settings.blocking = false;
        if self.shared.is_foreign() {
            let message = "the parallel block was made before this process forked; make one in the child";
            return Err(Error::new(Kind::Closed, Phase::Build, message));
        }
        let mut inner = self.state.inner.lock();
        if inner.closed {
            return Err(Error::new(Kind::Closed, Phase::Build, "the parallel block has ended"));
        }
        let number = inner.next_number;
        inner.next_number += 1;
        let link = BlockLink { state: self.state.clone(), number };
        let op = Op::new(self.shared.clone(), request, settings, upload, Some(link));
        inner.pending.insert(number, op.clone());
        let start = inner.plan.submit(op.clone());
        drop(inner);
        if start.is_some() && op.take_turn() {
            self.shared.launch(&op);
        }
        Ok((number, Operation(op)))
    }

    /// How many were submitted and not delivered.
    pub fn pending(&self) -> usize {
        self.state.inner.lock().pending.len()
    }

    /// How many bytes of bodies have gathered that were not delivered.
    pub fn held(&self) -> usize {
        self.state.inner.lock().budget.held()
    }

    /// An operation that was not delivered yet, by its number.
    pub fn operation(&self, number: u64) -> Option<Operation> {
        self.state.inner.lock().pending.get(&number).cloned().map(Operation)
    }

    /// Delivers the operation that became ready first, if any is.
    pub fn try_next(&self) -> Option<Outcome> {
        let mut inner = self.state.inner.lock();
        let outcome = inner.pop_ready();
        release(inner);
        outcome
    }

    /// Delivers all operations that are ready, in the order they became so.
    pub fn drain(&self, into: &mut Vec<Outcome>) {
        let mut inner = self.state.inner.lock();
        while let Some(outcome) = inner.pop_ready() {
            into.push(outcome);
        }
        release(inner);
    }

    /// Counts an operation as delivered; it will not come from [`next`](Self::next) any more.
    pub fn take(&self, number: u64) -> bool {
        let mut inner = self.state.inner.lock();
        let delivered = inner.deliver(number).is_some();
        release(inner);
        delivered
    }

    /// Names who is told, once, when an operation becomes ready. Returns `false` if one is.
    pub fn listen(&self, listener: Listener) -> bool {
        let mut inner = self.state.inner.lock();
        if inner.has_ready() {
            return false;
        }
        inner.listener.add(listener);
        true
    }

    /// Blocks until an operation is ready, and delivers it. `None` if none is pending.
    pub fn next(
        &self,
        interrupt: &mut dyn FnMut() -> Result<(), ()>,
    ) -> Result<Option<Outcome>, Interrupted> {
        loop {
            if let Some(outcome) = self.try_next() {
                return Ok(Some(outcome));
            }
            if self.pending() == 0 {
                return Ok(None);
            }
            self.wait(interrupt)?;
        }
    }

    /// Blocks until an operation is ready.
    pub fn wait(&self, interrupt: &mut dyn FnMut() -> Result<(), ()>) -> Result<(), Interrupted> {
        self.wait_for(None, interrupt)
    }

    /// Blocks until an operation is ready, or that time has passed. `None` for no limit.
    pub fn wait_for(
        &self,
        limit: Option<Duration>,
        interrupt: &mut dyn FnMut() -> Result<(), ()>,
    ) -> Result<(), Interrupted> {
        let until = limit.and_then(|limit| Instant::now().checked_add(limit));
        let Ok(notifier) = ThreadNotifier::take() else { return Err(Interrupted) };
        if !self.listen(notifier.listener()) {
            return Ok(());
        }
        match notifier.wait(until, interrupt) {
            Waited::Interrupted => Err(Interrupted),
            _ => Ok(()),
        }
    }

    /// Cancels everything that is not over. When this returns, no request of the block is on its way. In a
    /// forked child this does nothing: the requests are the parent's.
    pub fn close(&self) {
        if self.shared.is_foreign() {
            return;
        }
        let mut inner = self.state.inner.lock();
        inner.closed = true;
        // Those that never started have nothing to cancel, but their owners may wait for them.
        let waiting = inner.plan.clear();
        let mut pending: Vec<_> = inner.pending.drain().map(|(_, op)| op).collect();
        pending.extend(inner.streaming.drain().map(|(_, op)| op));
        inner.ready.clear();
        let paused = std::mem::take(&mut inner.paused);
        drop(inner);
        drop((waiting, paused));
        for op in pending {
            Operation(op).cancel();
        }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.close();
    }
}

impl Inner {
    fn pop_ready(&mut self) -> Option<Outcome> {
        while let Some(number) = self.ready.pop_front() {
            if let Some(op) = self.deliver(number) {
                return Some(Outcome { number, operation: Operation(op) });
            }
        }
        None
    }

    /// Takes an operation out of those that wait to be delivered. One whose body is still on its way is the
    /// block's to cancel until it is over; [`BlockLink::finished`] tells, under the same lock.
    fn deliver(&mut self, number: u64) -> Option<Arc<Op>> {
        let op = self.pending.remove(&number)?;
        let mut state = op.state.lock();
        self.budget.collect(std::mem::take(&mut state.held));
        let ended = state.outcome.is_some();
        drop(state);
        if !ended {
            self.streaming.insert(number, op.clone());
        }
        Some(op)
    }

    /// Takes out the paused operations that may read on.
    fn resumable(&mut self) -> Vec<Arc<Op>> {
        if self.paused.is_empty() {
            return Vec::new();
        }
        let ready = self.has_ready();
        let mut resumed = Vec::new();
        for (number, op) in std::mem::take(&mut self.paused) {
            if op.state.lock().outcome.is_some() {
                // Cancelled: it must not lead.
            } else if self.budget.may_read(number, ready) {
                resumed.push(op);
            } else {
                self.paused.push((number, op));
            }
        }
        resumed
    }

    fn has_ready(&mut self) -> bool {
        while let Some(number) = self.ready.front() {
            if self.pending.contains_key(number) {
                return true;
            }
            self.ready.pop_front();
        }
        false
    }
}
