//! The part of an operation that changes, under its lock.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use httparallel_proto::fetch::{Fetch, Request};
use httparallel_proto::pool::{ConnId, WaiterId};
use httparallel_proto::url::Origin;
use httparallel_proto::{Error, Result};
use tokio::task::AbortHandle;

use super::timings::Course;
use super::{Head, Hop, Kept, Lodging, Mode};
use crate::completion::Listener;
use crate::engine::{Awaited, Handle, Pause};
use crate::h1::Parked;

#[derive(Debug)]
pub(crate) struct OpState {
    pub(crate) request: Arc<Request>,
    pub(crate) fetch: Fetch,
    /// The request that follows when the body of the redirect at hand has been read.
    /// In a box, as few requests have one: what is here is made and freed for each.
    pub(crate) follow: Option<Box<Request>>,
    /// When the request is sent again, while the body of the response at hand is read for the connection's sake.
    pub(crate) again: Option<Instant>,
    pub(crate) head: Option<Arc<Head>>,
    pub(crate) body: VecDeque<Bytes>,
    /// Where a large body goes, so that only the rest of it is in pieces.
    pub(crate) room: Lodging,
    pub(crate) buffered: usize,
    pub(crate) received: u64,
    pub(crate) paused: bool,
    /// Bytes of the body that count against its block's budget.
    pub(crate) held: usize,
    /// Whether somebody waits for this operation, so that its block's budget is lifted.
    pub(crate) lifts: bool,
    pub(crate) history: Vec<Hop>,
    pub(crate) outcome: Option<Result<()>>,
    pub(crate) ended: Option<Instant>,
    pub(crate) listener: Listener,
    /// The origin that it has a place at, if places are limited.
    pub(crate) place: Option<Origin>,
    /// What it waits for before it asks the pool. May be out of date.
    pub(crate) awaited: Option<Awaited>,
    /// The place in the pool's queue. May be out of date: the pool knows better.
    pub(crate) waiter: Option<WaiterId>,
    /// The connection that serves it, if another thread drives that.
    pub(crate) serving: Option<(ConnId, Handle)>,
    /// The connection that was given to the waiting thread itself.
    pub(crate) granted: Option<Granted>,
    /// The connection on which all of a streamed response has arrived, until that has been read.
    pub(crate) kept: Option<Kept>,
    /// The connection that the waiting thread drives at the moment, and its socket.
    pub(crate) driving: Option<(ConnId, Arc<OwnedFd>)>,
    /// The wait for its next attempt.
    pub(crate) pause: Option<Pause>,
    /// What ends it when its total time is up.
    pub(crate) timer: Option<AbortHandle>,
    /// Whether it was started by its block.
    pub(crate) has_turn: bool,
    /// When the exchange at hand passed which moment.
    pub(crate) course: Course,
    /// How often the request at hand was sent, whatever the reason; each redirect is a request of its own.
    pub(crate) attempts: u32,
    /// Lost connections that led to another attempt.
    pub(crate) retries: u32,
    /// Refusals that led to another attempt.
    pub(crate) bounces: u32,
    /// Connections that turned out to be of no use before anything was sent.
    pub(crate) unsent: u32,
}

/// A connection in the hands of the thread that makes the request.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) id: ConnId,
    pub(crate) parked: Arc<Parked>,
}

impl OpState {
    pub(super) fn new(request: Request, fetch: Fetch) -> Self {
        Self {
            request: Arc::new(request),
            fetch,
            follow: None,
            again: None,
            head: None,
            body: VecDeque::new(),
            room: Lodging::default(),
            buffered: 0,
            received: 0,
            paused: false,
            held: 0,
            lifts: false,
            history: Vec::new(),
            outcome: None,
            ended: None,
            listener: Listener::Nobody,
            place: None,
            awaited: None,
            waiter: None,
            serving: None,
            granted: None,
            kept: None,
            driving: None,
            pause: None,
            timer: None,
            has_turn: false,
            course: Course::default(),
            attempts: 1,
            retries: 0,
            bounces: 0,
            unsent: 0,
        }
    }

    /// Whether the owner has been told of a streamed response: it is ready with its head.
    pub(super) fn is_announced(&self, mode: Mode) -> bool {
        mode == Mode::Streaming && self.head.is_some() && self.follow.is_none()
    }

    /// Whether the owner has something to do: it is ready, or asks for room.
    pub(super) fn has_news(&self, mode: Mode) -> bool {
        self.outcome.is_some() || self.is_announced(mode) || self.asks_for_room()
    }

    /// The head of a ready operation's response, or its error.
    pub(super) fn ready_head(&self, mode: Mode) -> Result<Arc<Head>> {
        // A streamed body that fails later does not take back its head.
        let announced = self.is_announced(mode);
        match (&self.head, &self.outcome) {
            (_, Some(Err(error))) if !announced => Err(error.clone()),
            (Some(head), _) => Ok(head.clone()),
            (None, _) => Err(Error::invalid_request("the response has not arrived yet")),
        }
    }

    /// Takes the first pieces of the body, as many as are not more than `limit` bytes together, and one at least.
    pub(super) fn take_pieces(&mut self, limit: usize) -> Vec<Bytes> {
        let mut bytes = 0;
        let fits = |piece: &&Bytes| {
            let is_first = bytes == 0;
            bytes += piece.len();
            is_first || bytes <= limit
        };
        let count = self.body.iter().take_while(fits).count();
        let pieces: Vec<_> = self.body.drain(..count).collect();
        let taken: usize = pieces.iter().map(Bytes::len).sum();
        self.buffered = self.buffered.saturating_sub(taken);
        pieces
    }

    /// Forgets what arrived, for another attempt or the next hop.
    pub(super) fn reset(&mut self) {
        self.head = None;
        self.body.clear();
        self.room = Lodging::default();
        self.buffered = 0;
        self.received = 0;
        self.paused = false;
        self.waiter = None;
        self.serving = None;
        self.course.again();
    }

    /// The course of the exchange at hand, so far.
    pub(super) fn course(&self) -> Course {
        self.course.clone().until(self.ended, self.attempts)
    }
}
