//! Waiting for an operation on the calling thread.

use std::cell::RefCell;
use std::sync::Arc;

use httparallel_proto::{Error, Kind, Phase, Result};

use super::{Op, Operation};
use crate::completion::{Listener, Notifier};
use crate::h1::drive;
use crate::net::{Interrupt, Waited, wait_readable};

/// The wait was ended by the caller's interrupt check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

thread_local! {
    /// The descriptor this thread waits on, kept because making one costs two system calls.
    static NOTIFIER: RefCell<Option<(u64, Arc<Notifier>)>> = const { RefCell::new(None) };
}

/// This thread's notifier, not readable.
pub(crate) fn thread_notifier() -> Result<Arc<Notifier>> {
    NOTIFIER.with_borrow_mut(|kept| {
        let generation = crate::runtime::generation();
        match kept {
            // A forked child shares its parent's descriptors: it makes one of its own.
            Some((made_in, notifier)) if *made_in == generation && Arc::strong_count(notifier) == 1 => {
                notifier.clear();
                Ok(notifier.clone())
            }
            _ => {
                let notifier = Arc::new(Notifier::new().map_err(|error| {
                    Error::new(Kind::Internal, Phase::Build, "no file descriptor is left to wait on")
                        .with_source(error)
                })?);
                *kept = Some((generation, notifier.clone()));
                Ok(notifier)
            }
        }
    })
}

impl Operation {
    /// Blocks until the operation is ready. `interrupt` is asked from time to time, and whenever a signal
    /// arrives; its `Err` ends the wait, and cancels the operation unless it is a block's.
    pub fn wait(&self, interrupt: &mut dyn FnMut() -> Result<(), ()>) -> Result<(), Interrupted> {
        block_until(&self.0, interrupt, Op::is_ready, Op::listen)
    }

    /// Blocks until more of the body has arrived, or there is no more.
    pub fn wait_body(&self, interrupt: &mut dyn FnMut() -> Result<(), ()>) -> Result<(), Interrupted> {
        let ready = |op: &Op| {
            let state = op.state.lock();
            state.outcome.is_some() || !state.body.is_empty()
        };
        block_until(&self.0, interrupt, ready, Op::listen_body)
    }
}

fn block_until(
    op: &Arc<Op>,
    interrupt: Interrupt<'_>,
    ready: impl Fn(&Op) -> bool,
    listen: impl Fn(&Op, Listener) -> bool,
) -> Result<(), Interrupted> {
    loop {
        if ready(op) {
            return Ok(());
        }
        let granted = op.state.lock().granted.take();
        let waited = match granted {
            Some(granted) => drive(op, granted, &ready, interrupt),
            None => wait_told(op, &listen, interrupt),
        };
        if waited == Waited::Interrupted {
            // An operation of a block goes on: it is the block's to cancel.
            if op.block.is_none() {
                Operation(op.clone()).cancel();
            }
            return Err(Interrupted);
        }
    }
}

/// Waits until the operation's listener is told: it is ready, or a connection was granted.
fn wait_told(op: &Arc<Op>, listen: impl Fn(&Op, Listener) -> bool, interrupt: Interrupt<'_>) -> Waited {
    let notifier = match thread_notifier() {
        Ok(notifier) => notifier,
        Err(error) => {
            op.cancel(error);
            return Waited::Ready;
        }
    };
    if !listen(op, Listener::Thread(notifier.clone())) || op.state.lock().granted.is_some() {
        return Waited::Ready;
    }
    wait_readable(&*notifier, None, interrupt)
}
