//! A large body on its way from the socket straight into its room, past the input buffer.

use std::io;

use httparallel_proto::h1::ResponseReader;

use crate::net::Stream;
use crate::operation::{Answer, Filling, Op};

/// The most bytes of one read: a fast server must not keep the thread from all else.
const ONE_READ: usize = 1024 * 1024;

/// Where the body of a response goes.
#[derive(Debug, Default)]
pub(super) enum Intake {
    /// Through the input buffer, piece by piece.
    #[default]
    Pieces,
    /// In pieces, until no more than that is left to come.
    Later(u64),
    /// In pieces, until the room comes that was asked for.
    Asked,
    /// Into a room.
    Into(Filling),
}

impl Intake {
    /// Decides when the head is there.
    pub(super) fn of(op: &Op, reader: &ResponseReader) -> Self {
        op.room_wanted(reader.body_remaining_hint()).map_or(Self::Pieces, Self::Later)
    }

    /// Asks for room when it is time, and takes it when it is there. All that was read so far must have been
    /// delivered. Returns whether there is a request for room without an answer.
    pub(super) fn settle(&mut self, op: &Op, reader: &ResponseReader) -> bool {
        if let (Self::Later(at), Some(left)) = (&self, reader.body_remaining_hint())
            && left <= *at
        {
            op.ask_for_room(left);
            *self = Self::Asked;
        }
        if matches!(self, Self::Asked) {
            match op.answered_room() {
                Answer::NotYet => return true,
                Answer::Refused => *self = Self::Pieces,
                Answer::Room(room) => *self = Self::Into(room),
            }
        }
        false
    }

    pub(super) fn is_asked(&self) -> bool {
        matches!(self, Self::Asked)
    }

    pub(super) fn has_room(&self) -> bool {
        matches!(self, Self::Into(_))
    }

    /// Reads from the stream into the room and counts it for the reader; `None` if there is no room.
    ///
    /// Returns how much was read, and whether more was wanted than was there.
    pub(super) fn read(
        &mut self,
        stream: &mut Stream,
        reader: &mut ResponseReader,
    ) -> Option<io::Result<(usize, bool)>> {
        let Self::Into(room) = self else { return None };
        let left = reader.body_remaining_hint().unwrap_or(0);
        let limit = usize::try_from(left).unwrap_or(usize::MAX).min(ONE_READ);
        Some(room.read(stream, limit).map(|read| {
            reader.advance_body(read as u64);
            (read, read < limit)
        }))
    }

    /// The body is over.
    pub(super) fn finish(self, op: &Op) {
        if let Self::Into(room) = self {
            op.filled_room(room);
        }
    }
}
