//! One HTTP/1.1 connection, without waiting: bytes out, bytes in, events to the operation it serves.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use httparallel_proto::fetch::{Request, may_retry_lost};
use httparallel_proto::h1::{CloseReason, ResponseReader, Reuse};
use httparallel_proto::pool::ConnId;
use httparallel_proto::proxy::Proxy;
use httparallel_proto::timeouts::Deadline;
use httparallel_proto::{Error, Kind, Phase};

use super::intake::Intake;
use super::outgoing::{Failure, Outgoing};
use crate::engine::{Closed, Fate, Handle};
use crate::inbox::UnderWay;
use crate::net::{ConnectionFacts, Stream};
use crate::operation::{Attempt, Op};

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) stream: Stream,
    pub(super) input: BytesMut,
    pub(super) output: BytesMut,
    pub(super) exchange: Option<Exchange>,
    /// The proxy at its other end that forwards requests.
    pub(super) proxy: Option<Arc<Proxy>>,
    pub(super) facts: Arc<ConnectionFacts>,
    pub(super) served: u64,
    pub(super) eof: bool,
    /// Delivery stopped because the reader of a streamed body is behind: the input may hold more for it.
    pub(super) behind: bool,
    pub(super) unread: Unread,
    /// Whether the last read filled all of its room, so that more is worth it although nobody has told how much comes.
    pub(super) plenty: bool,
}

/// What there is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// Nobody has looked.
    Unknown,
    /// Nothing: the last read emptied the socket, so that the next one would only be told so.
    Nothing,
    /// More, when the others have had their turn.
    More,
}

/// The request being served.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) op: Arc<Op>,
    pub(super) request: Arc<Request>,
    pub(super) outgoing: Outgoing,
    pub(super) reader: ResponseReader,
    /// Where its body goes.
    pub(super) intake: Intake,
    /// When bytes last moved.
    pub(super) since: Instant,
    /// When the last byte of the request was taken.
    pub(super) sent: Option<Instant>,
    /// When the first byte of the response was there.
    pub(super) answered: Option<Instant>,
    /// Nothing more is sent: the socket takes no more, or the response came while content was held back.
    pub(super) broken: bool,
    /// Why the socket takes no more.
    pub(super) send_error: Option<Error>,
    /// The response's body is read for nothing but the connection's sake.
    pub(super) unwanted: Option<Unwanted>,
    /// Counts it, if the I/O thread reads it.
    _under_way: Option<UnderWay>,
}

/// How much of a body that nobody wants is worth reading, so that the connection can serve another request.
#[derive(Debug)]
pub(super) struct Unwanted {
    pub(super) left: usize,
    pub(super) until: Instant,
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

    /// Whether a read may [wait](Self::read_patiently): nothing else is waited for, and it is not a room that is read to.
    pub(crate) fn can_wait(&mut self) -> bool {
        let reads = self.exchange.as_ref().is_some_and(|exchange| !exchange.intake.has_room());
        reads && !self.is_paused() && !self.wants_write() && self.stream.can_wait()
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

    /// Whether what comes now cannot be the response: nothing of the request has been written. A new connection is
    /// another case, for a server may refuse it without having read anything.
    fn expects_nothing(&self) -> bool {
        self.served > 0 && self.exchange.as_ref().is_some_and(|exchange| !exchange.outgoing.written)
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
        match Outgoing::begin(&request, proxy, op.upload.as_ref(), &mut self.output, now) {
            Err(error) => Some(Ended { op, attempt: Attempt::Failed(error), reuse: Reuse::Yes }),
            Ok((outgoing, reader)) => {
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

    /// Ends the exchange if its connection died, or said something, before any of the request was written.
    ///
    /// RFC 9112 section 9.2: bytes that came without a request must not be taken for the response to this one.
    pub(super) fn leave_if_stale(&mut self) -> Option<Ended> {
        if !self.expects_nothing() || self.is_fresh() {
            return None;
        }
        self.end(Attempt::Unsent, Reuse::No(CloseReason::ExtraBytes))
    }

    /// Writes as much as the socket takes.
    pub(crate) fn send(&mut self, now: Instant) -> Option<Ended> {
        if let Some(ended) = self.leave_if_stale() {
            return Some(ended);
        }
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

    /// Whether sending waits for the socket.
    pub(crate) fn wants_write(&self) -> bool {
        self.stream.wants_write()
            || self
                .exchange
                .as_ref()
                .is_some_and(|exchange| !exchange.broken && exchange.outgoing.wants_write(&self.output))
    }

    /// Whether sending is to go on in the next round, whatever the socket says.
    pub(crate) fn has_yielded(&self) -> bool {
        self.exchange.as_ref().is_some_and(|exchange| exchange.outgoing.has_yielded)
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
    pub(super) fn fail(&mut self, error: Error) -> Option<Ended> {
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

    pub(super) fn end(&mut self, attempt: Attempt, reuse: Reuse) -> Option<Ended> {
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
            _ if matches!(self.attempt, Attempt::Unsent) => Err(Closed::Stale),
            Reuse::Yes => Ok(()),
            Reuse::No(reason) => Err(Closed::Unfit(reason)),
        }
    }
}
