//! Sending a reply: bytes, pace, and the faults that were asked for.

use std::io::{self, Write};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::{Connection, MAX_OUTPUT, Next, replies};
use crate::reply::{Body, Fault, Reply};
use crate::request::Request;

/// The whole answer of `/bytes/N`, for the fast path.
pub(super) fn append_bytes(output: &mut Vec<u8>, length: u64) {
    let _ = write!(output, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n");
    output.extend_from_slice(&replies::pattern(0, length));
}

/// Status line and headers.
pub(super) fn append_head(output: &mut Vec<u8>, reply: &Reply, version: &str, close: bool) {
    append_status_line(output, reply.status);
    for (name, value) in &reply.headers {
        append_field(output, name, value);
    }
    match reply.body.content_length() {
        Some(length) if reply.may_announce_length() => {
            let _ = write!(output, "Content-Length: {length}\r\n");
        }
        None if version == "HTTP/1.1" => output.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        _ => {}
    }
    if close {
        output.extend_from_slice(b"Connection: close\r\n");
    } else if version == "HTTP/1.0" {
        output.extend_from_slice(b"Connection: keep-alive\r\n");
    }
    output.extend_from_slice(b"\r\n");
}

fn append_status_line(output: &mut Vec<u8>, status: u16) {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let _ = write!(output, "HTTP/1.1 {status} {}\r\n", reason.unwrap_or(""));
}

fn append_field(output: &mut Vec<u8>, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        output.extend_from_slice(part);
    }
}

/// RFC 9112 9.3: HTTP/1.1 persists unless told to close, HTTP/1.0 closes unless told to keep.
fn client_closes(request: &Request) -> bool {
    let says = |word: &str| {
        let value = request.header("connection").unwrap_or_default();
        String::from_utf8_lossy(value).split(',').any(|token| token.trim().eq_ignore_ascii_case(word))
    };
    says("close") || (request.version == "HTTP/1.0" && !says("keep-alive"))
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(super) async fn send(&mut self, request: &Request, reply: Reply) -> io::Result<Next> {
        self.send_interim(&reply).await?;
        match reply.fault {
            Some(Fault::Refuse) => return Ok(Next::Drop),
            Some(Fault::Hang) => {
                self.pause(Duration::MAX / 4).await?;
                return Ok(Next::Drop);
            }
            _ => {}
        }
        // Without chunks, HTTP/1.0 knows the end of such a body only by the end of the connection.
        let until_close = request.version == "HTTP/1.0" && reply.body.content_length().is_none();
        let announced = matches!(reply.fault, Some(Fault::Close | Fault::CloseUnread(_)));
        let close = announced || until_close || client_closes(request);
        append_head(&mut self.output, &reply, request.version, close);
        match reply.fault {
            Some(Fault::CloseAfterHead) => return Ok(Next::Close),
            _ if reply.has_content(&request.method) => self.send_content(&reply, until_close).await?,
            _ => {}
        }
        match reply.fault {
            Some(Fault::CloseSilently(after)) => {
                self.flush().await?;
                // A client that leaves first has its answer all the same.
                let _ = self.pause(after).await;
                Ok(Next::Close)
            }
            Some(Fault::CloseUnread(after)) => {
                self.flush().await?;
                self.io.shutdown().await?;
                tokio::time::sleep(after).await;
                Ok(Next::Drop)
            }
            _ => Ok(if close { Next::Close } else { Next::Request }),
        }
    }

    async fn send_interim(&mut self, reply: &Reply) -> io::Result<()> {
        for status in &reply.interim {
            append_status_line(&mut self.output, *status);
            self.output.extend_from_slice(b"Link: </style.css>; rel=preload\r\n\r\n");
        }
        if reply.delay.is_zero() { Ok(()) } else { self.pause(reply.delay).await }
    }

    pub(super) async fn send_content(&mut self, reply: &Reply, until_close: bool) -> io::Result<()> {
        match &reply.body {
            Body::Full(bytes) if bytes.len() <= MAX_OUTPUT => self.output.extend_from_slice(bytes),
            Body::Full(bytes) => {
                self.flush().await?;
                self.io.write_all(bytes).await?;
                // TLS may keep the last records back until it is told to send them.
                self.io.flush().await?;
            }
            Body::Pattern { total, piece, interval, chunked } => {
                let chunked = *chunked && !until_close;
                self.send_pattern(*total, *piece, *interval, chunked).await?;
                if chunked {
                    self.append_last_chunk(reply);
                }
            }
        }
        Ok(())
    }

    async fn send_pattern(
        &mut self,
        total: u64,
        piece: u64,
        interval: Duration,
        chunked: bool,
    ) -> io::Result<()> {
        let mut sent = 0;
        while sent < total {
            let length = piece.min(total - sent);
            if chunked {
                let _ = write!(self.output, "{length:x}\r\n");
            }
            self.send_piece(sent, length).await?;
            if chunked {
                self.output.extend_from_slice(b"\r\n");
            }
            sent += length;
            if !interval.is_zero() && sent < total {
                self.pause(interval).await?;
            }
        }
        Ok(())
    }

    async fn send_piece(&mut self, offset: u64, length: u64) -> io::Result<()> {
        let mut sent = 0;
        while sent < length {
            let part = replies::pattern(offset + sent, length - sent);
            sent += part.len() as u64;
            if self.output.len() + part.len() <= MAX_OUTPUT {
                self.output.extend_from_slice(&part);
            } else {
                self.flush().await?;
                self.io.write_all(&part).await?;
                self.io.flush().await?;
            }
        }
        Ok(())
    }

    fn append_last_chunk(&mut self, reply: &Reply) {
        self.output.extend_from_slice(b"0\r\n");
        for (name, value) in &reply.trailers {
            append_field(&mut self.output, name, value);
        }
        self.output.extend_from_slice(b"\r\n");
    }
}
