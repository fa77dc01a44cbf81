//! HTTP/1.1 responses: whatever a server sends, and however it arrives.

use bytes::BytesMut;
use httparallel_proto::h1::{Event, Limits, ResponseHead, ResponseReader, Reuse};
use httparallel_proto::{Headers, Kind};

use crate::Input;

/// A response read whole, in pieces, and with its body appended to a buffer is the same response, or the
/// same error; no reading buffers more than its limits allow, or stops without having asked for more.
///
/// Options: the request, the limits, whether the server closes in the end, the length of pieces.
pub fn response(data: &[u8]) {
    let mut input = Input::new(data);
    let exchange = Exchange {
        request: input.choose(&[Request::Get, Request::Head, Request::Connect, Request::Upgrade]),
        limits: input.choose(&[Limits::default(), SMALL]),
        closes: input.choose(&[true, false]),
    };
    let piece = input.piece_length();
    input.line();
    let sent = input.rest();

    let whole = exchange.read(sent, sent.len().max(1), read);
    assert_eq!(whole, exchange.read(sent, piece, read), "in pieces of {piece}");
    assert_eq!(whole, exchange.read(sent, piece, read_into), "into a buffer");
}

/// Limits that short inputs can exceed.
const SMALL: Limits = Limits {
    head_bytes: 200,
    head_lines: 5,
    line_bytes: 80,
    interim_count: 2,
    interim_bytes: 100,
    trailer_bytes: 60,
    chunk_line_bytes: 20,
};

#[derive(Clone, Copy)]
enum Request {
    Get,
    Head,
    Connect,
    Upgrade,
}

impl Request {
    fn method(self) -> &'static [u8] {
        match self {
            Self::Get | Self::Upgrade => b"GET",
            Self::Head => b"HEAD",
            Self::Connect => b"CONNECT",
        }
    }

    fn headers(self) -> Headers {
        let upgrade = [("Connection", "upgrade"), ("Upgrade", "websocket")];
        upgrade.into_iter().filter(|_| matches!(self, Self::Upgrade)).collect()
    }
}

struct Exchange {
    request: Request,
    limits: Limits,
    closes: bool,
}

/// Everything that a reader told, and what it left.
#[derive(Debug, Default, PartialEq)]
struct Transcript {
    heads: Vec<ResponseHead>,
    body: Vec<u8>,
    trailers: Option<Headers>,
    outcome: Option<Outcome>,
}

#[derive(Debug, PartialEq)]
enum Outcome {
    /// The response ended; so many bytes follow it.
    Ended {
        reuse: Reuse,
        is_upgraded: bool,
        left: usize,
    },
    Failed(Kind),
}

type Read = fn(&mut ResponseReader, &mut BytesMut, bool, &mut Vec<u8>) -> httparallel_proto::Result<Event>;

fn read(
    reader: &mut ResponseReader,
    input: &mut BytesMut,
    eof: bool,
    _: &mut Vec<u8>,
) -> httparallel_proto::Result<Event> {
    reader.read(input, eof)
}

fn read_into(
    reader: &mut ResponseReader,
    input: &mut BytesMut,
    eof: bool,
    out: &mut Vec<u8>,
) -> httparallel_proto::Result<Event> {
    reader.read_into(input, eof, out, usize::MAX)
}

impl Exchange {
    /// Feeds `sent` to a reader in pieces of this length.
    fn read(&self, sent: &[u8], piece: usize, read: Read) -> Transcript {
        let mut reader = ResponseReader::new(self.request.method(), &self.request.headers(), &self.limits);
        let mut transcript = Transcript::default();
        let mut pieces = sent.chunks(piece).peekable();
        let mut buffer = BytesMut::new();
        loop {
            buffer.extend_from_slice(pieces.next().unwrap_or_default());
            let is_last = pieces.peek().is_none();
            let eof = is_last && self.closes;
            while transcript.outcome.is_none() {
                match read(&mut reader, &mut buffer, eof, &mut transcript.body) {
                    Ok(Event::NeedMore) => break,
                    Ok(event) => self.take(event, &mut transcript),
                    Err(error) => transcript.outcome = Some(Outcome::Failed(error.kind())),
                }
            }
            if transcript.outcome.is_none() {
                self.check_waiting(&buffer);
            }
            if is_last {
                break;
            }
        }
        assert!(transcript.outcome.is_some() || !self.closes, "the connection closed, and the reader waits");
        assert!(transcript.body.len() <= sent.len(), "a body cannot be longer than what was sent");
        // Whether bytes follow the response is known when all have arrived.
        if let Some(Outcome::Ended { reuse, is_upgraded, left }) = &mut transcript.outcome {
            *reuse = reader.reuse(&buffer, self.closes);
            (*is_upgraded, *left) = (reader.is_upgraded(), buffer.len());
        }
        transcript
    }

    fn take(&self, event: Event, transcript: &mut Transcript) {
        match event {
            Event::NeedMore => {}
            Event::Interim(head) | Event::Head(head) => {
                assert!((100..1000).contains(&head.status), "{}", head.status);
                assert!(head.headers.len() <= self.limits.head_lines, "more fields than lines");
                // Fields that are passed on, by a cache or a proxy, must not become other fields there.
                head.headers.check().expect("fields that were received can be sent");
                transcript.heads.push(head);
                assert!(transcript.heads.len() <= self.limits.interim_count + 1, "too many heads");
            }
            Event::Body(bytes) => {
                assert!(!bytes.is_empty(), "an empty piece of body");
                transcript.body.extend_from_slice(&bytes);
            }
            Event::End { trailers, reuse } => {
                transcript.trailers = trailers;
                transcript.outcome = Some(Outcome::Ended { reuse, is_upgraded: false, left: 0 });
            }
        }
    }

    /// A reader that waits has taken what it can, so what is left is a head, a line or trailers.
    fn check_waiting(&self, buffer: &[u8]) {
        let Limits { head_bytes, trailer_bytes, chunk_line_bytes, .. } = self.limits;
        let most = head_bytes.max(trailer_bytes).max(chunk_line_bytes);
        assert!(buffer.len() <= most, "{} bytes are buffered, {most} are the limit", buffer.len());
    }
}
