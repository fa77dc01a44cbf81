//! Receiving a request's body.

use std::io;

use bytes::Buf;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Connection, parse::Framing};
use crate::request::Received;

const MAX_LINE: usize = 16 * 1024;

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(super) async fn receive_body(&mut self, framing: Framing, received: &mut Received) -> io::Result<()> {
        match framing {
            Framing::Length(length) => self.receive(length, received).await,
            Framing::Chunked => self.receive_chunks(received).await,
        }
    }

    async fn receive(&mut self, mut length: u64, received: &mut Received) -> io::Result<()> {
        while length > 0 {
            self.fill_if_empty().await?;
            let available = self.input.len().min(usize::try_from(length).unwrap_or(usize::MAX));
            received.push(&self.input[..available]);
            self.input.advance(available);
            length -= available as u64;
        }
        Ok(())
    }

    /// RFC 9112 7.1: chunks of `size [;extension] CRLF data CRLF`, a last one of size 0, trailers, CRLF.
    async fn receive_chunks(&mut self, received: &mut Received) -> io::Result<()> {
        loop {
            let line = self.line().await?;
            let digits = line.split(';').next().unwrap_or("").trim();
            let well_formed = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let size = u64::from_str_radix(digits, 16).ok().filter(|_| well_formed).ok_or_else(malformed)?;
            if size == 0 {
                while !self.line().await?.is_empty() {}
                return Ok(());
            }
            self.receive(size, received).await?;
            if !self.line().await?.is_empty() {
                return Err(malformed());
            }
        }
    }

    /// The next line without its CRLF.
    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.input.windows(2).position(|pair| pair == b"\r\n") {
                let line = String::from_utf8_lossy(&self.input[..end]).into_owned();
                self.input.advance(end + 2);
                return Ok(line);
            }
            if self.input.len() > MAX_LINE {
                return Err(malformed());
            }
            self.fill_or_fail().await?;
        }
    }

    async fn fill_if_empty(&mut self) -> io::Result<()> {
        if self.input.is_empty() { self.fill_or_fail().await } else { Ok(()) }
    }

    async fn fill_or_fail(&mut self) -> io::Result<()> {
        if self.fill().await? { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "malformed chunked body")
}
