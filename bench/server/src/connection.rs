//! One connection: a socket, TLS around it or not, and the protocol that it turns out to speak.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use rustls::{HandshakeKind, ServerConfig, ServerConnection};

use crate::content::{PATTERN, Site};
use crate::events::Alarm;
use crate::{h1, h2};

/// The peer has sent something that this server does not understand.
#[derive(Debug)]
pub(crate) struct Bad;

impl From<Bad> for io::Error {
    fn from(_: Bad) -> Self {
        io::ErrorKind::InvalidData.into()
    }
}

/// What a protocol can reach beyond its own connection.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) site: &'a mut Site,
    pub(crate) alarms: &'a mut Vec<Alarm>,
    pub(crate) key: usize,
}

impl Context<'_> {
    /// Has the connection resumed after that time.
    pub(crate) fn after(&mut self, delay: Duration, stream: u32) {
        self.alarms.push(Alarm { at: Instant::now() + delay, key: self.key, stream });
    }
}

/// What is to be written: bytes, and behind them a number of bytes of the pattern.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub(crate) bytes: Vec<u8>,
    /// How many of `bytes` have been written.
    sent: usize,
    pub(crate) tail: u64,
    /// Whether the connection is closed when all is written.
    pub(crate) closes: bool,
}

impl Output {
    /// What to write next; empty if that is nothing.
    fn front(&self) -> &[u8] {
        if self.sent < self.bytes.len() {
            return &self.bytes[self.sent..];
        }
        &PATTERN[..usize::try_from(self.tail).unwrap_or(usize::MAX).min(PATTERN.len())]
    }

    fn advance(&mut self, written: usize) {
        if self.sent < self.bytes.len() {
            self.sent += written;
            if self.sent == self.bytes.len() {
                self.bytes.clear();
                self.sent = 0;
            }
        } else {
            self.tail -= written as u64;
        }
    }
}

enum Protocol {
    /// Nothing is known before the first bytes.
    Unknown(Vec<u8>),
    Http1(h1::Exchange),
    Http2(Box<h2::Session>),
}

impl Protocol {
    fn receive(&mut self, input: &[u8], context: &mut Context<'_>, output: &mut Output) -> Result<(), Bad> {
        match self {
            Self::Unknown(first) => {
                first.extend_from_slice(input);
                let first = std::mem::take(first);
                self.begin(first, context, output)
            }
            Self::Http1(exchange) => exchange.receive(input, context, output),
            Self::Http2(session) => session.receive(input, context, output),
        }
    }

    fn begin(&mut self, first: Vec<u8>, context: &mut Context<'_>, output: &mut Output) -> Result<(), Bad> {
        if let Some(rest) = first.strip_prefix(h2::PREFACE) {
            context.site.stats.h2_connections += 1;
            *self = Self::Http2(Box::new(h2::Session::new(output)));
            self.receive(rest, context, output)
        } else if h2::PREFACE.starts_with(&first) {
            *self = Self::Unknown(first);
            Ok(())
        } else {
            *self = Self::Http1(h1::Exchange::default());
            self.receive(&first, context, output)
        }
    }
}

/// A connection and everything about it.
pub(crate) struct Connection {
    pub(crate) socket: TcpStream,
    tls: Option<Box<ServerConnection>>,
    handshake_counted: bool,
    protocol: Protocol,
    output: Output,
}

impl Connection {
    pub(crate) fn new(socket: TcpStream, tls: Option<&Arc<ServerConfig>>) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        let tls = tls.map(|config| ServerConnection::new(Arc::clone(config))).transpose();
        Ok(Self {
            socket,
            tls: tls.map_err(io::Error::other)?.map(Box::new),
            handshake_counted: false,
            protocol: Protocol::Unknown(Vec::new()),
            output: Output::default(),
        })
    }

    /// Reads all there is and answers it. An error is the end of the connection, a good one or a bad one.
    ///
    /// `has_ended` says that the peer's end is known to be behind the bytes to read: nothing will announce it again.
    pub(crate) fn readable(
        &mut self,
        has_ended: bool,
        buffer: &mut [u8],
        context: &mut Context<'_>,
    ) -> io::Result<()> {
        if self.tls.is_some() {
            self.read_tls(buffer, context)?;
            return self.writable(context);
        }
        while let Some(length) = available(self.socket.read(buffer))? {
            self.protocol.receive(&buffer[..length], context, &mut self.output)?;
            if length < buffer.len() && !has_ended {
                break;
            }
        }
        self.writable(context)
    }

    fn read_tls(&mut self, buffer: &mut [u8], context: &mut Context<'_>) -> io::Result<()> {
        let Some(tls) = &mut self.tls else { return Ok(()) };
        while available(tls.read_tls(&mut self.socket))?.is_some() {
            let state = tls.process_new_packets().map_err(io::Error::other)?;
            if !self.handshake_counted && !tls.is_handshaking() {
                self.handshake_counted = true;
                match tls.handshake_kind() {
                    Some(HandshakeKind::Resumed) => context.site.stats.tls_resumed += 1,
                    _ => context.site.stats.tls_full += 1,
                }
            }
            let mut left = state.plaintext_bytes_to_read();
            while left > 0 {
                let length = tls.reader().read(buffer)?;
                left -= length;
                self.protocol.receive(&buffer[..length], context, &mut self.output)?;
            }
            // The peer waits for its part of the handshake before it says more.
            if tls.is_handshaking() {
                flush_tls(tls, &mut self.socket, &mut self.output)?;
            }
        }
        Ok(())
    }

    /// Writes what the socket takes.
    pub(crate) fn writable(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        loop {
            let is_empty = match &mut self.tls {
                Some(tls) => flush_tls(tls, &mut self.socket, &mut self.output)?,
                None => flush(&mut self.socket, &mut self.output)?,
            };
            if !is_empty {
                return Ok(());
            }
            if self.output.closes {
                return self.close();
            }
            match &mut self.protocol {
                // A request may have waited behind a long answer.
                Protocol::Http1(exchange) => exchange.receive(&[], context, &mut self.output)?,
                Protocol::Http2(session) => session.drained(&mut self.output),
                Protocol::Unknown(_) => {}
            }
            if self.output.front().is_empty() {
                return Ok(());
            }
        }
    }

    /// A delay is over.
    pub(crate) fn resume(&mut self, stream: u32, context: &mut Context<'_>) -> io::Result<()> {
        match &mut self.protocol {
            Protocol::Http1(exchange) => exchange.resume(context, &mut self.output)?,
            Protocol::Http2(session) => session.resume(stream, &mut self.output),
            Protocol::Unknown(_) => {}
        }
        self.writable(context)
    }

    fn close(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = tls.write_tls(&mut self.socket);
        }
        Err(io::ErrorKind::ConnectionAborted.into())
    }
}

/// How many bytes were read; `None` if there are none at the moment, an error at the end of the stream.
fn available(read: io::Result<usize>) -> io::Result<Option<usize>> {
    match read {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(length) => Ok(Some(length)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes until all is written, or the socket takes no more; says whether all is written.
fn flush(socket: &mut TcpStream, output: &mut Output) -> io::Result<bool> {
    while !output.front().is_empty() {
        match available(socket.write(output.front()))? {
            Some(written) => output.advance(written),
            None => return Ok(false),
        }
    }
    Ok(true)
}

fn flush_tls(tls: &mut ServerConnection, socket: &mut TcpStream, output: &mut Output) -> io::Result<bool> {
    loop {
        while tls.wants_write() {
            if available(tls.write_tls(socket))?.is_none() {
                return Ok(false);
            }
        }
        if output.front().is_empty() {
            return Ok(true);
        }
        let written = tls.writer().write(output.front())?;
        output.advance(written);
    }
}
