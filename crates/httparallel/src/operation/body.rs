//! A request body that is produced while it is sent: a bounded pipe from its producer to the connection.

use std::collections::VecDeque;
use std::task::Waker;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::completion::Listener;

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
        wake(state);
        true
    }

    /// Ends the body.
    pub fn end(&self) {
        let mut state = self.0.lock();
        state.ended = true;
        wake(state);
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
        if state.buffered < CAPACITY {
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

fn wake(mut state: parking_lot::MutexGuard<'_, State>) {
    let consumer = state.consumer.take();
    drop(state);
    if let Some(consumer) = consumer {
        consumer.wake();
    }
}
