//! What the pool knows about one connection, and the idle ones in the order they fell idle.

use std::collections::VecDeque;
use std::time::Instant;

/// Names a connection. Never used twice by one pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId {
    pub(super) slot: usize,
    pub(super) serial: u64,
}

/// Who reads a connection. A request prefers an idle connection of its own lane and takes one of the
/// other lane rather than opening a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// The I/O thread.
    Attached,
    /// The thread that makes the request.
    Detached,
}

/// What a new connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// HTTP/1.1: one request at a time.
    Http1(Lane),
    /// HTTP/2: as many requests at once as the peer allows.
    Http2 {
        /// The peer's limit on concurrent streams.
        max_streams: usize,
    },
}

/// A connection's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Being opened.
    Connecting,
    /// Open and serving nothing, since that moment.
    Idle(Instant),
    /// Serving that many requests.
    Active(usize),
}

#[derive(Debug)]
pub(super) struct Connection<C> {
    pub(super) id: ConnId,
    pub(super) origin: usize,
    pub(super) state: State,
    /// `None` while connecting.
    pub(super) opened: Option<Opened>,
    /// The caller's handle; `None` while connecting, and while a detached connection is out.
    pub(super) handle: Option<C>,
    pub(super) requests: u64,
}

impl<C> Connection<C> {
    /// Whether another request may start on it now.
    pub(super) fn has_room(&self) -> bool {
        match (self.opened, self.state) {
            (Some(Opened::Http1(_)), State::Idle(_)) => true,
            (Some(Opened::Http2 { max_streams }), State::Active(streams)) => streams < max_streams,
            (Some(Opened::Http2 { max_streams }), State::Idle(_)) => max_streams > 0,
            _ => false,
        }
    }

    pub(super) fn begin(&mut self) {
        self.requests += 1;
        self.state = match self.state {
            State::Active(count) => State::Active(count + 1),
            _ => State::Active(1),
        };
    }
}

/// Connections of a pool, in slots that are reused, with the idle ones by age.
#[derive(Debug)]
pub(super) struct Connections<C> {
    slots: Vec<Option<Connection<C>>>,
    vacant: Vec<usize>,
    next_serial: u64,
    /// Every time a connection fell idle; entries that are no longer true are skipped and swept.
    idle: VecDeque<(ConnId, Instant)>,
    pub(super) idle_count: usize,
}

impl<C> Connections<C> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), vacant: Vec::new(), next_serial: 0, idle: VecDeque::new(), idle_count: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Connection<C>> {
        self.slots.iter().flatten()
    }

    pub(super) fn insert(&mut self, origin: usize) -> ConnId {
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let id = ConnId { slot, serial: self.next_serial };
        self.next_serial += 1;
        let state = State::Connecting;
        self.slots[slot] = Some(Connection { id, origin, state, opened: None, handle: None, requests: 0 });
        id
    }

    pub(super) fn get(&mut self, id: ConnId) -> Option<&mut Connection<C>> {
        self.slots.get_mut(id.slot)?.as_mut().filter(|conn| conn.id == id)
    }

    /// Marks a connection as serving one request more.
    pub(super) fn begin(&mut self, id: ConnId) {
        let Some(conn) = self.get(id) else { return };
        let was_idle = matches!(conn.state, State::Idle(_));
        conn.begin();
        if was_idle {
            self.idle_count -= 1;
        }
    }

    pub(super) fn set_idle(&mut self, id: ConnId, now: Instant) {
        let Some(conn) = self.get(id) else { return };
        conn.state = State::Idle(now);
        self.idle_count += 1;
        self.idle.push_back((id, now));
        if self.idle.len() > 64 && self.idle.len() > 2 * self.idle_count {
            let slots = &self.slots;
            self.idle.retain(|&(id, since)| is_idle_since(slots, id, since));
        }
    }

    pub(super) fn remove(&mut self, id: ConnId) -> Option<Connection<C>> {
        self.get(id)?;
        let conn = self.slots[id.slot].take()?;
        self.vacant.push(id.slot);
        if matches!(conn.state, State::Idle(_)) {
            self.idle_count -= 1;
        }
        Some(conn)
    }

    /// The connection that has idled longest, and since when.
    pub(super) fn oldest_idle(&mut self) -> Option<(ConnId, Instant)> {
        while let Some(&(id, since)) = self.idle.front() {
            if is_idle_since(&self.slots, id, since) {
                return Some((id, since));
            }
            self.idle.pop_front();
        }
        None
    }
}

fn is_idle_since<C>(slots: &[Option<Connection<C>>], id: ConnId, since: Instant) -> bool {
    let conn = slots.get(id.slot).and_then(Option::as_ref);
    conn.is_some_and(|conn| conn.id == id && conn.state == State::Idle(since))
}
