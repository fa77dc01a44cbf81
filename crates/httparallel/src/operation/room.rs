//! Where a large body goes while it arrives: memory of its own, in one piece, which its owner gives if it will be
//! the owner's in the end.
//!
//! ```text
//!   Nothing ─► Asked ─► Answering ─► Given ─► Taken ─► Filled
//!                           └─► Nothing
//! ```
//!
//! Who drives the connection asks, and goes on gathering pieces while nobody answers; those are moved into the room
//! when it is there. So an owner that is busy, or gives nothing, costs memory and time, and nothing else.

use std::any::Any;
use std::fmt;
use std::io;
use std::mem::{MaybeUninit, take};

use bytes::BufMut;
use httparallel_proto::pool::Lane;

use super::{Head, Mode, Op, OpState, Operation};
use crate::net::{Stream, prefer_large_pages, recycle};

/// Bodies from this size on get a room, if the thread that will have them reads them itself.
const ROOM_FROM: u64 = 512 * 1024;

/// Bodies from this size on get a room that the I/O thread fills. To ask for it wakes another thread, and below this
/// size memory that was freed before is cheaper than memory of one's own, in which each page is new.
const ROOM_FROM_ATTACHED: u64 = 6 * 1024 * 1024;

/// What is announced is asked for up to this size before any of it has arrived. Memory that nothing was written to is
/// only reserved.
const TRUSTED: u64 = 64 * 1024 * 1024;

/// Of what is announced beyond that, this part has to arrive first, so that no false announcement reserves memory
/// without end.
const PROVEN: u64 = 64;

/// With more than this in pieces, and more than twice what has to arrive first, it is too late for a room: to move them
/// would hold up whatever else the thread that drives the connection has to do.
const MOVED: usize = 16 * 1024 * 1024;

/// Memory that the owner of an operation gives for its response's body.
///
/// The engine writes to it from whichever thread drives the connection, from its beginning on, and drops it there if
/// the request fails.
pub trait Room: Any + Send + fmt::Debug {
    /// All of it: the same memory each time. The engine has written all of it when it gives it back.
    fn all(&mut self) -> &mut [MaybeUninit<u8>];
}

/// A room that a body is written to.
pub(crate) enum Filling {
    /// The engine's own.
    Own(Vec<u8>),
    /// The owner's, and how much of it has been written.
    Given(Box<dyn Room>, usize),
}

/// What has become of an operation's room.
#[derive(Debug, Default)]
pub(crate) enum Lodging {
    #[default]
    Nothing,
    /// The owner is to give so many bytes.
    Asked(usize),
    /// The owner is about to.
    Answering(usize),
    Given(Filling),
    /// Whoever drives the connection fills it.
    Taken,
    /// All of the body is in there.
    Filled(Box<dyn Room>),
}

/// What a connection finds that has asked for room.
#[derive(Debug)]
pub(crate) enum Answer {
    NotYet,
    Refused,
    Room(Filling),
}

impl Filling {
    /// Reads what the stream has there and then, at most `limit` bytes, which must not be more than are to come.
    pub(crate) fn read(&mut self, stream: &mut Stream, limit: usize) -> io::Result<usize> {
        match self {
            Self::Own(memory) => stream.read(&mut memory.limit(limit)),
            Self::Given(room, written) => {
                let mut place = &mut room.all()[*written..][..limit];
                let read = stream.read(&mut place)?;
                *written += read;
                Ok(read)
            }
        }
    }

    /// How large it is.
    fn size(&mut self) -> usize {
        match self {
            Self::Own(memory) => memory.capacity(),
            Self::Given(room, _) => room.all().len(),
        }
    }

    fn append(&mut self, piece: &[u8]) {
        match self {
            Self::Own(memory) => memory.extend_from_slice(piece),
            Self::Given(room, written) => {
                let mut place = &mut room.all()[*written..];
                place.put_slice(piece);
                *written += piece.len();
            }
        }
    }

    /// The engine's own memory for so many bytes; `None` if there is not as much.
    fn own(bytes: usize) -> Option<Self> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(bytes).ok()?;
        prefer_large_pages(memory.spare_capacity_mut());
        Some(Self::Own(memory))
    }
}

impl fmt::Debug for Filling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = match self {
            Self::Own(memory) => memory.len(),
            Self::Given(_, written) => *written,
        };
        f.debug_struct("Filling").field("written", &written).finish_non_exhaustive()
    }
}

impl OpState {
    /// The room with the whole body, if it went into one that the owner gave.
    pub(super) fn take_room(&mut self) -> Option<Box<dyn Room>> {
        match take(&mut self.room) {
            Lodging::Filled(room) => Some(room),
            _ => None,
        }
    }

    /// Whether the owner is asked for room.
    pub(super) fn asks_for_room(&self) -> bool {
        self.outcome.is_none() && matches!(self.room, Lodging::Asked(_))
    }
}

impl Op {
    /// How much of a body may be left to come when room for it is asked for; `None` if it goes without.
    ///
    /// Its bytes do not pass the operation any more, so it must be one that nothing has to be said about: announced
    /// with its length, which the guard has seen; wanted, in one piece and by one owner; and not to be decoded.
    pub(crate) fn room_wanted(&self, announced: Option<u64>) -> Option<u64> {
        let least = if self.lane() == Lane::Detached { ROOM_FROM } else { ROOM_FROM_ATTACHED };
        let announced = announced.filter(|announced| *announced >= least)?;
        // A thread that produces content does not look at what is asked of it.
        if self.settings.mode != Mode::Buffered || self.block.is_some() || self.upload.is_some() {
            return None;
        }
        let state = self.state.lock();
        let is_coded = |head: &Head| head.headers.contains("content-encoding");
        if state.follow.is_some() || state.head.as_deref().is_none_or(is_coded) {
            return None;
        }
        Some(if announced <= TRUSTED { announced } else { announced - announced / PROVEN })
    }

    /// Asks for room for what has arrived of the body, and as many bytes more.
    pub(crate) fn ask_for_room(&self, left: u64) {
        let mut state = self.state.lock();
        let bytes = usize::try_from(left).ok().and_then(|left| left.checked_add(state.buffered));
        let Some(bytes) = bytes else { return };
        if !self.settings.gives_room {
            drop(state);
            let own = Filling::own(bytes);
            self.state.lock().room = own.map_or(Lodging::Nothing, Lodging::Given);
            return;
        }
        state.room = Lodging::Asked(bytes);
        let listener = take(&mut state.listener);
        drop(state);
        listener.notify();
    }

    /// The room, if it is there, with all that has arrived so far in it.
    pub(crate) fn answered_room(&self) -> Answer {
        let mut state = self.state.lock();
        let mut room = match take(&mut state.room) {
            Lodging::Given(room) => room,
            waiting @ (Lodging::Asked(_) | Lodging::Answering(_)) => {
                state.room = waiting;
                return Answer::NotYet;
            }
            _ => return Answer::Refused,
        };
        let room_for = room.size();
        if state.buffered > MOVED.max(room_for / 32) {
            return Answer::Refused;
        }
        state.room = Lodging::Taken;
        state.buffered = 0;
        let pieces = take(&mut state.body);
        drop(state);
        for piece in pieces {
            room.append(&piece);
            recycle(piece);
        }
        Answer::Room(room)
    }

    /// The whole body is in there.
    pub(crate) fn filled_room(&self, room: Filling) {
        let mut state = self.state.lock();
        match room {
            Filling::Own(memory) => state.body.push_back(memory.into()),
            Filling::Given(room, _) => state.room = Lodging::Filled(room),
        }
    }
}

impl Operation {
    /// Whether its owner is asked for room: [`give_room`](Self::give_room).
    pub fn asks_for_room(&self) -> bool {
        self.0.state.lock().asks_for_room()
    }

    /// Gives the room that is asked for, if it is: what `make` makes when it is told how many bytes there are to be.
    /// If that is `None`, or of another size, the body comes in pieces.
    ///
    /// To be called when [`wait`](Self::wait) returns, or the listener is told, before the operation is ready. Only
    /// operations with [`Settings::gives_room`](super::Settings::gives_room) ask.
    pub fn give_room(&self, make: impl FnOnce(usize) -> Option<Box<dyn Room>>) {
        let mut state = self.0.state.lock();
        let Lodging::Asked(bytes) = state.room else { return };
        state.room = Lodging::Answering(bytes);
        drop(state);
        let mut room = make(bytes);
        room = room.and_then(|mut room| (room.all().len() == bytes).then_some(room));
        let mut state = self.0.state.lock();
        // Unless the request has begun again meanwhile.
        if matches!(state.room, Lodging::Answering(asked) if asked == bytes) {
            state.room = room.take().map_or(Lodging::Nothing, |room| Lodging::Given(Filling::Given(room, 0)));
        }
        drop(state);
        // One that came too late is dropped without the lock: it is somebody else's.
        drop(room);
    }
}
