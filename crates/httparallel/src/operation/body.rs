//! A request body that is produced while it is sent: a bounded pipe from its producer to the connection.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::task::{Poll, Waker};

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};

use super::Interrupted;
use super::wait::ThreadNotifier;
use crate::completion::Listener;
use crate::h1::Attached;
use crate::net::{Interrupt, Waited};

/// How much the pipe holds before its producer has to wait.
const CAPACITY: usize = 256 * 1024;

/// The pipe.
#[derive(Debug, Default)]
pub struct Upload(Mutex<State>);

#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not exclude one another")]
struct State {
    pieces: VecDeque<Bytes>,
    buffered: usize,
    ended: bool,
    /// Some of it has been taken, so that the request cannot be sent again.
    started: bool,
    /// The request is over: nobody will read any more.
    abandoned: bool,
    producer: Listener,
    /// Told when the body is wanted for the first time.
    starter: Listener,
    wanted: bool,
    consumer: Option<Waker>,
    /// The connection that waits for it, if whoever produces it may write to that.
    sender: Weak<Attached>,
}

/// What the connection finds in the pipe.
#[derive(Debug)]
pub(crate) enum Pulled {
    Piece(Bytes),
    Empty,
    End,
}

impl Upload {
    /// Adds a piece; empty ones are ignored. Returns `false` if nobody will read it: the request is over.
    pub fn push(&self, piece: Bytes) -> bool {
        let mut state = self.0.lock();
        if state.abandoned {
            return false;
        }
        if !piece.is_empty() {
            state.buffered += piece.len();
            state.pieces.push_back(piece);
        }
        self.tell(state);
        true
    }

    /// Ends the body.
    pub fn end(&self) {
        let mut state = self.0.lock();
        state.ended = true;
        self.tell(state);
    }

    /// Whether its producer has to wait before it adds more.
    pub fn is_full(&self) -> bool {
        let state = self.0.lock();
        state.buffered >= CAPACITY && !state.abandoned
    }

    /// Blocks until there is room for more, or the request is over. `interrupt` is asked from time to time, and
    /// whenever a signal arrives; its `Err` ends the wait. So does a lack of file descriptors to wait on.
    pub fn wait(&self, interrupt: &mut dyn FnMut() -> Result<(), ()>) -> Result<(), Interrupted> {
        let interrupt: Interrupt<'_> = interrupt;
        while self.is_full() {
            let notifier = ThreadNotifier::take().map_err(|_| Interrupted)?;
            if self.listen(notifier.listener()) && notifier.wait(None, interrupt) == Waited::Interrupted {
                return Err(Interrupted);
            }
        }
        Ok(())
    }

    /// Names who is told, once, when there is room for more. Returns `false` if there is, or if the request is
    /// over.
    pub fn listen(&self, listener: Listener) -> bool {
        let mut state = self.0.lock();
        if state.buffered < CAPACITY || state.abandoned {
            return false;
        }
        state.producer.add(listener);
        true
    }

    /// Names who is told, once, when the body is wanted: its request has a connection. Returns `false` if that
    /// is so already. Nobody is told if the request ends before, and the listener is dropped.
    pub fn listen_wanted(&self, listener: Listener) -> bool {
        let mut state = self.0.lock();
        if state.wanted {
            return false;
        }
        if !state.abandoned {
            state.starter.add(listener);
        }
        true
    }

    /// Names the task that sends the body.
    pub(crate) fn set_consumer(&self, waker: &Waker) {
        let mut state = self.0.lock();
        let starter = state.want();
        if !state.consumer.as_ref().is_some_and(|known| known.will_wake(waker)) {
            state.consumer = Some(waker.clone());
        }
        drop(state);
        starter.notify();
    }

    /// Names the connection that sends the body, beside its task: pieces are written to it by whoever adds them.
    pub(crate) fn set_sender(&self, connection: &Arc<Attached>) {
        let mut state = self.0.lock();
        if !std::ptr::eq(state.sender.as_ptr(), Arc::as_ptr(connection)) {
            state.sender = Arc::downgrade(connection);
        }
    }

    /// Something was added: sends it, or tells who does.
    fn tell<'a>(&'a self, mut state: MutexGuard<'a, State>) {
        if let Some(sender) = state.sender.upgrade() {
            drop(state);
            if sender.send_produced(self) {
                return;
            }
            state = self.0.lock();
        }
        let consumer = state.consumer.take();
        drop(state);
        if let Some(consumer) = consumer {
            consumer.wake();
        }
    }

    /// The next piece, when there is one; `None` at the end.
    pub(crate) async fn next(&self) -> Option<Bytes> {
        poll_fn(|cx| {
            self.set_consumer(cx.waker());
            match self.pull() {
                Pulled::Piece(piece) => Poll::Ready(Some(piece)),
                Pulled::End => Poll::Ready(None),
                Pulled::Empty => Poll::Pending,
            }
        })
        .await
    }

    pub(crate) fn pull(&self) -> Pulled {
        let mut state = self.0.lock();
        let Some(piece) = state.pieces.pop_front() else {
            let pulled = if state.ended { Pulled::End } else { Pulled::Empty };
            let starter = state.want();
            drop(state);
            starter.notify();
            return pulled;
        };
        state.started = true;
        state.buffered -= piece.len();
        // Not as soon as there is room for one more: whoever waits is woken for several.
        if state.buffered <= CAPACITY / 2 {
            let producer = std::mem::take(&mut state.producer);
            drop(state);
            producer.notify();
        }
        Pulled::Piece(piece)
    }

    /// Whether nothing has been taken yet.
    pub(crate) fn is_untouched(&self) -> bool {
        !self.0.lock().started
    }

    /// The request is over: lets a waiting producer go on, and stop.
    pub(crate) fn reader_gone(&self) {
        let mut state = self.0.lock();
        state.abandoned = true;
        state.pieces.clear();
        let producer = std::mem::take(&mut state.producer);
        let starter = std::mem::take(&mut state.starter);
        drop(state);
        // What it would have started is dropped without the lock: it is somebody else's.
        drop(starter);
        producer.notify();
    }
}

impl State {
    /// Whom to tell that the body is wanted.
    fn want(&mut self) -> Listener {
        self.wanted = true;
        std::mem::take(&mut self.starter)
    }
}
