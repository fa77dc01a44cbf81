//! Connections as the pool knows them.

use std::time::{Duration, Instant};

use super::Dropped;
use super::list::{Links, List, count_visit};
use super::queue::WaiterId;

/// Names a connection of a pool. Never used twice by one pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId {
    pub(super) slot: usize,
    pub(super) serial: u64,
}

impl ConnId {
    /// The connection's number, in the order in which the pool named them.
    pub fn number(self) -> u64 {
        self.serial
    }
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

/// On which of its origin's lists a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shelf {
    /// Being opened.
    Connecting,
    /// HTTP/1.1, idle, by lane.
    Idle(Lane),
    /// HTTP/2 with room for another stream.
    Room,
}

/// What a connection attempt was started for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) owner: WaiterId,
    pub(super) limit: Option<Duration>,
}

#[derive(Debug)]
pub(super) struct Connection<C> {
    pub(super) id: ConnId,
    pub(super) origin: usize,
    pub(super) attempt: Attempt,
    pub(super) state: State,
    /// `None` while connecting.
    pub(super) opened: Option<Opened>,
    /// Why it takes no new request any more: the peer said so, or it is too old.
    pub(super) retired: Option<Dropped>,
    /// When it was opened.
    pub(super) born: Option<Instant>,
    /// The caller's handle; `None` while connecting, and while a detached connection is out.
    pub(super) handle: Option<C>,
    pub(super) requests: u64,
    /// Where it is filed at the moment.
    pub(super) shelf: Option<Shelf>,
    is_aging: bool,
    is_young: bool,
}

impl<C> Connection<C> {
    /// Whether another request may start on it now.
    pub(super) fn has_room(&self) -> bool {
        if self.retired.is_some() {
            return false;
        }
        match (self.opened, self.state) {
            (Some(Opened::Http1(_)), State::Idle(_)) => true,
            (Some(Opened::Http2 { max_streams }), State::Active(streams)) => streams < max_streams,
            (Some(Opened::Http2 { max_streams }), State::Idle(_)) => max_streams > 0,
            _ => false,
        }
    }

    /// Whether any request may start on it: HTTP/1.1 that has served none, or HTTP/2.
    pub(super) fn is_fresh(&self) -> bool {
        self.requests == 0 || matches!(self.opened, Some(Opened::Http2 { .. }))
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle(_))
    }

    /// Whether it is an HTTP/2 connection whose peer allows no stream at the moment.
    pub(super) fn is_stalled(&self) -> bool {
        self.retired.is_none() && self.opened == Some(Opened::Http2 { max_streams: 0 })
    }

    /// Where it belongs.
    pub(super) fn proper_shelf(&self) -> Option<Shelf> {
        match (self.state, self.opened) {
            (State::Connecting, _) => Some(Shelf::Connecting),
            (State::Idle(_), Some(Opened::Http1(lane))) if self.has_room() => Some(Shelf::Idle(lane)),
            (_, Some(Opened::Http2 { .. })) if self.has_room() => Some(Shelf::Room),
            _ => None,
        }
    }
}

/// Connections of a pool, in slots that are reused: the idle ones also by how long they have idled, and if their
/// age is limited, all that take requests by when they were opened.
#[derive(Debug)]
pub(super) struct Connections<C> {
    slots: Vec<Option<Connection<C>>>,
    vacant: Vec<usize>,
    next_serial: u64,
    /// Neighbours on a shelf of the origin.
    pub(super) shelved: Links,
    by_age: Links,
    aging: List,
    by_birth: Links,
    young: List,
}

impl<C> Connections<C> {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            vacant: Vec::new(),
            next_serial: 0,
            shelved: Links::default(),
            by_age: Links::default(),
            aging: List::default(),
            by_birth: Links::default(),
            young: List::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    /// How many idle and could serve.
    pub(super) fn idle_count(&self) -> usize {
        self.aging.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Connection<C>> {
        self.slots.iter().flatten()
    }

    pub(super) fn insert(&mut self, origin: usize, attempt: Attempt) -> ConnId {
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let id = ConnId { slot, serial: self.next_serial };
        self.next_serial += 1;
        self.slots[slot] = Some(Connection {
            id,
            origin,
            attempt,
            state: State::Connecting,
            opened: None,
            retired: None,
            born: None,
            handle: None,
            requests: 0,
            shelf: None,
            is_aging: false,
            is_young: false,
        });
        id
    }

    pub(super) fn get(&mut self, id: ConnId) -> Option<&mut Connection<C>> {
        count_visit();
        self.slots.get_mut(id.slot)?.as_mut().filter(|conn| conn.id == id)
    }

    /// As [`get`](Self::get), to look at only.
    pub(super) fn peek(&self, id: ConnId) -> Option<&Connection<C>> {
        self.slots.get(id.slot)?.as_ref().filter(|conn| conn.id == id)
    }

    /// The connection in a slot that a list names.
    pub(super) fn id_at(&self, slot: Option<usize>) -> Option<ConnId> {
        self.slots.get(slot?)?.as_ref().map(|conn| conn.id)
    }

    /// Brings the list of idle connections up to date with this one.
    pub(super) fn age(&mut self, id: ConnId) {
        let Some(conn) = self.slots.get_mut(id.slot).and_then(Option::as_mut) else { return };
        let idles = conn.is_idle() && conn.has_room();
        let was_aging = std::mem::replace(&mut conn.is_aging, idles);
        match (was_aging, idles) {
            (false, true) => self.by_age.push(&mut self.aging, id.slot),
            (true, false) => self.by_age.remove(&mut self.aging, id.slot),
            _ => {}
        }
    }

    /// Begins to count the age of a connection that was opened now. Those that opened before are older.
    pub(super) fn born(&mut self, id: ConnId, now: Instant) {
        let Some(conn) = self.get(id) else { return };
        (conn.born, conn.is_young) = (Some(now), true);
        self.by_birth.push(&mut self.young, id.slot);
    }

    /// Lets a connection take no new request, from the first such call on for that reason.
    pub(super) fn retire(&mut self, id: ConnId, why: Dropped) {
        let Some(conn) = self.get(id) else { return };
        conn.retired.get_or_insert(why);
        if std::mem::take(&mut conn.is_young) {
            self.by_birth.remove(&mut self.young, id.slot);
        }
    }

    /// The connection that was opened first of those whose age counts, and when.
    pub(super) fn oldest(&self) -> Option<(ConnId, Instant)> {
        let conn = self.slots.get(self.young.first()?)?.as_ref()?;
        Some((conn.id, conn.born?))
    }

    /// Takes out a connection that is on no shelf any more.
    pub(super) fn remove(&mut self, id: ConnId) -> Option<Connection<C>> {
        self.get(id)?;
        let conn = self.slots[id.slot].take()?;
        self.vacant.push(id.slot);
        if conn.is_aging {
            self.by_age.remove(&mut self.aging, id.slot);
        }
        if conn.is_young {
            self.by_birth.remove(&mut self.young, id.slot);
        }
        Some(conn)
    }

    /// The connection that has idled longest, and since when.
    pub(super) fn oldest_idle(&self) -> Option<(ConnId, Instant)> {
        let conn = self.slots.get(self.aging.first()?)?.as_ref()?;
        match conn.state {
            State::Idle(since) => Some((conn.id, since)),
            State::Connecting | State::Active(_) => None,
        }
    }

    pub(super) fn drain(&mut self) -> Vec<Connection<C>> {
        self.vacant.clear();
        self.shelved = Links::default();
        self.by_age = Links::default();
        self.aging = List::default();
        self.by_birth = Links::default();
        self.young = List::default();
        self.slots.drain(..).flatten().collect()
    }
}
