//! What a connection receives: from the socket, through the codec, to the operation it serves.

use std::io::{self, ErrorKind};
use std::time::Instant;

use bytes::buf::Limit;
use bytes::{BufMut, BytesMut};
use httparallel_proto::h1::{CloseReason, Event, Reuse};
use httparallel_proto::pool::Lane;

use super::connection::{Connection, Ended, Unread, Unwanted};
use super::intake::Intake;
use crate::net::{LARGE_READ, Stream, free_buffer};
use crate::operation::{Answered, Attempt, Mode, PIECE, UNWANTED_BYTES, UNWANTED_TIME};

/// Room for a read while heads and small bodies come in.
const SMALL_READ: usize = 8 * 1024;

/// How much is read in one go. A peer may send small chunks faster than they are read, and neither time limits nor
/// other connections may wait for the end of that.
const TURN_SIZE: usize = 512 * 1024;

impl Connection {
    /// Reads and delivers what is there, or [a good part](Self::has_more) of it. Returns the exchange when it is over.
    ///
    /// It may stop before the socket is empty, while room for the body is asked for: [`asks_for_room`](Self::asks_for_room).
    pub(crate) fn receive(&mut self, now: Instant) -> Option<Ended> {
        if self.unread == Unread::More {
            self.unread = Unread::Unknown;
        }
        self.leave_if_stale().or_else(|| self.go_on_receiving(now, TURN_SIZE))
    }

    /// Waits for input in the read itself, [as long as that can](Stream::read_patiently), which spares the system call
    /// of a wait for it. The outcome is for [`receive_read`](Self::receive_read), with the time after it.
    pub(crate) fn read_patiently(&mut self) -> io::Result<usize> {
        self.fill_by(|stream, buffer| stream.read_patiently(buffer))
    }

    /// [`receive`](Self::receive), when the first read has been made already.
    pub(crate) fn receive_read(&mut self, read: io::Result<usize>, now: Instant) -> Option<Ended> {
        let mut left = TURN_SIZE;
        match self.took(read, now, &mut left) {
            Ok(()) => self.go_on_receiving(now, left),
            Err(ended) => ended,
        }
    }

    fn go_on_receiving(&mut self, now: Instant, mut left: usize) -> Option<Ended> {
        let mut is_first = true;
        loop {
            if let Some(ended) = self.deliver() {
                return Some(ended);
            }
            let stops = self.stops_for_room(is_first) || self.unread != Unread::Unknown;
            if stops || self.is_paused() || self.exchange.is_none() {
                return None;
            }
            is_first = false;
            let read = self.fill_room().unwrap_or_else(|| self.fill());
            if let Err(ended) = self.took(read, now, &mut left) {
                return ended;
            }
        }
    }

    /// Notes what a read did, of which `left` bytes may be made now. `Err` if there is nothing to go on with.
    fn took(&mut self, read: io::Result<usize>, now: Instant, left: &mut usize) -> Result<(), Option<Ended>> {
        match read {
            Ok(0) => self.eof = true,
            Ok(read) => {
                self.touch(now);
                if read > *left && self.unread == Unread::Unknown {
                    self.unread = Unread::More;
                }
                *left = left.saturating_sub(read);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.unread = Unread::Nothing;
                return Err(None);
            }
            Err(error) => return Err(self.lose(&error)),
        }
        Ok(())
    }

    /// Whether [`receive`](Self::receive) is to be called again at once, whatever the socket says.
    pub(crate) fn has_more(&self) -> bool {
        self.unread == Unread::More && !self.is_paused()
    }

    /// The socket has something new: reads are worth their system call again.
    pub(crate) fn readable(&mut self) {
        self.unread = Unread::Unknown;
    }

    /// Whether delivery stopped with a pause, so that it must go on when that ends.
    pub(crate) fn is_behind(&self) -> bool {
        self.behind
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.unread == Unread::Nothing
    }

    /// Whether room for the body is asked for.
    pub(crate) fn asks_for_room(&self) -> bool {
        self.exchange.as_ref().is_some_and(|exchange| exchange.intake.is_asked())
    }

    /// Whether to stop reading because room for the body is asked for. It is the thread here that has to give it; or
    /// another one, which has to be told before it can, and is told when this one has come to the end of its round.
    fn stops_for_room(&mut self, is_first: bool) -> bool {
        self.exchange.as_mut().is_some_and(|exchange| {
            exchange.intake.settle(&exchange.op, &exchange.reader)
                && (!is_first || exchange.op.lane() == Lane::Detached)
        })
    }

    /// Reads body to where it belongs, if there is a room for it. What came with the head has been delivered.
    fn fill_room(&mut self) -> Option<io::Result<usize>> {
        let exchange = self.exchange.as_mut()?;
        let read = exchange.intake.read(&mut self.stream, &mut exchange.reader)?;
        Some(read.map(|(read, is_short)| {
            let emptied = read > 0 && is_short && self.stream.session().is_none();
            self.unread = if emptied { Unread::Nothing } else { Unread::Unknown };
            read
        }))
    }

    pub(super) fn fill(&mut self) -> io::Result<usize> {
        self.fill_by(|stream, buffer| stream.read(buffer))
    }

    fn fill_by(
        &mut self,
        read: impl FnOnce(&mut Stream, &mut Limit<&mut BytesMut>) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let room = self.input.capacity() - self.input.len();
        let exchange = self.exchange.as_ref();
        let left = exchange.and_then(|exchange| exchange.reader.body_remaining_hint());
        let is_streamed = exchange.is_some_and(|exchange| exchange.op.settings.mode == Mode::Streaming);
        let is_large = left.map_or(self.plenty, |left| left > 4 * SMALL_READ as u64);
        let wanted = match is_large {
            true if is_streamed => PIECE,
            true => LARGE_READ,
            false => SMALL_READ,
        };
        if room < wanted / 4 {
            let free = if wanted == LARGE_READ && self.input.is_empty() { free_buffer() } else { None };
            match free {
                Some(buffer) => self.input = buffer,
                None => self.input.reserve(wanted),
            }
        } else if self.input.is_empty() {
            // From the start again: with many connections the processor's caches do not hold whole buffers.
            let _ = self.input.try_reclaim(SMALL_READ);
        }
        // There may be more room than a streamed piece is to have, from a body that was gathered.
        let most = if is_streamed { PIECE } else { usize::MAX };
        let room = (self.input.capacity() - self.input.len()).min(most);
        let read = read(&mut self.stream, &mut (&mut self.input).limit(room))?;
        self.plenty = read == room;
        // A plain socket that gave less than there was room for is empty. With TLS, more may be decrypted.
        let emptied = read > 0 && read < room && self.stream.session().is_none();
        self.unread = if emptied { Unread::Nothing } else { Unread::Unknown };
        Ok(read)
    }

    pub(super) fn touch(&mut self, now: Instant) {
        if let Some(exchange) = self.exchange.as_mut() {
            exchange.since = now;
            exchange.answered.get_or_insert(now);
        }
    }

    /// Parses what is in the input buffer and hands it to the operation.
    fn deliver(&mut self) -> Option<Ended> {
        self.behind = false;
        let exchange = self.exchange.as_mut()?;
        loop {
            let event = match exchange.reader.read(&mut self.input, self.eof) {
                Ok(event) => event,
                Err(error) => return self.fail(error),
            };
            match event {
                Event::NeedMore => return None,
                Event::Interim(head) => {
                    if head.status == 100 {
                        exchange.outgoing.release();
                    }
                    // The response proper begins with the next byte.
                    exchange.answered = exchange.answered.filter(|_| !self.input.is_empty());
                }
                Event::Head(head) => {
                    // RFC 9110 section 10.1.1: a final status means that the content is not wanted.
                    exchange.broken |= exchange.outgoing.withhold();
                    let at = exchange.answered.unwrap_or(exchange.since);
                    let answered = Answered { given: None, sent: exchange.sent, at };
                    match exchange.op.on_head(head.into(), answered) {
                        Ok(true) => exchange.intake = Intake::of(&exchange.op, &exchange.reader),
                        Ok(false) => {
                            let until = exchange.since + UNWANTED_TIME;
                            exchange.unwanted = Some(Unwanted { left: UNWANTED_BYTES, until });
                        }
                        Err(error) => {
                            let unfinished = Reuse::No(CloseReason::ResponseUnfinished);
                            return self.end(Attempt::Failed(error), unfinished);
                        }
                    }
                }
                Event::Body(piece) => {
                    if let Some(unwanted) = &mut exchange.unwanted {
                        let Some(left) = unwanted.left.checked_sub(piece.len()) else {
                            return self.end(Attempt::Done, Reuse::No(CloseReason::ResponseUnfinished));
                        };
                        unwanted.left = left;
                        continue;
                    }
                    match exchange.op.on_body(piece) {
                        Ok(false) => {}
                        Ok(true) => {
                            self.behind = true;
                            return None;
                        }
                        Err(error) => {
                            let unfinished = Reuse::No(CloseReason::ResponseUnfinished);
                            return self.end(Attempt::Failed(error), unfinished);
                        }
                    }
                }
                Event::End { reuse, .. } => {
                    std::mem::take(&mut exchange.intake).finish(&exchange.op);
                    let sent = exchange.outgoing.is_complete() && self.output.is_empty() && !exchange.broken;
                    let reuse = if sent { reuse } else { Reuse::No(CloseReason::RequestUnfinished) };
                    return self.end(Attempt::Done, reuse);
                }
            }
        }
    }
}
