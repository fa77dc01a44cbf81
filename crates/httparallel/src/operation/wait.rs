//! Waiting for an operation on the calling thread.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use httparallel_proto::{Error, Kind, Phase, Result};

use super::{Op, Operation};
use crate::completion::{Listener, Notifier};
use crate::h1::drive;
use crate::net::{Interrupt, Waited, wait_readable};

/// The wait was ended by the caller's interrupt check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

thread_local! {
    /// The descriptor this thread waits on, kept because making one costs two system calls. `None` before the
    /// first wait, and during one: a signal handler that waits in its turn needs another one.
    static KEPT: Cell<Option<(u64, Arc<Notifier>)>> = const { Cell::new(None) };
}

/// This thread's notifier, for one wait.
///
/// Whoever told an earlier wait may be late, and tell this one. So waits look again at what they wait for.
#[derive(Debug)]
pub(crate) struct ThreadNotifier {
    generation: u64,
    notifier: Arc<Notifier>,
}

impl ThreadNotifier {
    /// Takes it, not readable.
    pub(crate) fn take() -> Result<Self> {
        let generation = crate::runtime::generation();
        // A forked child shares its parent's descriptors: it makes one of its own.
        let kept = KEPT.try_with(Cell::take).ok().flatten();
        if let Some((_, notifier)) = kept.filter(|(made_in, _)| *made_in == generation) {
            notifier.clear();
            return Ok(Self { generation, notifier });
        }
        let notifier = Notifier::new().map_err(|error| {
            Error::new(Kind::Internal, Phase::Build, "no file descriptor is left to wait on")
                .with_source(error)
        })?;
        Ok(Self { generation, notifier: Arc::new(notifier) })
    }

    pub(crate) fn listener(&self) -> Listener {
        Listener::Thread(self.notifier.clone())
    }

    /// Blocks until it is told, or until that moment.
    pub(crate) fn wait(&self, until: Option<Instant>, interrupt: Interrupt<'_>) -> Waited {
        wait_readable(&*self.notifier, until, interrupt)
    }
}

impl Drop for ThreadNotifier {
    fn drop(&mut self) {
        let kept = (self.generation, self.notifier.clone());
        // At the thread's end there is nowhere to keep it any more.
        let _ = KEPT.try_with(|place| place.set(Some(kept)));
    }
}

impl Operation {
    /// Blocks until the operation is ready, or asks for room. `interrupt` is asked from time to time, and whenever a signal
    /// arrives; its `Err` ends the wait, and cancels the operation unless it is a block's.
    pub fn wait(&self, interrupt: &mut dyn FnMut() -> Result<(), ()>) -> Result<(), Interrupted> {
        block_until(&self.0, interrupt, Op::has_news, Op::listen)
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
    let notifier = match ThreadNotifier::take() {
        Ok(notifier) => notifier,
        Err(error) => {
            op.cancel(error);
            return Waited::Ready;
        }
    };
    if !listen(op, notifier.listener()) || op.state.lock().granted.is_some() {
        return Waited::Ready;
    }
    notifier.wait(None, interrupt)
}
