//! How attempts end, and operations: with another attempt, with the next hop, or for good.

use std::sync::Arc;
use std::time::Instant;

use httparallel_proto::fetch::Request;
use httparallel_proto::url::Origin;
use httparallel_proto::{Error, Result};
use parking_lot::MutexGuard;

use super::timings::Course;
use super::{Hop, Mode, Op, OpState};
use crate::completion::Listener;
use crate::engine::{Awaited, Closed, Handle};

/// How often a request is sent again because its connection was lost: the first fresh connection that is
/// lost too is the server's answer.
const MAX_RETRIES: u32 = 2;

/// How often a request is sent again that the peer certainly did not process: a server that ends each
/// connection after a few requests bounces many, and one that refuses for ever must not keep us busy.
const MAX_BOUNCES: u32 = 32;

/// After so many idle connections that were of no use, a fresh one is taken: the others may well be no better, and to
/// find that out of each one in turn takes time, and room on the stack.
const MAX_UNSENT: u32 = 3;

/// How an attempt on a connection ended.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// The response is complete.
    Done,
    /// It failed.
    Failed(Error),
    /// Nothing of it was sent, because its connection turned out to be of no use.
    Unsent,
    /// The connection was lost in a way that allows sending the request again.
    Lost(Error),
    /// The peer did not process the request, and said so.
    Bounced(Error),
    /// The peer wants the request over HTTP/1.1.
    Http1Required(Error),
}

impl Op {
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
                    self.finish_hop(&mut state, *next);
                    drop(state);
                    return self.shared.dispatch(self);
                }
            },
            Attempt::Unsent => {
                state.serving = None;
                state.unsent += 1;
                drop(state);
                return self.shared.assign(self);
            }
            Attempt::Lost(_) if state.retries < MAX_RETRIES && self.may_send_again(&state) => {
                state.retries += 1;
                return self.begin_again(state);
            }
            Attempt::Bounced(_) if state.bounces < MAX_BOUNCES && self.may_send_again(&state) => {
                state.bounces += 1;
                return self.begin_again(state);
            }
            Attempt::Http1Required(_)
                if state.bounces < MAX_BOUNCES
                    && self.may_send_again(&state)
                    && self.shared.speak_http1(&state.request) =>
            {
                state.bounces += 1;
                return self.begin_again(state);
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

    /// Sends the request once more, at once.
    fn begin_again(self: &Arc<Self>, mut state: MutexGuard<'_, OpState>) {
        state.attempts += 1;
        state.reset();
        drop(state);
        self.shared.dispatch(self);
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

    /// Whether a connection that has served others is not good enough.
    ///
    /// RFC 9112 section 9.3.1 leaves it to the client how to try again. Where one idle connection was stale, so may be
    /// the others, and each would use up a retry.
    pub(crate) fn wants_fresh(state: &OpState) -> bool {
        state.retries > 0 || state.unsent >= MAX_UNSENT || state.fetch.is_afresh()
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
