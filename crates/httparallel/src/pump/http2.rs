//! HTTP/2 of one connection: the `h2` crate, polled by hand over two buffers.

use std::collections::HashMap;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use h2::client::{Connection, SendRequest};
use httparallel_proto::{Error, Headers, Kind, Phase, Result};

use super::news::News;
use super::stream::Stream;
use super::wire::Wire;
use super::{Event, Refusal};
use crate::h2::errors::describe;
use crate::h2::head::RequestHead;
use crate::h2::noise::Noise;
use crate::h2::settings;

/// What stands for the peer's limit on streams until its SETTINGS are here. RFC 9113 section 6.5.2: "It is
/// recommended that this value be no smaller than 100".
const UNSETTLED: usize = 100;

/// HTTP/2 of one connection: bytes in, bytes out.
///
/// Write what [`outgoing`](Self::outgoing) gives after every other call: requests, and what the protocol itself
/// wants said. Every stream that was opened ends with [`reset`](Self::reset), which does nothing on the wire if
/// both sides are through with it.
///
/// An error of kind [`InvalidRequest`](Kind::InvalidRequest) is the caller's; any other comes from the peer.
///
/// ```
/// use httparallel::pump::Http2;
/// use httparallel::Headers;
///
/// let mut connection = Http2::new()?;
/// assert!(connection.outgoing().starts_with(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
/// assert!(connection.can_open());
/// let stream = connection.open(b"GET", b"https", b"example.org", b"/", &Headers::new(), true)?;
/// assert_eq!((stream, connection.open_streams()), (1, 1));
/// assert!(!connection.outgoing().is_empty());
///
/// // The server's SETTINGS, then its answer: 204.
/// connection.receive(&[0, 0, 0, 4, 0, 0, 0, 0, 0])?;
/// connection.receive(&[0, 0, 1, 1, 5, 0, 0, 0, 1, 0x89])?;
/// let Some(httparallel::pump::Event::Head(head)) = connection.event(stream)? else { panic!() };
/// assert_eq!(head.status, 204);
/// # Ok::<(), httparallel::Error>(())
/// ```
pub struct Http2 {
    wire: Wire,
    noise: Noise,
    news: News,
    connection: Option<Connection<Wire, Bytes>>,
    /// `None` after `shut_down`.
    send: Option<SendRequest<Bytes>>,
    woken: Arc<Woken>,
    streams: HashMap<u32, Stream>,
    /// How many of them are open.
    open_streams: usize,
    max_streams: usize,
}

/// Whether the connection has something to do.
#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

impl Http2 {
    /// A new connection. What it has to write first are the preface and its SETTINGS.
    ///
    /// Fails only on a defect: nothing outside can go wrong yet.
    pub fn new() -> Result<Self> {
        let (wire, woken) = (Wire::default(), Arc::new(Woken::default()));
        let handshake = settings::builder(UNSETTLED).handshake::<_, Bytes>(wire.clone());
        let Poll::Ready(Ok((send, connection))) =
            pin!(handshake).poll(&mut Context::from_waker(Waker::noop()))
        else {
            return Err(Error::new(Kind::Internal, Phase::Connect, "HTTP/2 did not begin in memory"));
        };
        let mut begun = Self {
            wire,
            noise: Noise::default(),
            news: News::default(),
            connection: Some(connection),
            send: Some(send),
            woken,
            streams: HashMap::new(),
            open_streams: 0,
            max_streams: UNSETTLED,
        };
        begun.poll()?;
        Ok(begun)
    }

    /// Takes what is to be written now; empty if nothing is.
    pub fn outgoing(&mut self) -> Bytes {
        self.settle();
        self.wire.take()
    }

    /// Takes in what was read; nothing means that the peer closed its side. Then take [`outgoing`](Self::outgoing):
    /// there may be something to acknowledge.
    ///
    /// Fails with [`Kind::Protocol`] if the peer broke the protocol for all streams, or has said twice as much as a
    /// connection's window allows without any exchange getting on. They fail with it.
    pub fn receive(&mut self, data: &[u8]) -> Result<()> {
        if data.is_empty() {
            // What has come of the responses counts, though `h2` forgets with the connection that one was complete.
            self.streams.values_mut().for_each(Stream::collect);
            self.open_streams = self.streams.values().filter(|stream| stream.is_open()).count();
        }
        self.noise.heard(data.len());
        self.wire.feed(data);
        self.poll()?;
        self.noise.check().inspect_err(|error| self.give_up(error))
    }

    /// Starts a request; `end` says that it has no body. Gives the number of its stream.
    ///
    /// `authority` stands in for a `Host` field, which is left out, as are the other fields that HTTP/2 has no use
    /// for.
    ///
    /// Fails with [`Kind::InvalidRequest`], having sent nothing, if the head breaks a rule of HTTP, and unless
    /// [`can_open`](Self::can_open).
    pub fn open(
        &mut self,
        method: &[u8],
        scheme: &[u8],
        authority: &[u8],
        target: &[u8],
        headers: &Headers,
        end: bool,
    ) -> Result<u32> {
        let head = RequestHead { method, scheme, authority, target, headers }.for_h2()?;
        if !self.can_open() {
            return Err(Error::invalid_request("The HTTP/2 connection takes no more requests now"));
        }
        let Some(send) = &self.send else { return Err(over()) };
        let opened = send.clone().send_request(head, end);
        let (response, body) = opened
            .map_err(|error| Error::invalid_request("the request does not fit HTTP/2").with_source(error))?;
        let id = response.stream_id().as_u32();
        self.streams.insert(id, Stream::new(id, self.news.waker(id), response, body, end));
        self.open_streams += 1;
        self.settle();
        Ok(id)
    }

    /// Whether a stream may be opened now: the peer's limit allows it, and the connection is neither closed nor
    /// going away.
    pub fn can_open(&self) -> bool {
        self.open_streams < self.max_streams && !self.is_closed() && !self.is_going_away()
    }

    /// How many streams the peer allows at once, as far as is known: 100 until its SETTINGS are here.
    pub fn max_streams(&self) -> usize {
        self.max_streams
    }

    /// Streams that are not over.
    pub fn open_streams(&self) -> usize {
        self.open_streams
    }

    /// Whether no more requests are possible for another reason than GOAWAY: the connection ended or failed, or
    /// its stream numbers are used up.
    pub fn is_closed(&self) -> bool {
        self.connection.is_none()
            || self.send.is_none()
            || self.ending().is_some_and(|error| !is_going_away(&error))
    }

    /// Whether the peer said GOAWAY. Streams that it takes to their end go on.
    pub fn is_going_away(&self) -> bool {
        self.ending().is_some_and(|error| is_going_away(&error))
    }

    /// How many bytes of a body may be sent now, if `wanted` are to be sent. 0 until the peer allows more.
    ///
    /// Fails with [`Kind::Protocol`] if the peer takes no more of it: its response, if it sent one, says why.
    pub fn capacity(&mut self, stream: u32, wanted: usize) -> Result<usize> {
        self.step(stream, |stream| stream.capacity(wanted))
    }

    /// Sends as much of `piece` as the peer's windows allow; says how much that is. `end` counts when all of it
    /// was taken. Fails as [`capacity`](Self::capacity) does.
    pub fn data(&mut self, stream: u32, piece: &[u8], end: bool) -> Result<usize> {
        let taken = self.step(stream, |stream| stream.send(piece, end))?;
        if taken > 0 {
            self.noise.got_on();
        }
        Ok(taken)
    }

    /// Takes the numbers of the streams that may have news: those for which [`event`](Self::event) or
    /// [`capacity`](Self::capacity) had nothing, and which have changed since. All of them do when the connection
    /// ends, whether they are named or not.
    pub fn news(&mut self) -> Vec<u32> {
        self.news.take()
    }

    /// What comes next in a response; `None` until more is received. The window opens again as its body is taken.
    ///
    /// Fails if the stream was reset or the connection is over: see also
    /// [`refusal`](Self::refusal).
    pub fn event(&mut self, stream: u32) -> Result<Option<Event>> {
        let event = self.step(stream, Stream::event)?;
        if matches!(event, Some(Event::Head(_) | Event::Body(_))) {
            self.noise.got_on();
        }
        Ok(event)
    }

    /// Whether, and how, a request may be sent again that has no response. Known once [`event`](Self::event) has
    /// failed.
    pub fn refusal(&self, stream: u32) -> Refusal {
        self.streams.get(&stream).map_or(Refusal::Failed, Stream::refusal)
    }

    /// Forgets a stream. If it is not over, the peer is told with `RST_STREAM` (`CANCEL`).
    pub fn reset(&mut self, stream: u32) {
        // A stream that is not there was forgotten before.
        let _ = self.step(stream, |stream| {
            stream.cancel(over());
            Ok(())
        });
        self.streams.remove(&stream);
    }

    /// Ends the connection: resets its streams, which fail, and says GOAWAY.
    pub fn shut_down(&mut self) {
        self.streams.values_mut().for_each(|stream| stream.cancel(over()));
        self.open_streams = 0;
        // `h2` says GOAWAY when nobody can send requests any more, and the streams are gone.
        self.send = None;
        let _ = self.poll();
    }

    /// Ends the connection because of its peer. What is complete of the responses counts.
    fn give_up(&mut self, error: &Error) {
        for stream in self.streams.values_mut() {
            stream.collect();
            stream.cancel(error.clone());
        }
        self.open_streams = 0;
        self.connection = None;
    }

    /// Does something about a stream, and what follows from it.
    fn step<T>(&mut self, stream: u32, step: impl FnOnce(&mut Stream) -> Result<T>) -> Result<T> {
        let unknown = || Error::invalid_request("There is no such stream");
        let stream = self.streams.get_mut(&stream).ok_or_else(unknown)?;
        let was_open = stream.is_open();
        let done = step(stream);
        if was_open && !stream.is_open() {
            self.open_streams -= 1;
        }
        self.settle();
        done
    }

    /// Why `h2` would not take another request, if so.
    fn ending(&self) -> Option<h2::Error> {
        let mut send = self.send.clone()?;
        match send.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(error)) => Some(error),
            Poll::Ready(Ok(())) | Poll::Pending => None,
        }
    }

    /// Lets the connection act on what the streams did. An error it meets is the streams' to tell.
    fn settle(&mut self) {
        if self.woken.0.load(Ordering::Acquire) {
            let _ = self.poll();
        }
    }

    fn poll(&mut self) -> Result<()> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let waker = Waker::from(self.woken.clone());
        let mut context = Context::from_waker(&waker);
        let polled = loop {
            self.woken.0.store(false, Ordering::Release);
            let polled = Pin::new(&mut *connection).poll(&mut context);
            if polled.is_ready() || !self.woken.0.load(Ordering::Acquire) {
                break polled;
            }
        };
        self.max_streams = connection.max_concurrent_send_streams();
        let Poll::Ready(ended) = polled else { return Ok(()) };
        self.connection = None;
        match ended {
            Err(error) if !error.is_io() && !error.is_remote() => Err(describe(error, Phase::Read)),
            _ => Ok(()),
        }
    }
}

/// Shows nothing of what is sent or received.
impl fmt::Debug for Http2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Http2");
        debug.field("open_streams", &self.open_streams).field("max_streams", &self.max_streams);
        debug.field("is_closed", &self.is_closed()).finish_non_exhaustive()
    }
}

fn is_going_away(error: &h2::Error) -> bool {
    error.is_go_away() && error.is_remote()
}

fn over() -> Error {
    Error::protocol("The HTTP/2 stream was given up, or its connection shut down")
}
