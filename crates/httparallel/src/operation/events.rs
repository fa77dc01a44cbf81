//! What happens to an operation: started, head, body, over.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use httparallel_proto::fetch::{Next, Request};
use httparallel_proto::pool::{ConnId, WaiterId};
use httparallel_proto::{Error, Result};

use parking_lot::MutexGuard;

use super::{Granted, Head, Hop, Mode, Op, OpState, STREAM_BUFFER};
use crate::completion::Listener;
use crate::engine::Handle;
use crate::h1::Parked;

/// How often a request is sent again because its connection was lost: the first fresh connection that is
/// lost too is the server's answer.
const MAX_RETRIES: u32 = 2;

/// How an attempt on a connection ended.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// The response is complete.
    Done,
    /// It failed.
    Failed(Error),
    /// The connection was lost in a way that allows sending the request again.
    Lost(Error),
}

impl Op {
    /// The request to send, unless the operation is over already.
    pub(crate) fn begin(&self, id: ConnId, handle: Option<Handle>) -> Option<Arc<Request>> {
        let mut state = self.state.lock();
        if state.outcome.is_some() {
            return None;
        }
        state.waiter = None;
        state.serving = handle.map(|handle| (id, handle));
        Some(state.request.clone())
    }

    /// Remembers the place in the queue, so that a cancellation can leave it.
    pub(crate) fn queued(&self, id: WaiterId) -> bool {
        let mut state = self.state.lock();
        state.waiter = Some(id);
        state.outcome.is_none()
    }

    /// Gives a connection to the thread that waits for this operation.
    pub(crate) fn grant(&self, id: ConnId, parked: Arc<Parked>) {
        let mut state = self.state.lock();
        state.waiter = None;
        state.granted = Some(Granted { id, parked });
        let listener = std::mem::take(&mut state.listener);
        drop(state);
        listener.notify();
    }

    /// The head of a final response has arrived.
    pub(crate) fn on_head(&self, head: Head) -> Result<()> {
        let mut state = self.state.lock();
        let request = state.request.clone();
        match state.fetch.on_head(&request, head.status, &head.headers)? {
            Next::Follow(request) => {
                state.follow = Some(request);
                state.head = Some(Arc::new(head));
                Ok(())
            }
            Next::Deliver => {
                state.head = Some(Arc::new(head));
                if self.settings.mode == Mode::Streaming {
                    let listener = std::mem::take(&mut state.listener);
                    drop(state);
                    self.announce(listener);
                }
                Ok(())
            }
        }
    }

    /// A piece of the body has arrived. Returns whether the connection should stop reading.
    pub(crate) fn on_body(&self, piece: Bytes) -> bool {
        let mut state = self.state.lock();
        state.buffered += piece.len();
        state.received += piece.len() as u64;
        state.body.push_back(piece);
        if self.settings.mode == Mode::Buffered || state.follow.is_some() {
            return false;
        }
        state.paused = state.buffered >= STREAM_BUFFER;
        let paused = state.paused;
        let listener = std::mem::take(&mut state.listener);
        drop(state);
        listener.notify();
        paused
    }

    /// Whether the reader of a streamed body has let it pile up.
    pub(crate) fn is_paused(&self) -> bool {
        self.settings.mode == Mode::Streaming && self.state.lock().paused
    }

    /// An attempt is over. The connection must have been released before, so that what follows can use it.
    pub(crate) fn complete(self: &Arc<Self>, attempt: Attempt) {
        let mut state = self.state.lock();
        if state.outcome.is_some() {
            return;
        }
        let result = match attempt {
            Attempt::Done => match state.follow.take() {
                None => Ok(()),
                Some(next) => {
                    self.finish_hop(&mut state, next);
                    drop(state);
                    return self.shared.dispatch(self);
                }
            },
            Attempt::Lost(_) if state.retries < MAX_RETRIES && state.head.is_none() => {
                state.retries += 1;
                state.reset();
                drop(state);
                return self.shared.dispatch(self);
            }
            Attempt::Failed(error) | Attempt::Lost(error) => Err(error),
        };
        self.tell(settle(state, self.settings.mode, result));
    }

    /// Ends the operation at once, whatever it is doing.
    pub(crate) fn cancel(self: &Arc<Self>, error: Error) {
        let mut state = self.state.lock();
        if state.outcome.is_some() {
            return;
        }
        let (waiter, serving, granted) = (state.waiter.take(), state.serving.take(), state.granted.take());
        // From here on a connection that begins or completes it finds that it is over.
        let listener = settle(state, self.settings.mode, Err(error));
        if let Some(waiter) = waiter {
            self.shared.leave_queue(waiter);
        }
        match serving {
            Some((_, Handle::Attached(connection))) => connection.abort(self, &self.shared),
            Some((_, Handle::Http2(connection))) => connection.reset(self),
            _ => {}
        }
        if let Some(granted) = granted {
            self.shared.give_up(&granted);
        }
        self.tell(listener);
    }

    /// Tells everyone that the operation is over.
    fn tell(&self, Settled { announced, had_turn, listener }: Settled) {
        if announced {
            listener.notify()
        } else {
            self.announce(listener)
        }
        if let Some(upload) = &self.upload {
            upload.reader_gone();
        }
        if let Some(link) = self.block.as_ref().filter(|_| had_turn) {
            link.finished();
        }
    }

    /// Lets an operation of a block start. `false` if it is over already.
    pub(crate) fn take_turn(&self) -> bool {
        let mut state = self.state.lock();
        state.has_turn = state.outcome.is_none();
        state.has_turn
    }

    fn finish_hop(&self, state: &mut OpState, next: Request) {
        let request = std::mem::replace(&mut state.request, Arc::new(next));
        if let Some(head) = state.head.take() {
            let body = state.body.drain(..).collect();
            state.history.push(Hop { request, head, body, elapsed: self.started.elapsed() });
        }
        state.reset();
    }

    fn announce(&self, listener: Listener) {
        listener.notify();
        if let Some(link) = &self.block {
            link.ready();
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        let state = self.state.lock();
        state.outcome.is_some() || state.is_announced(self.settings.mode)
    }

    pub(super) fn listen(&self, listener: Listener) -> bool {
        let mut state = self.state.lock();
        if state.outcome.is_some() || state.is_announced(self.settings.mode) {
            return false;
        }
        state.listener = listener;
        true
    }

    pub(super) fn head(&self) -> Result<Arc<Head>> {
        let state = self.state.lock();
        match (&state.head, &state.outcome) {
            // A streamed body that fails later does not take back its head.
            (Some(head), None) => Ok(head.clone()),
            (Some(head), Some(_)) if self.settings.mode == Mode::Streaming && state.follow.is_none() => {
                Ok(head.clone())
            }
            (_, Some(Err(error))) => Err(error.clone()),
            (Some(head), Some(Ok(()))) => Ok(head.clone()),
            (None, _) => Err(Error::invalid_request("the response has not arrived yet")),
        }
    }

    pub(super) fn listen_body(&self, listener: Listener) -> bool {
        let mut state = self.state.lock();
        if state.outcome.is_some() || !state.body.is_empty() {
            return false;
        }
        state.listener = listener;
        true
    }

    pub(super) fn take_body(&self) -> Result<Option<Vec<Bytes>>> {
        let mut state = self.state.lock();
        if state.body.is_empty() {
            return match &state.outcome {
                Some(Ok(())) => Ok(None),
                Some(Err(error)) => Err(error.clone()),
                None => Ok(Some(Vec::new())),
            };
        }
        let pieces = state.body.drain(..).collect();
        state.buffered = 0;
        let resumed = std::mem::take(&mut state.paused);
        let serving = if resumed { state.serving.clone() } else { None };
        drop(state);
        match serving {
            Some((_, Handle::Attached(connection))) => connection.wake(),
            Some((_, Handle::Http2(connection))) => connection.resume(self),
            _ => {}
        }
        Ok(Some(pieces))
    }
}

/// Whom to tell that an operation is over.
struct Settled {
    /// Its owner was told before, of its head.
    announced: bool,
    /// It had its turn in its block.
    had_turn: bool,
    listener: Listener,
}

/// Makes the operation be over.
fn settle(mut state: MutexGuard<'_, OpState>, mode: Mode, result: Result<()>) -> Settled {
    let announced = state.is_announced(mode);
    state.serving = None;
    state.granted = None;
    state.outcome = Some(result);
    state.ended = Some(Instant::now());
    let listener = std::mem::take(&mut state.listener);
    Settled { announced, had_turn: state.has_turn, listener }
}
