//! From the engine into an event loop: one file descriptor per loop, one wake-up per batch.
//!
//! The loop watches the descriptor. The engine knows tokens only; the Python objects that wait for them are
//! kept here, on the loop's side, and never touched by the I/O thread.

use std::sync::Arc;

use httparallel::{CompletionQueue, Listener, Operation};
use parking_lot::Mutex;
use pyo3::exceptions::{PyOSError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyList;
use slab::Slab;
use std::os::fd::AsRawFd;

use super::block::PyBlock;
use super::futures;
use super::operation::{PyOperation, TOKENS};
use super::pace::PyTurn;
use super::room::give_room;
use super::upload::PyUpload;

/// What an event loop waits for: Python objects by token.
#[pyclass(frozen, module = "httparallel._native")]
pub(crate) struct Completions {
    queue: Arc<CompletionQueue>,
    /// Never held while Python code runs.
    waiters: Mutex<Slab<Waiter>>,
}

/// Slots are used again; the serial tells a late token from the slot's new owner.
struct Waiter {
    serial: u32,
    object: Py<PyAny>,
    /// The operation whose response it waits for, which may ask for room before.
    operation: Option<Operation>,
}

#[pymethods]
impl Completions {
    #[new]
    fn new() -> PyResult<Self> {
        let queue = CompletionQueue::new().map_err(PyOSError::new_err)?;
        Ok(Self { queue: Arc::new(queue), waiters: Mutex::new(Slab::new()) })
    }

    /// The descriptor to watch for reading.
    fn fileno(&self) -> i32 {
        self.queue.notifier().as_raw_fd()
    }

    /// Waits on behalf of `waiter` for an operation to be ready, with `body=True` for more of its body, for a
    /// block to have something ready, for an upload to have room, or for a turn to come. Returns a token, or `None` if there is
    /// nothing to wait for.
    #[pyo3(signature = (source, waiter, body=false))]
    fn register(&self, source: &Bound<'_, PyAny>, waiter: Py<PyAny>, body: bool) -> PyResult<Option<u64>> {
        let operation = source.cast::<PyOperation>().ok().map(|operation| &operation.get().inner);
        let token = self.insert(waiter, operation.filter(|_| !body).cloned());
        let waits = if let Some(operation) = operation {
            if body {
                operation.listen_body(Listener::Queue(self.queue.clone(), token))
            } else {
                self.listen(source.py(), operation, token)
            }
        } else if let Ok(block) = source.cast::<PyBlock>() {
            block.get().inner.listen(Listener::Queue(self.queue.clone(), token))
        } else if let Ok(upload) = source.cast::<PyUpload>() {
            upload.get().listen(&self.queue, token)
        } else if let Ok(turn) = source.cast::<PyTurn>() {
            turn.get().listen(&self.queue, token)
        } else {
            self.remove(token);
            return Err(PyTypeError::new_err("an Operation, a Block, an Upload or a Turn is waited for"));
        };
        if waits {
            return Ok(Some(token));
        }
        self.remove(token);
        Ok(None)
    }

    /// Forgets a waiter that no longer waits.
    fn forget(&self, token: u64) {
        // Dropped outside the lock: it may run Python code.
        let waiter = self.remove(token);
        drop(waiter);
    }

    /// Resolves the asyncio futures that wait for what has happened.
    fn resolve(&self, py: Python<'_>) -> PyResult<()> {
        futures::resolve(py, self.take_ready(py))
    }

    /// Takes the waiters for what has happened.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.take_ready(py))
    }
}

impl Completions {
    fn insert(&self, object: Py<PyAny>, operation: Option<Operation>) -> u64 {
        use std::sync::atomic::{AtomicU32, Ordering};
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let slot = self.waiters.lock().insert(Waiter { serial, object, operation });
        (u64::from(serial) << 32) | slot as u64
    }

    fn remove(&self, token: u64) -> Option<Py<PyAny>> {
        let (serial, slot) = parts(token);
        let mut waiters = self.waiters.lock();
        let known = waiters.get(slot).is_some_and(|waiter| waiter.serial == serial);
        known.then(|| waiters.remove(slot).object)
    }

    /// Has the operation's next event told as `token`; gives it the room that it asks for. `false` if it is ready.
    fn listen(&self, py: Python<'_>, operation: &Operation, token: u64) -> bool {
        while !operation.listen(Listener::Queue(self.queue.clone(), token)) {
            if !operation.asks_for_room() {
                return false;
            }
            give_room(py, operation);
        }
        true
    }

    /// Whether the waiter goes on waiting, because its operation only asked for room.
    fn goes_on(&self, py: Python<'_>, token: u64) -> bool {
        let (serial, slot) = parts(token);
        let waiters = self.waiters.lock();
        let waiter = waiters.get(slot).filter(|waiter| waiter.serial == serial);
        let asking =
            waiter.and_then(|waiter| waiter.operation.as_ref()).filter(|op| op.asks_for_room()).cloned();
        drop(waiters);
        asking.is_some_and(|operation| self.listen(py, &operation, token))
    }

    fn take_ready(&self, py: Python<'_>) -> Vec<Py<PyAny>> {
        TOKENS.with_borrow_mut(|tokens| {
            self.queue.drain(tokens);
            let ready = tokens.drain(..).filter(|token| !self.goes_on(py, *token));
            ready.filter_map(|token| self.remove(token)).collect()
        })
    }
}

/// The serial and the slot of a token.
fn parts(token: u64) -> (u32, usize) {
    ((token >> 32) as u32, (token & 0xffff_ffff) as usize)
}
