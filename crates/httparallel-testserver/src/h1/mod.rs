//! Serving HTTP/1.1 on one connection: requests in order, pipelined or not.
//!
//! ```text
//!   read ──> parse ──┬─ quick ────────────────────────> output ──┐
//!    ▲               └─ request ─> body ─> routes ─> reply ──────┤
//!    └──────────────── flush, when no whole request is buffered ─┘
//! ```
//!
//! Answers to pipelined requests collect in `output` and leave in one write.

mod body;
mod parse;
mod reply;
mod tunnel;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::reply::{self as replies, Fault, Reply};
use crate::request::{Received, Request};
use crate::routes::{self, BodyUse};
use crate::server::Shared;
use parse::{Framing, Parsed, Quick};

const READ_SIZE: usize = 16 * 1024;
/// A request head longer than this is refused.
const MAX_HEAD: usize = 1024 * 1024;
/// `output` is written before it grows beyond this.
const MAX_OUTPUT: usize = 64 * 1024;

const GREETING: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!";

/// How a connection ended, or what it turned out to be.
#[derive(Debug)]
pub(crate) enum Outcome<S> {
    Closed,
    /// It began with the HTTP/2 preface, of which these bytes have been read.
    Http2(S, BytesMut),
}

/// Whether another request may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Request,
    Close,
    /// Close without the graceful end of the stream.
    Drop,
}

struct Connection<S> {
    io: S,
    input: BytesMut,
    output: Vec<u8>,
    shared: Arc<Shared>,
    /// Whether requests need proxy credentials.
    proxy_auth: bool,
}

/// Serves a connection until it ends. An error is the peer's way to end it; there is nobody to tell.
pub(crate) async fn serve<S>(io: S, shared: Arc<Shared>, proxy_auth: bool) -> io::Result<Outcome<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let input = BytesMut::with_capacity(READ_SIZE);
    let mut connection = Connection { io, input, output: Vec::with_capacity(1024), shared, proxy_auth };
    let next = loop {
        match parse::parse(&connection.input) {
            Parsed::Quick { consumed, answer } => connection.quick(consumed, answer).await?,
            Parsed::Partial => {
                if connection.input.len() > MAX_HEAD {
                    break connection.refuse(431);
                }
                if !connection.fill().await? {
                    break Next::Close;
                }
            }
            Parsed::Request { consumed, request, .. } if request.method == "CONNECT" => {
                return connection.tunnel(&request, consumed).await.map(|()| Outcome::Closed);
            }
            Parsed::Request { consumed, request, framing } => {
                connection.input.advance(consumed);
                match connection.exchange(request, framing).await? {
                    Next::Request => {}
                    end => break end,
                }
            }
            Parsed::Http2 => return Ok(Outcome::Http2(connection.io, connection.input)),
            Parsed::Bad => break connection.refuse(400),
        }
    };
    connection.end(next).await?;
    Ok(Outcome::Closed)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    async fn quick(&mut self, consumed: usize, answer: Quick) -> io::Result<()> {
        self.shared.counters.request_at_once();
        self.input.advance(consumed);
        match answer {
            Quick::Greeting => self.output.extend_from_slice(GREETING),
            Quick::Bytes(length) => reply::append_bytes(&mut self.output, length),
        }
        if self.output.len() > MAX_OUTPUT { self.flush().await } else { Ok(()) }
    }

    /// One request that takes the long way: its body, its route, its reply.
    async fn exchange(&mut self, request: Request, framing: Framing) -> io::Result<Next> {
        let active = routes::is_counted(&request).then(|| self.shared.counters.request());
        let body_use = routes::body_use(&request);
        let mut received = Received { keep: body_use == BodyUse::Keep, ..Received::default() };
        if body_use != BodyUse::Leave {
            if routes::wants_continue(&request) && framing != Framing::Length(0) {
                self.output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
            }
            self.receive_body(framing, &mut received).await?;
        }
        let challenge = self.proxy_auth.then(|| tunnel::challenge(&request)).flatten();
        let reply = challenge.unwrap_or_else(|| routes::answer(&self.shared, &request, &received));
        let next = self.send(&request, reply).await?;
        if let Some(active) = active {
            active.finish();
        }
        Ok(next)
    }

    fn refuse(&mut self, status: u16) -> Next {
        let reply = Reply::new(status).fault(Fault::Close);
        reply::append_head(&mut self.output, &reply, "HTTP/1.1", true);
        Next::Close
    }

    /// Reads what is there, once the peer has all it is owed. False at the end of the stream.
    async fn fill(&mut self) -> io::Result<bool> {
        self.flush().await?;
        self.input.reserve(READ_SIZE / 2);
        Ok(self.io.read_buf(&mut self.input).await? > 0)
    }

    async fn flush(&mut self) -> io::Result<()> {
        if !self.output.is_empty() {
            self.io.write_all(&self.output).await?;
            self.output.clear();
            self.io.flush().await?;
        }
        Ok(())
    }

    /// Waits, but not longer than the peer stays: its end of stream is an error.
    async fn pause(&mut self, duration: Duration) -> io::Result<()> {
        self.flush().await?;
        let sleep = tokio::time::sleep(duration);
        tokio::pin!(sleep);
        loop {
            let room = self.input.len() < MAX_HEAD;
            tokio::select! {
                () = &mut sleep => return Ok(()),
                read = self.io.read_buf(&mut self.input), if room => {
                    if read? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    self.input.reserve(READ_SIZE / 2);
                }
            }
        }
    }

    async fn end(&mut self, next: Next) -> io::Result<()> {
        self.flush().await?;
        match next {
            Next::Request | Next::Close => self.io.shutdown().await,
            Next::Drop => Ok(()),
        }
    }
}
