//! TLS records between a session and what carries them: a socket, or the TLS session with a proxy.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;

use bytes::BufMut;
use rustls::ClientConnection;

use super::stream::{receive_into, send};

/// A TLS session, and the one it travels in if there is one.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) inner: ClientConnection,
    /// TLS with an `https` proxy, which the tunnel through that proxy is in.
    outer: Option<ClientConnection>,
}

impl Session {
    pub(super) fn new(inner: ClientConnection) -> Self {
        Self { inner, outer: None }
    }

    /// A session inside of `self`.
    ///
    /// Fails if `self` is inside of another one already.
    pub(super) fn carry(self, inner: ClientConnection) -> io::Result<Self> {
        match self.outer {
            None => Ok(Self { inner, outer: Some(self.inner) }),
            Some(_) => Err(io::Error::new(ErrorKind::Unsupported, "TLS in TLS in TLS")),
        }
    }

    pub(super) fn wants_write(&self) -> bool {
        self.inner.wants_write() || self.outer.as_ref().is_some_and(|outer| outer.wants_write())
    }

    /// Takes some of `data`, at least one byte unless the socket is full.
    pub(super) fn write(&mut self, data: &[u8], socket: &OwnedFd) -> io::Result<usize> {
        // Records the socket has not taken go first, so that memory stays bounded.
        self.flush(socket)?;
        let taken = self.inner.writer().write(data)?;
        match self.flush(socket) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    /// Sends all records. `WouldBlock` if some remain.
    pub(super) fn flush(&mut self, socket: &OwnedFd) -> io::Result<()> {
        let Self { inner, outer } = self;
        send_records(inner, &mut Carrier { socket, session: outer.as_mut() })
    }

    /// One step of the handshake. `Ok(true)` when it is complete, `WouldBlock` when it must wait.
    pub(super) fn handshake(&mut self, socket: &OwnedFd) -> io::Result<bool> {
        self.flush(socket)?;
        if self.inner.is_handshaking() {
            if self.receive_records(socket)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.flush(socket)?;
        }
        Ok(!self.inner.is_handshaking())
    }

    /// Tells the peers that nothing more is sent, as far as the socket takes it.
    pub(super) fn close(&mut self, socket: &OwnedFd) {
        // A peer may be gone or slow; the notice is a courtesy.
        self.inner.send_close_notify();
        let _ = self.flush(socket);
        if let Some(outer) = &mut self.outer {
            outer.send_close_notify();
            let _ = self.flush(socket);
        }
    }

    /// Decrypted bytes that are at hand, or else of the next records that arrive.
    pub(super) fn read(&mut self, buffer: &mut impl BufMut, socket: &OwnedFd) -> io::Result<usize> {
        let room = buffer.chunk_mut().len();
        loop {
            let mut taken = 0;
            loop {
                let mut reader = self.inner.reader();
                match reader.fill_buf() {
                    Ok([]) => return Ok(taken),
                    Ok(chunk) => {
                        let count = chunk.len().min(room - taken);
                        buffer.put_slice(&chunk[..count]);
                        reader.consume(count);
                        taken += count;
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    // What came before the end is delivered first.
                    Err(_) if taken > 0 => return Ok(taken),
                    // RFC 8446 section 6.1: an end without close_notify may be a truncation.
                    Err(error) => return Err(error),
                }
                if taken == room {
                    return Ok(taken);
                }
            }
            if taken > 0 {
                return Ok(taken);
            }
            self.receive_records(socket)?;
        }
    }

    /// Takes in what has arrived. 0 is the end of the stream.
    fn receive_records(&mut self, socket: &OwnedFd) -> io::Result<usize> {
        let Self { inner, outer } = self;
        receive_records(inner, &mut Carrier { socket, session: outer.as_mut() })
    }
}

fn receive_records(session: &mut ClientConnection, carrier: &mut Carrier<'_>) -> io::Result<usize> {
    let read = session.read_tls(carrier)?;
    let processed = session.process_new_packets();
    if session.wants_write() {
        // An alert about what was wrong, or a key update; the error, if any, matters more than its delivery.
        let _ = send_records(session, carrier);
    }
    processed.map(|_| read).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

fn send_records(session: &mut ClientConnection, carrier: &mut Carrier<'_>) -> io::Result<()> {
    while session.wants_write() {
        session.write_tls(carrier)?;
    }
    carrier.flush()
}

/// What records travel on: the socket, or a session on it.
struct Carrier<'a> {
    socket: &'a OwnedFd,
    session: Option<&'a mut ClientConnection>,
}

impl<'a> Carrier<'a> {
    /// The socket alone.
    fn below(&self) -> Carrier<'a> {
        Carrier { socket: self.socket, session: None }
    }
}

impl Read for Carrier<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut below = self.below();
        let Some(session) = &mut self.session else { return receive_into(self.socket, buffer) };
        loop {
            match session.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    receive_records(session, &mut below)?;
                }
                // Whether that cuts something short is for the session inside to say.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                result => return result,
            }
        }
    }
}

impl Write for Carrier<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let mut below = self.below();
        let Some(session) = &mut self.session else { return send(self.socket, data) };
        send_records(session, &mut below)?;
        session.writer().write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut below = self.below();
        match &mut self.session {
            None => Ok(()),
            Some(session) => send_records(session, &mut below),
        }
    }
}
