//! What happens to an operation: started, head, body, over.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use httparallel_proto::Result;
use httparallel_proto::fetch::{Next, Request};
use httparallel_proto::pool::{ConnId, Lane, WaiterId};

use tokio::task::AbortHandle;

use super::timings::Answered;
use super::{Granted, Head, Mode, Op, PIECE, STREAM_BUFFER};
use crate::completion::Listener;
use crate::engine::Handle;
use crate::h1::Parked;
use crate::net::ConnectionFacts;

impl Op {
    /// The request to send, unless the operation is over already.
    pub(crate) fn begin(
        &self,
        id: ConnId,
        handle: Option<Handle>,
        facts: &Arc<ConnectionFacts>,
        reused: bool,
        now: Instant,
    ) -> Option<Arc<Request>> {
        let mut state = self.state.lock();
        if state.outcome.is_some() {
            return None;
        }
        state.waiter = None;
        state.serving = handle.map(|handle| (id, handle));
        state.course.given(facts.clone(), reused, now);
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
        if state.outcome.is_some() {
            drop(state);
            return self.shared.give_up(Granted { id, parked });
        }
        state.granted = Some(Granted { id, parked });
        let listener = std::mem::take(&mut state.listener);
        drop(state);
        listener.notify();
    }

    /// The waiting thread begins to drive a connection. `false` if the operation is over.
    pub(crate) fn begin_driving(&self, id: ConnId, socket: &Arc<OwnedFd>) -> bool {
        let mut state = self.state.lock();
        if state.outcome.is_none() {
            state.driving = Some((id, socket.clone()));
        }
        state.outcome.is_none()
    }

    /// The waiting thread no longer drives it. `false` if a cancellation has closed it meanwhile.
    pub(crate) fn end_driving(&self) -> bool {
        self.state.lock().driving.take().is_some()
    }

    /// Names the task that ends the operation when its total time is up.
    pub(crate) fn timed_by(&self, timer: AbortHandle) {
        let mut state = self.state.lock();
        if state.outcome.is_none() {
            state.timer = Some(timer);
        } else {
            timer.abort();
        }
    }

    /// The head of a final response has arrived. Returns whether its body is wanted: if not, the connection may give
    /// it up.
    pub(crate) fn on_head(&self, head: Head, answered: Answered) -> Result<bool> {
        let mut state = self.state.lock();
        state.course.answered(answered);
        let request = state.request.clone();
        let untouched = self.is_untouched();
        let (reused, moment) = (state.course.is_reused(), || self.moment());
        let next = state.fetch.on_head(&request, untouched, reused, head.status, &head.headers, moment)?;
        if matches!(next, Next::Follow(_) | Next::Deliver) {
            self.settings.guard.check_head(&request.method, head.status, &head.headers)?;
        }
        match next {
            Next::Retry(wait) => {
                let now = Instant::now();
                state.again = Some(now.checked_add(wait).unwrap_or(now));
                Ok(false)
            }
            Next::Afresh => {
                state.again = Some(Instant::now());
                let shared = match &state.serving {
                    Some((id, Handle::Http2(_))) => Some(*id),
                    _ => None,
                };
                drop(state);
                if let Some(id) = shared {
                    self.shared.retire(id);
                }
                Ok(false)
            }
            Next::Follow(request) => {
                state.follow = Some(Box::new(request));
                state.head = Some(Arc::new(head));
                Ok(true)
            }
            Next::Deliver => {
                state.head = Some(Arc::new(head));
                if self.settings.mode == Mode::Streaming {
                    let listener = std::mem::take(&mut state.listener);
                    drop(state);
                    self.announce(listener);
                }
                Ok(true)
            }
        }
    }

    /// A piece of the body has arrived. Returns whether the connection should stop reading; fails if the body is
    /// too large.
    pub(crate) fn on_body(self: &Arc<Self>, piece: Bytes) -> Result<bool> {
        let bytes = piece.len();
        let mut state = self.state.lock();
        if state.again.is_some() {
            return Ok(false);
        }
        state.received += bytes as u64;
        self.settings.guard.check(state.received, state.received)?;
        state.buffered += bytes;
        state.body.push_back(piece);
        if state.follow.is_some() {
            return Ok(false);
        }
        if self.settings.mode == Mode::Buffered {
            state.held += bytes;
            drop(state);
            return Ok(self.block.as_ref().is_some_and(|link| link.hold(self, bytes)));
        }
        // Who reads the network itself reads one piece, and then that.
        let enough = if self.lane() == Lane::Detached { PIECE } else { STREAM_BUFFER };
        state.paused = state.buffered >= enough;
        let paused = state.paused;
        let listener = std::mem::take(&mut state.listener);
        drop(state);
        listener.notify();
        Ok(paused)
    }

    /// Whether the connection should not read: the reader of a streamed body has let it pile up, or the block
    /// holds as much as it may.
    pub(crate) fn is_paused(&self) -> bool {
        (self.settings.mode == Mode::Streaming || self.block.is_some()) && self.state.lock().paused
    }

    /// Lets the connection read on.
    pub(crate) fn resume(&self) {
        let mut state = self.state.lock();
        let resumed = std::mem::take(&mut state.paused);
        let serving = if resumed { state.serving.clone() } else { None };
        drop(state);
        match serving {
            Some((_, Handle::Attached(connection))) => connection.wake(),
            Some((_, Handle::Http2(connection))) => connection.resume(self),
            _ => {}
        }
    }

    /// Lets an operation of a block start. `false` if it is over already.
    pub(crate) fn take_turn(&self) -> bool {
        let mut state = self.state.lock();
        state.has_turn = state.outcome.is_none();
        state.has_turn
    }

    fn announce(&self, listener: Listener) {
        listener.notify();
        if let Some(link) = &self.block {
            link.ready();
        }
    }
}
