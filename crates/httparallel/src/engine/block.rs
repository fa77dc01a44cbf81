//! A parallel block: many operations, delivered as they become ready.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use httparallel_proto::fetch::Request;
use httparallel_proto::parallel::Plan;
use httparallel_proto::{Error, Kind, Phase, Result};
use parking_lot::Mutex;

use super::handle::Engine;
use super::shared::Shared;
use super::turns::{self, Turn};
use crate::completion::Listener;
use crate::net::{Waited, wait_readable};
use crate::operation::{Interrupted, Op, Operation, Settings, Upload, thread_notifier};

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
/// Dropping the block cancels what is not over.
#[derive(Debug)]
pub struct Block {
    shared: Arc<Shared>,
    state: Arc<BlockState>,
}

#[derive(Debug)]
struct BlockState {
    inner: Mutex<Inner>,
    closed: AtomicBool,
}

#[derive(Debug)]
struct Inner {
    plan: Plan<Arc<Op>>,
    next_number: u64,
    /// Submitted and not yet delivered.
    pending: HashMap<u64, Arc<Op>>,
    /// Delivered with their heads; their bodies are still on their way.
    streaming: HashMap<u64, Arc<Op>>,
    /// Ready, in the order they became so; some may have been delivered by number meanwhile.
    ready: VecDeque<u64>,
    listener: Listener,
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

    /// An operation that had started is over: the next one may start.
    pub(crate) fn finished(&self) {
        if let Some(op) = self.next() {
            turns::take(Turn::Launch(op));
        }
    }

    /// The next operation whose turn it is. Those that were cancelled while they waited give it up.
    fn next(&self) -> Option<Arc<Op>> {
        let mut inner = self.state.inner.lock();
        inner.streaming.remove(&self.number);
        std::iter::from_fn(|| inner.plan.finished()).find(|op| op.take_turn())
    }
}

impl Block {
    /// An empty block on a client. `max_concurrency`: `None` for no limit but the pool's.
    pub fn new(engine: &Engine, max_concurrency: Option<usize>) -> Result<Self> {
        let shared = engine.shared()?;
        shared.check_open()?;
        let inner = Inner {
            plan: Plan::new(max_concurrency),
            next_number: 0,
            pending: HashMap::new(),
            streaming: HashMap::new(),
            ready: VecDeque::new(),
            listener: Listener::Nobody,
        };
        let state = Arc::new(BlockState { inner: Mutex::new(inner), closed: AtomicBool::new(false) });
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
        if self.state.closed.load(Ordering::Acquire) {
            return Err(Error::new(Kind::Closed, Phase::Build, "the parallel block has ended"));
        }
        let mut inner = self.state.inner.lock();
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

    /// Delivers the operation that became ready first, if any is.
    pub fn try_next(&self) -> Option<Outcome> {
        self.state.inner.lock().pop_ready()
    }

    /// Delivers all operations that are ready, in the order they became so.
    pub fn drain(&self, into: &mut Vec<Outcome>) {
        let mut inner = self.state.inner.lock();
        while let Some(outcome) = inner.pop_ready() {
            into.push(outcome);
        }
    }

    /// Counts an operation as delivered; it will not come from [`next`](Self::next) any more.
    pub fn take(&self, number: u64) -> bool {
        self.state.inner.lock().deliver(number).is_some()
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
        let Ok(notifier) = thread_notifier() else { return Err(Interrupted) };
        if !self.listen(Listener::Thread(notifier.clone())) {
            return Ok(());
        }
        match wait_readable(&*notifier, None, interrupt) {
            Waited::Interrupted => Err(Interrupted),
            _ => Ok(()),
        }
    }

    /// Cancels everything that is not over. When this returns, no request of the block is on its way.
    pub fn close(&self) {
        self.state.closed.store(true, Ordering::Release);
        let mut inner = self.state.inner.lock();
        // Those that never started have nothing to cancel, but their owners may wait for them.
        let waiting = inner.plan.clear();
        let mut pending: Vec<_> = inner.pending.drain().map(|(_, op)| op).collect();
        pending.extend(inner.streaming.drain().map(|(_, op)| op));
        inner.ready.clear();
        drop(inner);
        drop(waiting);
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
        if op.state.lock().outcome.is_none() {
            self.streaming.insert(number, op.clone());
        }
        Some(op)
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
