//! The request on its way out: head, then content, as the socket takes it.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use httparallel_proto::Result;
use httparallel_proto::fetch::{Content, Request};
use httparallel_proto::h1::{Limits, RequestBody, RequestFraming, ResponseReader, encode_head, encode_lines};
use httparallel_proto::proxy::{Proxy, forwarded};

use crate::net::Stream;
use crate::operation::Upload;

/// Content up to this size travels in the same write as the head.
const INLINE: usize = 16 * 1024;

/// How much of a produced body is encoded ahead of the socket.
const ENCODE_AHEAD: usize = 64 * 1024;

/// RFC 9110 section 10.1.1: a client that waits for 100 (Continue) "SHOULD NOT wait for an indefinite period".
const CONTINUE_TIMEOUT: Duration = Duration::from_secs(1);

/// Pieces of a produced body from this size on are sent from where they are.
const DIRECT: usize = 16 * 1024;

/// How much is sent in one go. A peer may take all that a large body has, and others wait for their turn.
const TURN_SIZE: usize = 1024 * 1024;

/// A request that is being sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    body: RequestBody,
    source: Source,
    /// A piece that goes out after what is encoded, and what frames its end.
    piece: (Bytes, &'static [u8]),
    /// The content waits for 100 (Continue), until then.
    hold: Option<Instant>,
    pub(super) written: bool,
    /// Whether sending stopped to let others have their turn, although the socket may take more.
    pub(super) has_yielded: bool,
}

#[derive(Debug)]
enum Source {
    Done,
    Bytes(Bytes),
    Upload(Arc<Upload>),
}

impl Outgoing {
    /// Encodes the head of `request` into `output`, for the proxy if there is one, with its content if that is
    /// small. With a reader for its response.
    pub(super) fn begin(
        request: &Request,
        proxy: Option<&Proxy>,
        upload: Option<&Arc<Upload>>,
        output: &mut BytesMut,
        now: Instant,
    ) -> Result<(Self, ResponseReader)> {
        let lines = request.headers.lines()?;
        let framing = framing(&request.content, lines.framing());
        let method = request.method.as_str().as_bytes();
        if let Some(proxy) = proxy {
            let (target, headers) = forwarded(request, proxy);
            encode_head(output, method, target.as_bytes(), &headers, framing)?;
        } else {
            encode_lines(output, method, request.target().as_bytes(), lines, framing)?;
        }
        let source = match (&request.content, upload) {
            (Content::Bytes(bytes), _) if !bytes.is_empty() => Source::Bytes(bytes.clone()),
            (Content::Stream, Some(upload)) => Source::Upload(upload.clone()),
            _ => Source::Done,
        };
        let waits = !matches!(source, Source::Done) && lines.expects_continue();
        let hold = waits.then(|| now + CONTINUE_TIMEOUT);
        let mut outgoing = Self {
            body: RequestBody::new(framing),
            source,
            piece: (Bytes::new(), b""),
            hold,
            written: false,
            has_yielded: false,
        };
        if let (Source::Bytes(bytes), None) = (&outgoing.source, outgoing.hold)
            && bytes.len() <= INLINE
        {
            outgoing.body.encode(output, bytes)?;
            outgoing.body.finish(output)?;
            outgoing.source = Source::Done;
        }
        let reader = ResponseReader::for_lines(method, lines, &Limits::default());
        Ok((outgoing, reader))
    }

    /// Whether all of the request has left the source. Bytes may still be in the output buffer.
    pub(super) fn is_drained(&self) -> bool {
        matches!(self.source, Source::Done) && !self.holds_piece()
    }

    fn holds_piece(&self) -> bool {
        let (piece, after) = &self.piece;
        !piece.is_empty() || !after.is_empty()
    }

    /// Whether the server needs nothing more of it: all was given out, or all bytes that were announced, although
    /// their producer has yet to say that there are no others.
    pub(super) fn is_complete(&self) -> bool {
        self.is_drained() || (self.body.is_complete() && !self.holds_piece())
    }

    /// The server said 100 (Continue), or time is up: the content may go.
    pub(super) fn release(&mut self) {
        self.hold = None;
    }

    /// The content will not be sent, if it is still held back. Returns whether it was.
    pub(super) fn withhold(&mut self) -> bool {
        self.hold.take().is_some()
    }

    /// When the wait for 100 (Continue) ends.
    pub(super) fn held_until(&self) -> Option<Instant> {
        self.hold
    }

    pub(super) fn upload(&self) -> Option<&Arc<Upload>> {
        match &self.source {
            Source::Upload(upload) => Some(upload),
            _ => None,
        }
    }

    /// Writes what the socket takes, or a good part of it. Returns whether anything was written. `WouldBlock` is not an
    /// error here: what remains is in `output` or in the source.
    pub(super) fn send(&mut self, stream: &mut Stream, output: &mut BytesMut) -> Result<bool, Failure> {
        let mut turn = 0;
        self.has_yielded = false;
        loop {
            if turn >= TURN_SIZE {
                self.has_yielded = true;
                break;
            }
            // Records of TLS are copies in any case, and better made of more than a part.
            self.refill(output, stream.session().is_none())?;
            let (piece, after) = &self.piece;
            let sent = match &self.source {
                _ if self.holds_piece() => stream.write_parts([&*output, piece, after]),
                _ if !output.is_empty() => stream.write(output),
                Source::Bytes(bytes) if self.hold.is_none() && self.body.is_raw() => stream.write(bytes),
                _ => break,
            };
            match sent {
                Ok(taken) => {
                    turn += taken;
                    self.written = true;
                    self.advance(taken, output)?;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(Failure::Socket(error)),
            }
        }
        match stream.flush() {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(Failure::Socket(error)),
            _ => Ok(turn > 0),
        }
    }

    /// Whether there is something that only a writable socket is needed for.
    pub(super) fn wants_write(&self, output: &BytesMut) -> bool {
        self.has_yielded
            || !output.is_empty()
            || self.holds_piece()
            || (self.hold.is_none() && matches!(self.source, Source::Bytes(_)))
    }

    fn advance(&mut self, taken: usize, output: &mut BytesMut) -> Result<(), Failure> {
        if !output.is_empty() || self.holds_piece() {
            let encoded = taken.min(output.len());
            output.advance(encoded);
            let (piece, after) = &mut self.piece;
            let of_piece = (taken - encoded).min(piece.len());
            piece.advance(of_piece);
            *after = &after[taken - encoded - of_piece..];
            return Ok(());
        }
        self.body.advance(taken as u64).map_err(Failure::Request)?;
        if let Source::Bytes(bytes) = &mut self.source {
            bytes.advance(taken);
            if bytes.is_empty() {
                self.source = Source::Done;
                self.body.finish(output).map_err(Failure::Request)?;
            }
        }
        Ok(())
    }

    /// Moves what a producer has made, and what goes in chunks, into `output`; a large piece only if it may not stay
    /// where it is.
    fn refill(&mut self, output: &mut BytesMut, may_stay: bool) -> Result<(), Failure> {
        use crate::operation::Pulled;
        while self.hold.is_none() && output.len() < ENCODE_AHEAD && !self.holds_piece() {
            let pulled = match &mut self.source {
                Source::Bytes(bytes) if bytes.is_empty() => Pulled::End,
                Source::Bytes(bytes) if !self.body.is_raw() => {
                    Pulled::Piece(bytes.split_to(bytes.len().min(ENCODE_AHEAD)))
                }
                Source::Upload(upload) => upload.pull(),
                _ => return Ok(()),
            };
            match pulled {
                Pulled::Piece(piece) if may_stay && piece.len() >= DIRECT => {
                    let after = self.body.encode_around(output, piece.len()).map_err(Failure::Request)?;
                    self.piece = (piece, after);
                }
                Pulled::Piece(piece) => self.body.encode(output, &piece).map_err(Failure::Request)?,
                Pulled::Empty => return Ok(()),
                Pulled::End => {
                    self.source = Source::Done;
                    self.body.finish(output).map_err(Failure::Request)?;
                }
            }
        }
        Ok(())
    }
}

/// Why sending stopped.
#[derive(Debug)]
pub(super) enum Failure {
    /// The socket failed. A response may still be there to read.
    Socket(std::io::Error),
    /// The content is not what the head announced.
    Request(httparallel_proto::Error),
}

/// How the content is framed, whose headers announce that.
fn framing(content: &Content, announced: RequestFraming) -> RequestFraming {
    match (content, announced) {
        (Content::Empty, RequestFraming::Length(0)) => announced,
        (Content::Empty, _) => RequestFraming::None,
        (Content::Bytes(bytes), RequestFraming::Chunked) if !bytes.is_empty() => announced,
        (Content::Bytes(bytes), _) => RequestFraming::Length(bytes.len() as u64),
        (Content::Stream, RequestFraming::None) => RequestFraming::Chunked,
        (Content::Stream, announced) => announced,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use std::io::Read as _;
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use httparallel_proto::fetch::Method;
    use httparallel_proto::{Headers, Url};

    use super::*;

    #[test]
    fn a_peer_that_takes_all_of_it_leaves_turns_to_the_others() {
        const LENGTH: usize = 32 * 1024 * 1024;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        socket.set_nonblocking(true).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        let reader = thread::spawn(move || {
            let mut received = Vec::with_capacity(LENGTH);
            peer.read_to_end(&mut received).unwrap();
            received
        });
        let url = Url::parse("http://example.com/").unwrap();
        let content = Content::Bytes(vec![b'x'; LENGTH].into());
        let request = Request::new(Method::new("PUT").unwrap(), url, &Headers::new(), content).unwrap();
        let mut output = BytesMut::new();
        let begun = Outgoing::begin(&request, None, None, &mut output, Instant::now());
        let ((mut outgoing, _), head) = (begun.unwrap(), output.len());
        let mut stream = Stream::plain(Arc::new(socket.into()));
        let mut turns = 0;
        while !outgoing.is_drained() || !output.is_empty() {
            let before = left(&outgoing) + output.len();
            outgoing.send(&mut stream, &mut output).unwrap();
            let sent = before - left(&outgoing) - output.len();
            assert!(sent < 2 * TURN_SIZE, "{sent} bytes in one go");
            assert_eq!(outgoing.has_yielded, sent >= TURN_SIZE);
            turns += usize::from(outgoing.has_yielded);
        }
        assert!(turns > 0, "no turn was used up");
        drop(stream);
        let received = reader.join().unwrap();
        assert_eq!(received.len(), head + LENGTH);
        assert!(received[head..].iter().all(|&byte| byte == b'x'));
    }

    fn left(outgoing: &Outgoing) -> usize {
        match &outgoing.source {
            Source::Bytes(bytes) => bytes.len(),
            _ => 0,
        }
    }
}
