//! What happens to an operation: started, head, body, over.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use httparallel_proto::fetch::{Next, Request};
use httparallel_proto::pool::{ConnId, Lane, WaiterId};
use httparallel_proto::url::Origin;
use httparallel_proto::{Error, Result};

use parking_lot::MutexGuard;
use tokio::task::AbortHandle;

use super::timings::{Answered, Course};
use super::{Exchange, Granted, Head, Hop, Mode, Op, OpState, PIECE, STREAM_BUFFER};
use crate::completion::Listener;
use crate::engine::{Awaited, Closed, Handle};
use crate::h1::Parked;
use crate::net::ConnectionFacts;

/// How often a request is sent again because its connection was lost: the first fresh connection that is
/// lost too is the server's answer.
const MAX_RETRIES: u32 = 2;

/// How often a request is sent again that the peer certainly did not process: a server that ends each
/// connection after a few requests bounces many, and one that refuses for ever must not keep us busy.
const MAX_BOUNCES: u32 = 32;

/// How an attempt on a connection ended.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// The response is complete.
    Done,
    /// It failed.
    Failed(Error),
    /// The connection was lost in a way that allows sending the request again.
    Lost(Error),
    /// The peer did not process the request, and said so.
    Bounced(Error),
    /// The peer wants the request over HTTP/1.1.
    Http1Required(Error),
}

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
                state.follow = Some(request);
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

    /// An attempt is over. The connection must have been released before, so that what follows can use it.
    pub(crate) fn complete(self: &Arc<Self>, attempt: Attempt) {
        let mut state = self.state.lock();
        if state.outcome.is_some() {
            return;
        }
        if let Some(at) = state.again.take() {
            return self.send_again(state, at);
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
            Attempt::Lost(_) if state.retries < MAX_RETRIES && self.may_send_again(&state) => {
                state.retries += 1;
                state.attempts += 1;
                state.reset();
                drop(state);
                return self.shared.dispatch(self);
            }
            Attempt::Bounced(_) if state.bounces < MAX_BOUNCES && self.may_send_again(&state) => {
                state.bounces += 1;
                state.attempts += 1;
                state.reset();
                drop(state);
                return self.shared.dispatch(self);
            }
            Attempt::Http1Required(_)
                if state.bounces < MAX_BOUNCES
                    && self.may_send_again(&state)
                    && self.shared.speak_http1(&state.request) =>
            {
                state.bounces += 1;
                state.attempts += 1;
                state.reset();
                drop(state);
                return self.shared.dispatch(self);
            }
            Attempt::Failed(error)
            | Attempt::Lost(error)
            | Attempt::Bounced(error)
            | Attempt::Http1Required(error) => match self.after_failure(&mut state, &error) {
                Some(at) => return self.send_again(state, at),
                None => Err(error),
            },
        };
        self.tell(settle(state, self.settings.mode, result));
    }

    /// Ends the operation at once, whatever it is doing.
    pub(crate) fn cancel(self: &Arc<Self>, error: Error) {
        let mut state = self.state.lock();
        let kept = state.kept.take();
        if state.outcome.is_some() {
            drop(state);
            if let Some(kept) = kept {
                kept.give_back(&self.shared);
            }
            return;
        }
        let (waiter, serving, granted) = (state.waiter.take(), state.serving.take(), state.granted.take());
        let (driving, pause) = (state.driving.take(), state.pause.take());
        // From here on a connection that begins or completes it finds that it is over.
        let listener = settle(state, self.settings.mode, Err(error));
        if let Some(waiter) = waiter {
            self.shared.leave_queue(waiter);
        }
        if let Some(pause) = pause {
            self.shared.forget_pause(pause);
        }
        match serving {
            Some((_, Handle::Attached(connection))) => connection.abort(self, &self.shared),
            Some((_, Handle::Http2(connection))) => connection.reset(self),
            _ => {}
        }
        if let Some(granted) = granted {
            self.shared.give_up(granted);
        }
        if let Some(kept) = kept {
            kept.give_back(&self.shared);
        }
        if let Some((id, socket)) = driving {
            // Wakes the thread that polls it.
            let _ = rustix::net::shutdown(&*socket, rustix::net::Shutdown::Both);
            self.shared.forget(id, Closed::Cancelled);
        }
        self.tell(listener);
    }

    /// Whether nothing of the response has arrived and all of the request is at hand.
    fn may_send_again(&self, state: &OpState) -> bool {
        state.head.is_none() && (state.request.content.is_replayable() || self.is_untouched())
    }

    /// Tells everyone that the operation is over.
    fn tell(&self, Settled { announced, had_turn, lifted, place, awaited, listener }: Settled) {
        if let Some(awaited) = awaited {
            self.shared.give_up_waiting(self, &awaited);
        }
        if let Some(origin) = place {
            self.shared.vacate(&origin);
        }
        if let Some(upload) = &self.upload {
            upload.reader_gone();
        }
        if let Some(link) = &self.block {
            if !announced {
                link.ready();
            }
            link.over(had_turn, lifted);
        }
        // Last, because a waker is somebody else's code.
        listener.notify();
    }

    /// Lets an operation of a block start. `false` if it is over already.
    pub(crate) fn take_turn(&self) -> bool {
        let mut state = self.state.lock();
        state.has_turn = state.outcome.is_none();
        state.has_turn
    }

    fn finish_hop(&self, state: &mut OpState, next: Request) {
        let now = Instant::now();
        let request = std::mem::replace(&mut state.request, Arc::new(next));
        if let Some(head) = state.head.take() {
            let body = state.body.drain(..).collect();
            let course = std::mem::take(&mut state.course).until(Some(now), state.attempts);
            let elapsed = now.saturating_duration_since(self.started());
            state.history.push(Hop { request, head, body, elapsed, course });
        }
        state.reset();
        state.course = Course::new(now);
        state.attempts = 1;
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

    /// Whether its owner has something to do: it is ready, or asks for room.
    pub(super) fn has_news(&self) -> bool {
        self.state.lock().has_news(self.settings.mode)
    }

    pub(super) fn listen(&self, listener: Listener) -> bool {
        let mut state = self.state.lock();
        if state.has_news(self.settings.mode) {
            return false;
        }
        state.listener.add(listener);
        let lifts = self.block.is_some() && !std::mem::replace(&mut state.lifts, true);
        drop(state);
        if let Some(link) = self.block.as_ref().filter(|_| lifts) {
            link.awaited();
        }
        true
    }

    pub(super) fn head(&self) -> Result<Arc<Head>> {
        self.state.lock().ready_head(self.settings.mode)
    }

    pub(super) fn take_exchange(&self) -> Result<Exchange> {
        let mut state = self.state.lock();
        let head = state.ready_head(self.settings.mode)?;
        let body = match self.settings.mode {
            Mode::Buffered => state.body.drain(..).collect(),
            Mode::Streaming => Vec::new(),
        };
        let room = state.take_room();
        let (request, history) = (state.request.clone(), std::mem::take(&mut state.history));
        let (elapsed, course) = (self.elapsed(state.ended), state.course());
        Ok(Exchange { request, head, body, room, history, elapsed, course })
    }

    pub(super) fn listen_body(&self, listener: Listener) -> bool {
        let mut state = self.state.lock();
        if state.outcome.is_some() || !state.body.is_empty() {
            return false;
        }
        state.listener.add(listener);
        true
    }

    pub(super) fn take_body(&self, limit: usize) -> Result<Option<Vec<Bytes>>> {
        let mut state = self.state.lock();
        if state.body.is_empty() {
            return match &state.outcome {
                Some(Ok(())) => Ok(None),
                Some(Err(error)) => Err(error.clone()),
                None => Ok(Some(Vec::new())),
            };
        }
        let pieces = state.take_pieces(limit);
        let kept = if state.body.is_empty() { state.kept.take() } else { None };
        // With half of it still to be read, whoever fills it is woken half as often as piece by piece.
        let goes_on = state.buffered <= STREAM_BUFFER / 2;
        drop(state);
        match kept {
            Some(kept) => kept.give_back(&self.shared),
            None if goes_on => self.resume(),
            None => {}
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
    /// Somebody waited for it, which lifted its block's budget.
    lifted: bool,
    /// The origin that it had a place at.
    place: Option<Origin>,
    /// What it still waited for.
    awaited: Option<Awaited>,
    listener: Listener,
}

/// Makes the operation be over.
fn settle(mut state: MutexGuard<'_, OpState>, mode: Mode, result: Result<()>) -> Settled {
    let announced = state.is_announced(mode);
    state.serving = None;
    state.granted = None;
    state.outcome = Some(result);
    state.ended = Some(Instant::now());
    if let Some(timer) = state.timer.take() {
        timer.abort();
    }
    let listener = std::mem::take(&mut state.listener);
    let (place, awaited) = (state.place.take(), state.awaited.take());
    Settled { announced, had_turn: state.has_turn, lifted: state.lifts, place, awaited, listener }
}
