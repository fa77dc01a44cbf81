//! One HTTP/1.1 connection, without waiting: bytes out, bytes in, events to the operation it serves.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Instant;

use bytes::{BufMut, BytesMut};
use httparallel_proto::fetch::{Request, may_retry_lost};
use httparallel_proto::h1::{CloseReason, Event, Limits, ResponseReader, Reuse};
use httparallel_proto::pool::{ConnId, Lane};
use httparallel_proto::proxy::Proxy;
use httparallel_proto::timeouts::Deadline;
use httparallel_proto::{Error, Kind, Phase};

use super::intake::Intake;
use super::outgoing::{Failure, Outgoing};
use crate::engine::{Closed, Fate, Handle};
use crate::inbox::UnderWay;
use crate::net::{ConnectionFacts, Stream};
use crate::operation::{Answered, Attempt, Mode, Op, PIECE, UNWANTED_BYTES, UNWANTED_TIME};

/// Room for a read while heads and small bodies come in.
const SMALL_READ: usize = 8 * 1024;
/// Room for a read within a large body that is gathered.
const LARGE_READ: usize = 128 * 1024;

/// How much is read in one go. A peer may send small chunks faster than they are read, and neither time limits nor
/// other connections may wait for the end of that.
const TURN_SIZE: usize = 512 * 1024;

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Stream,
    input: BytesMut,
    output: BytesMut,
    exchange: Option<Exchange>,
    /// The proxy at its other end that forwards requests.
    proxy: Option<Arc<Proxy>>,
    facts: Arc<ConnectionFacts>,
    served: u64,
    eof: bool,
    /// Delivery stopped because the reader of a streamed body is behind: the input may hold more for it.
    behind: bool,
    unread: Unread,
    /// Whether the last read filled all of its room, so that more is worth it although nobody has told how much comes.
    plenty: bool,
}

/// What there is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unread {
    /// Nobody has looked.
    Unknown,
    /// Nothing: the last read emptied the socket, so that the next one would only be told so.
    Nothing,
    /// More, when the others have had their turn.
    More,
}

/// The request being served.
#[derive(Debug)]
struct Exchange {
    op: Arc<Op>,
    request: Arc<Request>,
    outgoing: Outgoing,
    reader: ResponseReader,
    /// Where its body goes.
    intake: Intake,
    /// When bytes last moved.
    since: Instant,
    /// When the last byte of the request was taken.
    sent: Option<Instant>,
    /// When the first byte of the response was there.
    answered: Option<Instant>,
    /// Nothing more is sent: the socket takes no more, or the response came while content was held back.
    broken: bool,
    /// Why the socket takes no more.
    send_error: Option<Error>,
    /// The response's body is read for nothing but the connection's sake.
    unwanted: Option<Unwanted>,
    /// Counts it, if the I/O thread reads it.
    _under_way: Option<UnderWay>,
}

/// How much of a body that nobody wants is worth reading, so that the connection can serve another request.
#[derive(Debug)]
struct Unwanted {
    left: usize,
    until: Instant,
}

/// An exchange that is over.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) op: Arc<Op>,
    pub(crate) attempt: Attempt,
    pub(crate) reuse: Reuse,
}

impl Connection {
    /// A connection to an origin, or to a proxy that forwards requests.
    pub(crate) fn new(stream: Stream, proxy: Option<Arc<Proxy>>, facts: Arc<ConnectionFacts>) -> Self {
        Self {
            stream,
            input: BytesMut::new(),
            output: BytesMut::new(),
            exchange: None,
            proxy,
            facts,
            served: 0,
            eof: false,
            behind: false,
            unread: Unread::Unknown,
            plenty: false,
        }
    }

    pub(crate) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The operation it serves.
    pub(crate) fn operation(&self) -> Option<&Arc<Op>> {
        self.exchange.as_ref().map(|exchange| &exchange.op)
    }

    pub(crate) fn serves(&self, op: &Arc<Op>) -> bool {
        self.exchange.as_ref().is_some_and(|exchange| Arc::ptr_eq(&exchange.op, op))
    }

    pub(crate) fn is_serving(&self) -> bool {
        self.exchange.is_some()
    }

    /// Whether a connection that served before can serve again.
    pub(crate) fn is_reusable(&mut self) -> bool {
        self.served == 0 || self.is_fresh()
    }

    /// Whether an idle connection is still of use: open, and without bytes nobody asked for. What TLS sends
    /// for itself (session tickets) is read and kept.
    pub(crate) fn is_fresh(&mut self) -> bool {
        match self.fill() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.unread = Unread::Nothing;
                true
            }
            _ => false,
        }
    }

    /// Takes on an operation and encodes its head. Returns what ended at once: an operation that was cancelled
    /// before, or whose request is invalid.
    pub(crate) fn begin(
        &mut self,
        op: Arc<Op>,
        id: ConnId,
        handle: Option<Handle>,
        now: Instant,
    ) -> Option<Ended> {
        let is_attached = handle.is_some();
        let Some(request) = op.begin(id, handle, &self.facts, self.served > 0, now) else {
            let attempt = Attempt::Failed(Error::new(Kind::Cancelled, Phase::Pool, "cancelled"));
            return Some(Ended { op, attempt, reuse: Reuse::Yes });
        };
        let proxy = self.proxy.as_deref();
        match Outgoing::new(&request, proxy, op.upload.as_ref(), &mut self.output, now) {
            Err(error) => Some(Ended { op, attempt: Attempt::Failed(error), reuse: Reuse::Yes }),
            Ok(outgoing) => {
                let method = request.method.as_str().as_bytes();
                let reader = ResponseReader::new(method, &request.headers, &Limits::default());
                let under_way = is_attached.then(|| op.shared.io.inbox().enter());
                self.exchange = Some(Exchange {
                    op,
                    request,
                    outgoing,
                    reader,
                    intake: Intake::default(),
                    since: now,
                    sent: None,
                    answered: None,
                    broken: false,
                    send_error: None,
                    unwanted: None,
                    _under_way: under_way,
                });
                None
            }
        }
    }

    /// Writes as much as the socket takes.
    pub(crate) fn send(&mut self, now: Instant) -> Option<Ended> {
        let exchange = self.exchange.as_mut()?;
        if exchange.broken {
            return None;
        }
        match exchange.outgoing.send(&mut self.stream, &mut self.output) {
            Ok(progress) => {
                if progress {
                    exchange.since = now;
                }
                let taken = exchange.outgoing.is_drained() && self.output.is_empty();
                if taken && exchange.sent.is_none() && !self.stream.wants_write() {
                    exchange.sent = Some(Instant::now());
                }
            }
            Err(Failure::Socket(error)) => {
                exchange.broken = true;
                let message = format!("the connection failed: {error}");
                exchange.send_error =
                    Some(Error::new(Kind::Network, Phase::Write, message).with_source(error));
            }
            Err(Failure::Request(error)) => {
                return self.end(Attempt::Failed(error), Reuse::No(CloseReason::RequestUnfinished));
            }
        }
        None
    }

    /// Reads and delivers what is there, or [a good part](Self::has_more) of it. Returns the exchange when it is over.
    ///
    /// It may stop before the socket is empty, while room for the body is asked for: [`asks_for_room`](Self::asks_for_room).
    pub(crate) fn receive(&mut self, now: Instant) -> Option<Ended> {
        let (mut is_first, mut left) = (true, TURN_SIZE);
        if self.unread == Unread::More {
            self.unread = Unread::Unknown;
        }
        loop {
            if let Some(ended) = self.deliver() {
                return Some(ended);
            }
            let stops = self.stops_for_room(is_first) || self.unread != Unread::Unknown;
            if stops || self.is_paused() || self.exchange.is_none() {
                return None;
            }
            is_first = false;
            match self.fill_room().unwrap_or_else(|| self.fill()) {
                Ok(0) => self.eof = true,
                Ok(read) => {
                    self.touch(now);
                    if read > left && self.unread == Unread::Unknown {
                        self.unread = Unread::More;
                    }
                    left = left.saturating_sub(read);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.unread = Unread::Nothing;
                    return None;
                }
                Err(error) => return self.lose(&error),
            }
        }
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

    /// Whether sending waits for the socket.
    pub(crate) fn wants_write(&self) -> bool {
        self.stream.wants_write()
            || self
                .exchange
                .as_ref()
                .is_some_and(|exchange| !exchange.broken && exchange.outgoing.wants_write(&self.output))
    }

    /// Whether the reader of a streamed body is behind.
    pub(crate) fn is_paused(&self) -> bool {
        self.exchange.as_ref().is_some_and(|exchange| exchange.op.is_paused())
    }

    /// The pipe that content is waited for from.
    pub(crate) fn awaited_upload(&self) -> Option<&crate::operation::Upload> {
        self.exchange.as_ref()?.outgoing.upload().map(|upload| &**upload)
    }

    /// When something must be done even if no byte moves.
    pub(crate) fn deadline(&self) -> Option<Deadline> {
        let exchange = self.exchange.as_ref()?;
        let timeouts = &exchange.op.settings.timeouts;
        let (since, total) = (exchange.since, exchange.op.total());
        if let Some(Unwanted { until, .. }) = exchange.unwanted {
            return Some(Deadline { at: until, phase: Phase::Read });
        }
        if let Some(at) = exchange.outgoing.held_until() {
            let read = Deadline::of(Phase::Read, timeouts, since, total);
            return Some(read.filter(|read| read.at < at).unwrap_or(Deadline { at, phase: Phase::Build }));
        }
        if self.is_paused() {
            return Deadline::of(Phase::Total, timeouts, since, total).filter(|_| total.is_some());
        }
        let waits_for_producer = !exchange.broken && !exchange.outgoing.is_drained() && !self.wants_write();
        let phase = if self.wants_write() || waits_for_producer { Phase::Write } else { Phase::Read };
        if waits_for_producer {
            return total.map(|at| Deadline { at, phase: Phase::Total });
        }
        Deadline::of(phase, timeouts, since, total)
    }

    /// Looks whether the deadline has passed; if so, the exchange ends, or content is held back no longer.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Ended> {
        let deadline = self.deadline().filter(|deadline| deadline.at <= now)?;
        if deadline.phase == Phase::Build {
            let exchange = self.exchange.as_mut()?;
            exchange.outgoing.release();
            exchange.since = now;
            return self.send(now);
        }
        let unwanted = self.exchange.as_ref().is_some_and(|exchange| exchange.unwanted.is_some());
        let attempt = if unwanted { Attempt::Done } else { Attempt::Failed(deadline.error()) };
        self.end(attempt, Reuse::No(CloseReason::ResponseUnfinished))
    }

    /// Gives up the exchange. Returns whether the connection is still good: nothing of it was sent.
    pub(crate) fn abandon(&mut self) -> bool {
        let Some(exchange) = self.exchange.take() else { return true };
        let untouched = !exchange.outgoing.written && !exchange.broken;
        self.output.clear();
        if !untouched {
            self.stream.shut_down();
        }
        untouched
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
    fn fill_room(&mut self) -> Option<std::io::Result<usize>> {
        let exchange = self.exchange.as_mut()?;
        let read = exchange.intake.read(&mut self.stream, &mut exchange.reader)?;
        Some(read.map(|(read, is_short)| {
            let emptied = read > 0 && is_short && self.stream.session().is_none();
            self.unread = if emptied { Unread::Nothing } else { Unread::Unknown };
            read
        }))
    }

    fn fill(&mut self) -> std::io::Result<usize> {
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
            self.input.reserve(wanted);
        }
        // There may be more room than a streamed piece is to have, from a body that was gathered.
        let most = if is_streamed { PIECE } else { usize::MAX };
        let room = (self.input.capacity() - self.input.len()).min(most);
        let read = self.stream.read(&mut (&mut self.input).limit(room))?;
        self.plenty = read == room;
        // A plain socket that gave less than there was room for is empty. With TLS, more may be decrypted.
        let emptied = read > 0 && read < room && self.stream.session().is_none();
        self.unread = if emptied { Unread::Nothing } else { Unread::Unknown };
        Ok(read)
    }

    fn touch(&mut self, now: Instant) {
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

    /// The socket failed while reading.
    pub(crate) fn lose(&mut self, error: &std::io::Error) -> Option<Ended> {
        let received = self.exchange.as_ref()?.reader.received_anything();
        let message = match (error.kind(), received) {
            (ErrorKind::UnexpectedEof, true) => {
                // RFC 9112 section 9.8: TLS closed without close_notify is an incomplete message.
                return self.fail(Error::new(
                    Kind::Incomplete,
                    Phase::Read,
                    "the TLS connection ended without close_notify: the response may be cut short",
                ));
            }
            (ErrorKind::UnexpectedEof, false) => {
                return self.fail(Error::protocol("Server disconnected without sending a response."));
            }
            (ErrorKind::InvalidData, _) => {
                let source = std::io::Error::new(error.kind(), error.to_string());
                let message = format!("TLS failed: {error}");
                return self.fail(Error::new(Kind::Tls, Phase::Read, message).with_source(source));
            }
            _ => format!("the connection failed: {error}"),
        };
        let source = std::io::Error::new(error.kind(), error.to_string());
        self.fail(Error::new(Kind::Network, Phase::Read, message).with_source(source))
    }

    /// Ends the exchange with an error, which may be reason to send the request again elsewhere.
    fn fail(&mut self, error: Error) -> Option<Ended> {
        let exchange = self.exchange.as_mut()?;
        let received = exchange.reader.received_anything();
        // Without a response, the first failure says more than what followed from it.
        let error = exchange.send_error.take().filter(|_| !received).unwrap_or(error);
        let unanswered = !received
            && matches!(error.kind(), Kind::Protocol | Kind::Network)
            && (self.eof || error.kind() == Kind::Network || self.input.is_empty());
        let again =
            unanswered && may_retry_lost(&exchange.request, self.served > 0, exchange.outgoing.written);
        let attempt = if again { Attempt::Lost(error) } else { Attempt::Failed(error) };
        self.end(attempt, Reuse::No(CloseReason::ResponseUnfinished))
    }

    fn end(&mut self, attempt: Attempt, reuse: Reuse) -> Option<Ended> {
        let exchange = self.exchange.take()?;
        self.served += 1;
        self.output.clear();
        Some(Ended { op: exchange.op, attempt, reuse })
    }
}

impl Ended {
    /// Whether the connection may serve another request.
    pub(crate) fn fate(&self) -> Fate {
        match self.reuse {
            Reuse::Yes => Ok(()),
            Reuse::No(reason) => Err(Closed::Unfit(reason)),
        }
    }
}
