//! HTTP/1.1 of one connection: one request at a time.

use std::fmt;

use bytes::{Bytes, BytesMut};
use httparallel_proto::h1::{
    CloseReason, Event as Read, RequestBody, RequestFraming, ResponseReader, Reuse, encode_head,
};
use httparallel_proto::{Error, Headers, Kind, Phase, Result};

use super::{Event, Http1Limits};

/// HTTP/1.1 of one connection: bytes in, bytes out.
///
/// An error of kind [`InvalidRequest`](Kind::InvalidRequest) is the caller's; any other is the peer's, and the
/// connection must be closed.
///
/// ```
/// use httparallel::pump::{Event, Http1, Http1Limits, Reuse};
/// use httparallel::Headers;
///
/// let mut connection = Http1::new(&Http1Limits::default());
/// let headers: Headers = [("Host", "example.org"), ("Content-Length", "2")].into_iter().collect();
/// let head = connection.start(b"POST", b"/", &headers)?;
/// assert_eq!(head, "POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 2\r\n\r\n");
/// assert_eq!(connection.data(b"hi")?, "hi");
/// connection.end()?;
///
/// assert!(connection.event()?.is_none());
/// connection.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes");
/// let Some(Event::Head(head)) = connection.event()? else { panic!() };
/// assert_eq!(head.status, 200);
/// assert!(matches!(connection.event()?, Some(Event::Body(piece)) if piece == "yes"));
/// assert!(matches!(connection.event()?, Some(Event::End { reuse: Reuse::Yes })));
/// # Ok::<(), httparallel::Error>(())
/// ```
pub struct Http1 {
    limits: Http1Limits,
    input: BytesMut,
    /// The peer closed its side.
    eof: bool,
    /// Set when no more requests are possible.
    closed: bool,
    exchange: Option<Exchange>,
}

struct Exchange {
    body: RequestBody,
    /// The request was wholly given.
    ended: bool,
    reader: ResponseReader,
}

impl Http1 {
    /// A new connection, whose peer's responses are held to `limits`.
    pub fn new(limits: &Http1Limits) -> Self {
        Self { limits: *limits, input: BytesMut::new(), eof: false, closed: false, exchange: None }
    }

    /// Begins a request, whose body is framed as `headers` say: without `Content-Length` and `Transfer-Encoding`
    /// it has none. Gives the head to write. `target` is as [`encode_head`] takes it.
    ///
    /// Fails with [`Kind::InvalidRequest`], having done nothing, if the head breaks a rule of HTTP, if the
    /// response before it is not at its end, or if the connection serves no more requests.
    pub fn start(&mut self, method: &[u8], target: &[u8], headers: &Headers) -> Result<Bytes> {
        let done = self.exchange.as_ref().is_none_or(|exchange| exchange.reader.is_done());
        if !done {
            return Err(Error::invalid_request("The response before this request is not at its end"));
        }
        // Bytes that came between two exchanges answer nothing: see `Reuse`.
        if self.closed || self.eof || !self.input.is_empty() {
            return Err(Error::invalid_request("The connection serves no more requests"));
        }
        let framing = RequestFraming::of_headers(headers)?;
        let mut head = BytesMut::new();
        encode_head(&mut head, method, target, headers, framing)?;
        let reader = ResponseReader::new(method, headers, &self.limits);
        self.exchange = Some(Exchange { body: RequestBody::new(framing), ended: false, reader });
        Ok(head.freeze())
    }

    /// A piece of the request's body, framed, to be written.
    ///
    /// Fails with [`Kind::InvalidRequest`] if it is more than was announced, or if no request has begun.
    pub fn data(&mut self, piece: &[u8]) -> Result<Bytes> {
        self.body(|body, out| body.encode(out, piece))
    }

    /// Whether the body's bytes go on the wire as they are. Then [`data`](Self::data) can be spared: count them
    /// with [`advance`](Self::advance), and write them without a copy.
    pub fn is_raw(&self) -> bool {
        self.exchange.as_ref().is_some_and(|exchange| !exchange.ended && exchange.body.is_raw())
    }

    /// Counts `n` bytes of a body that [is raw](Self::is_raw). Fails as [`data`](Self::data) does.
    pub fn advance(&mut self, n: u64) -> Result<()> {
        self.body(|body, _| body.advance(n)).map(drop)
    }

    /// Ends the request's body; gives what is left to write.
    ///
    /// Fails with [`Kind::InvalidRequest`] if less was sent than announced; the connection must then be closed.
    pub fn end(&mut self) -> Result<Bytes> {
        let last = self.body(RequestBody::finish)?;
        if let Some(exchange) = &mut self.exchange {
            exchange.ended = true;
        }
        Ok(last)
    }

    /// Takes in what was read; nothing means that the peer closed its side in good order.
    pub fn receive(&mut self, data: &[u8]) {
        self.eof |= data.is_empty();
        self.input.extend_from_slice(data);
    }

    /// What comes next in the response; `None` until more is received.
    ///
    /// Fails with [`Kind::Protocol`] if the peer breaks HTTP's rules or answers without having been asked, with
    /// [`Kind::Incomplete`] if it closed before the end.
    pub fn event(&mut self) -> Result<Option<Event>> {
        let Some(exchange) = &mut self.exchange else { return unasked(&self.input) };
        let event = match exchange.reader.read(&mut self.input, self.eof) {
            Ok(event) => event,
            Err(error) => {
                self.closed = true;
                return Err(error);
            }
        };
        Ok(Some(match event {
            Read::NeedMore => return Ok(None),
            Read::Interim(head) => Event::Interim(head.into()),
            Read::Head(head) => Event::Head(head.into()),
            Read::Body(piece) => Event::Body(piece),
            Read::End { reuse: Reuse::Yes, .. } if !exchange.ended => {
                self.closed = true;
                Event::End { reuse: Reuse::No(CloseReason::RequestUnfinished) }
            }
            Read::End { reuse, .. } => {
                self.closed |= !reuse.is_yes();
                Event::End { reuse }
            }
        }))
    }

    /// Whether the connection speaks another protocol now: after 101, or 2xx to CONNECT.
    pub fn is_upgraded(&self) -> bool {
        self.exchange.as_ref().is_some_and(|exchange| exchange.reader.is_upgraded())
    }

    /// Takes out the bytes of the other protocol that were received; empty unless
    /// [`is_upgraded`](Self::is_upgraded).
    pub fn trailing(&mut self) -> Bytes {
        if self.is_upgraded() { self.input.split().freeze() } else { Bytes::new() }
    }

    fn body(&mut self, step: impl FnOnce(&mut RequestBody, &mut BytesMut) -> Result<()>) -> Result<Bytes> {
        let mut out = BytesMut::new();
        match &mut self.exchange {
            Some(exchange) if !exchange.ended => step(&mut exchange.body, &mut out)?,
            _ => return Err(Error::new(Kind::InvalidRequest, Phase::Write, "No request's body is due")),
        }
        Ok(out.freeze())
    }
}

/// Shows nothing of what is sent or received.
impl fmt::Debug for Http1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Http1");
        debug.field("received", &self.input.len()).field("eof", &self.eof).field("closed", &self.closed);
        debug.finish_non_exhaustive()
    }
}

/// RFC 9112 section 9.2: a response without a request is no response.
fn unasked(input: &[u8]) -> Result<Option<Event>> {
    if input.is_empty() { Ok(None) } else { Err(Error::protocol("The server spoke before it was asked")) }
}
