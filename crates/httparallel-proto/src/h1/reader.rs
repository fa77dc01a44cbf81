//! Reads the response of one exchange, event by event, from a buffer that somebody else fills.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::chunked::{ChunkedReader, Piece};
use super::encode::HeaderLines;
use super::framing::{self, BodyFraming, RequestTraits};
use super::head::{ResponseHead, parse_head};
use super::scan::{Scanner, Section};
use super::{CloseReason, Limits, Reuse};
use crate::headers::Headers;
use crate::{Error, Kind, Phase, Result};

/// Body pieces up to this size are copied out of the read buffer: a slice would keep the whole buffer in
/// memory, and the driver could not fill it again.
const COPY_UP_TO: usize = 8 * 1024;

/// What came next in a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing until more bytes are in the input.
    NeedMore,
    /// An interim response: any 1xx but 101.
    Interim(ResponseHead),
    /// The head of the final response.
    Head(ResponseHead),
    /// A piece of the body, never empty.
    Body(Bytes),
    /// The response is over.
    End {
        /// The trailers of a chunked body, if it had any.
        trailers: Option<Headers>,
        /// Whether the connection may serve another request.
        reuse: Reuse,
    },
}

/// Reads one response. One reader per exchange: it is small and allocates nothing of its own.
///
/// Memory follows what was received, never what was announced. After an error the reader fails again, and
/// the connection must be closed.
///
/// ```
/// use bytes::BytesMut;
/// use httparallel_proto::Headers;
/// use httparallel_proto::h1::{Event, Limits, ResponseReader, Reuse};
///
/// let mut reader = ResponseReader::new(b"GET", &Headers::new(), &Limits::default());
/// let mut input = BytesMut::from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
///
/// let Event::Head(head) = reader.read(&mut input, false)? else { panic!() };
/// assert_eq!(head.status, 200);
/// assert_eq!(reader.read(&mut input, false)?, Event::Body("hi".into()));
/// assert_eq!(reader.read(&mut input, false)?, Event::End { trailers: None, reuse: Reuse::Yes });
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ResponseReader {
    state: State,
    request: RequestTraits,
    limits: Limits,
    interims: usize,
    interim_bytes: usize,
    received: bool,
    close: Option<CloseReason>,
}

#[derive(Clone, Debug)]
enum State {
    Head(Scanner),
    Length { remaining: u64, total: u64 },
    Chunked(ChunkedReader),
    UntilClose,
    Tunnel,
    Done,
    Failed,
}

/// [`Event`], with the body still in the input.
enum Step {
    NeedMore,
    Head(ResponseHead),
    Interim(ResponseHead),
    Body(usize),
    End(Option<Headers>),
}

impl ResponseReader {
    /// A reader for the response to a request with this method and these headers.
    pub fn new(request_method: &[u8], request_headers: &Headers, limits: &Limits) -> Self {
        Self::of(RequestTraits::of(request_method, request_headers), limits)
    }

    /// The same for headers that are [encoded](HeaderLines).
    pub fn for_lines(request_method: &[u8], request_lines: &HeaderLines, limits: &Limits) -> Self {
        Self::of(request_lines.traits.with_method(request_method), limits)
    }

    fn of(request: RequestTraits, limits: &Limits) -> Self {
        Self {
            state: State::Head(Scanner::new(Section::Head)),
            request,
            limits: *limits,
            interims: 0,
            interim_bytes: 0,
            received: false,
            close: None,
        }
    }

    /// The next event, taking its bytes off the front of `input`.
    ///
    /// `eof` says that the server closed its side in good order and nothing will follow `input`. A reset, or a
    /// TLS connection that ends without `close_notify`, is not that: it is the driver's error to report.
    ///
    /// Pieces of the body larger than 8 KiB share `input`'s allocation, smaller ones are copies.
    ///
    /// Fails with [`Kind::Protocol`] if the server breaks HTTP's rules or exceeds a limit, or closes before the
    /// first byte; with [`Kind::Incomplete`] if it closes later than that, before the end.
    pub fn read(&mut self, input: &mut BytesMut, eof: bool) -> Result<Event> {
        Ok(match self.step(input, eof)? {
            Step::NeedMore => Event::NeedMore,
            Step::Head(head) => Event::Head(head),
            Step::Interim(head) => Event::Interim(head),
            Step::Body(length) => Event::Body(take(input, length)),
            Step::End(trailers) => Event::End { trailers, reuse: self.reuse(input, eof) },
        })
    }

    /// Like [`read`](Self::read), but appends the body to `out`, in one copy: no [`Event::Body`] comes back.
    /// Stops at `NeedMore` once `input` is used up, or when at least `enough` bytes were appended.
    pub fn read_into(
        &mut self,
        input: &mut BytesMut,
        eof: bool,
        out: &mut impl BufMut,
        enough: usize,
    ) -> Result<Event> {
        let mut appended = 0;
        while appended < enough {
            match self.step(input, eof)? {
                Step::NeedMore => break,
                Step::Head(head) => return Ok(Event::Head(head)),
                Step::Interim(head) => return Ok(Event::Interim(head)),
                Step::Body(length) => {
                    out.put_slice(&input[..length]);
                    input.advance(length);
                    appended += length;
                }
                Step::End(trailers) => {
                    return Ok(Event::End { trailers, reuse: self.reuse(input, eof) });
                }
            }
        }
        Ok(Event::NeedMore)
    }

    /// Bytes of body still to come, if `Content-Length` tells.
    ///
    /// A driver with an empty input may read up to this many from the socket straight to where they belong,
    /// and count them with [`advance_body`](Self::advance_body).
    pub fn body_remaining_hint(&self) -> Option<u64> {
        match self.state {
            State::Length { remaining, .. } => Some(remaining),
            State::Done => Some(0),
            _ => None,
        }
    }

    /// Counts `n` bytes of body that did not pass through [`read`](Self::read).
    ///
    /// # Panics
    ///
    /// If `n` exceeds [`body_remaining_hint`](Self::body_remaining_hint): the driver took bytes that are not
    /// the body's.
    pub fn advance_body(&mut self, n: u64) {
        match &mut self.state {
            State::Length { remaining, .. } if n <= *remaining => *remaining -= n,
            _ => assert!(n == 0, "{n} bytes are more than what remains of the body"),
        }
    }

    /// Whether any byte of a response has arrived; if none has, the server may not have seen the request.
    pub fn received_anything(&self) -> bool {
        self.received
    }

    /// Whether the final head made the connection a tunnel (101, or 2xx to CONNECT). What is left in the input
    /// is the other protocol's.
    pub fn is_upgraded(&self) -> bool {
        matches!(self.state, State::Tunnel)
    }

    /// Whether [`Event::End`] was told.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Bars the connection from another request for a reason the reader cannot see, such as
    /// [`CloseReason::RequestUnfinished`]. A reason found earlier stays.
    pub fn close_after(&mut self, reason: CloseReason) {
        self.close.get_or_insert(reason);
    }

    /// Whether the connection may serve another request as things stand; before the end of the response, no.
    pub fn reuse(&self, input: &[u8], eof: bool) -> Reuse {
        let found = match self.state {
            State::Tunnel => Some(CloseReason::UpgradedOrTunnel),
            State::Done => self.close,
            _ => Some(CloseReason::ResponseUnfinished),
        };
        match found {
            Some(reason) => Reuse::No(reason),
            // RFC 9112 section 9.2: a client that "receives data on a connection that doesn't have outstanding
            // requests […] MUST NOT consider it to be a valid response" and should close the connection.
            None if !input.is_empty() => Reuse::No(CloseReason::ExtraBytes),
            None if eof => Reuse::No(CloseReason::ClosedByPeer),
            None => Reuse::Yes,
        }
    }

    fn step(&mut self, input: &mut BytesMut, eof: bool) -> Result<Step> {
        let step = match &mut self.state {
            State::Head(_) => self.step_head(input),
            State::Length { remaining: 0, .. } => Ok(Step::End(None)),
            State::Length { remaining, .. } => {
                let length = usize::try_from(*remaining).unwrap_or(usize::MAX).min(input.len());
                *remaining -= length as u64;
                Ok(if length == 0 { Step::NeedMore } else { Step::Body(length) })
            }
            State::Chunked(chunked) => match chunked.next(input, &self.limits) {
                Ok(Piece::NeedMore) => Ok(Step::NeedMore),
                Ok(Piece::Data(length)) => Ok(Step::Body(length)),
                Ok(Piece::End(trailers)) => Ok(Step::End(trailers)),
                Err(error) => Err(error),
            },
            State::UntilClose if !input.is_empty() => Ok(Step::Body(input.len())),
            State::UntilClose if eof => Ok(Step::End(None)),
            State::UntilClose => Ok(Step::NeedMore),
            State::Tunnel | State::Done => return Ok(Step::End(None)),
            State::Failed => Err(Error::protocol("The response failed before this")),
        };
        let step = match step {
            Ok(Step::NeedMore) if eof => Err(self.closed_early(input.len())),
            step => step,
        };
        match step {
            Ok(Step::End(_)) => self.state = State::Done,
            Err(_) => self.state = State::Failed,
            Ok(_) => {}
        }
        step
    }

    fn step_head(&mut self, input: &mut BytesMut) -> Result<Step> {
        let State::Head(scanner) = &mut self.state else { return Ok(Step::NeedMore) };
        self.received |= !input.is_empty();
        check_first_bytes(input)?;
        let Some(end) = scanner.find_end(input, &self.limits)? else { return Ok(Step::NeedMore) };
        let head = parse_head(&input[..end], scanner.lines(), scanner.is_folded())?;
        input.advance(end);
        let body = framing::of_response(&head, self.request)?;
        if body == BodyFraming::Interim {
            self.count_interim(end)?;
            self.state = State::Head(Scanner::new(Section::Head));
            return Ok(Step::Interim(head));
        }
        // A reason told through `close_after` while waiting is the earlier one, and stays.
        self.close = self.close.or(framing::close_reason(&head, body, self.request));
        self.state = match body {
            BodyFraming::Length(length) => State::Length { remaining: length, total: length },
            BodyFraming::Chunked => State::Chunked(ChunkedReader::new()),
            BodyFraming::UntilClose => State::UntilClose,
            BodyFraming::Tunnel | BodyFraming::Interim => State::Tunnel,
        };
        Ok(Step::Head(head))
    }

    fn count_interim(&mut self, bytes: usize) -> Result<()> {
        self.interims += 1;
        self.interim_bytes += bytes;
        if self.interims > self.limits.interim_count || self.interim_bytes > self.limits.interim_bytes {
            return Err(Error::protocol("The server sent too many interim responses"));
        }
        Ok(())
    }

    /// The error of a connection that ended with `left` unused bytes in the input.
    fn closed_early(&self, left: usize) -> Error {
        let message = match &self.state {
            State::Head(_) if left > 0 => {
                format!("The connection closed within the response head, after {left} bytes of it")
            }
            State::Head(_) if self.received => {
                "The connection closed after an interim response, before the final one".to_owned()
            }
            State::Length { remaining, total } => {
                let received = total - remaining;
                format!("The connection closed within the body: received {received} bytes, expected {total}")
            }
            State::Chunked(chunked) => {
                let received = chunked.data_bytes();
                format!(
                    "The connection closed within a chunked body: received {received} bytes, expected more"
                )
            }
            _ => return Error::protocol("Server disconnected without sending a response."),
        };
        Error::new(Kind::Incomplete, Phase::Read, message)
    }
}

/// What cannot become HTTP/1 fails at once: such a server may never send the line end that is waited for.
fn check_first_bytes(input: &[u8]) -> Result<()> {
    const START: &[u8] = b"HTTP/1.";
    let length = input.len().min(START.len());
    if input[..length] == START[..length] {
        return Ok(());
    }
    let shown = &input[..input.len().min(24)];
    Err(Error::protocol(format!(
        "The server's answer is not HTTP/1: it begins with b'{}'",
        shown.escape_ascii()
    )))
}

fn take(input: &mut BytesMut, length: usize) -> Bytes {
    if length > COPY_UP_TO {
        return input.split_to(length).freeze();
    }
    let piece = Bytes::copy_from_slice(&input[..length]);
    input.advance(length);
    piece
}
