//! A non-blocking byte stream: a socket, with TLS on it or without.
//!
//! It never waits. Whoever drives it (the I/O thread, or the calling thread in `poll(2)`) waits for the
//! socket and calls again.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use bytes::BytesMut;
use rustix::net::{RecvFlags, SendFlags, Shutdown};
use rustls::ClientConnection;

/// A connected socket, non-blocking, with TLS or without.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Shared with whoever waits for it, so that the descriptor outlives its registration.
    socket: Arc<OwnedFd>,
    tls: Option<Box<ClientConnection>>,
}

impl Stream {
    /// A plain stream over a non-blocking socket.
    pub(crate) fn plain(socket: Arc<OwnedFd>) -> Self {
        Self { socket, tls: None }
    }

    /// A TLS stream over a non-blocking socket; the handshake is still to be driven.
    pub(crate) fn tls(socket: Arc<OwnedFd>, session: ClientConnection) -> Self {
        Self { socket, tls: Some(Box::new(session)) }
    }

    pub(crate) fn socket(&self) -> &Arc<OwnedFd> {
        &self.socket
    }

    pub(crate) fn session(&self) -> Option<&ClientConnection> {
        self.tls.as_deref()
    }

    /// Reads what is there, at most the spare room of `buffer`. `Ok(0)` is the end.
    pub(crate) fn read(&mut self, buffer: &mut BytesMut) -> io::Result<usize> {
        match &mut self.tls {
            None => receive(&self.socket, buffer),
            Some(session) => read_decrypted(session, &self.socket, buffer),
        }
    }

    /// Takes some of `data`, at least one byte unless the socket is full.
    pub(crate) fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => send(&self.socket, data),
            Some(session) => {
                // Records the socket has not taken go first, so that memory stays bounded.
                write_encrypted(session, &self.socket)?;
                let taken = session.writer().write(data)?;
                match write_encrypted(session, &self.socket) {
                    Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
                    _ => Ok(taken),
                }
            }
        }
    }

    /// Sends encrypted records the socket has not taken yet. `WouldBlock` if some remain.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            None => Ok(()),
            Some(session) => write_encrypted(session, &self.socket),
        }
    }

    /// Whether [`flush`](Self::flush) has something to send.
    pub(crate) fn wants_write(&self) -> bool {
        self.tls.as_ref().is_some_and(|session| session.wants_write())
    }

    /// One step of the TLS handshake. `Ok(true)` when it is complete, `WouldBlock` when it must wait.
    pub(crate) fn handshake(&mut self) -> io::Result<bool> {
        let Some(session) = &mut self.tls else { return Ok(true) };
        write_encrypted(session, &self.socket)?;
        if session.is_handshaking() {
            if read_encrypted(session, &self.socket)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            write_encrypted(session, &self.socket)?;
        }
        Ok(!session.is_handshaking())
    }

    /// Ends the connection in both directions at once.
    pub(crate) fn shut_down(&mut self) {
        if let Some(session) = &mut self.tls {
            session.send_close_notify();
            // The peer may be gone or slow; the notice is a courtesy.
            let _ = write_encrypted(session, &self.socket);
        }
        let _ = rustix::net::shutdown(&*self.socket, Shutdown::Both);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(session) = &mut self.tls {
            session.send_close_notify();
            let _ = write_encrypted(session, &self.socket);
        }
    }
}

fn receive(socket: &OwnedFd, buffer: &mut BytesMut) -> io::Result<usize> {
    let spare = buffer.spare_capacity_mut();
    let read = loop {
        match rustix::net::recv(socket, &mut *spare, RecvFlags::DONTWAIT) {
            Err(rustix::io::Errno::INTR) => {}
            Ok(((filled, _), _)) => break filled.len(),
            Err(error) => return Err(error.into()),
        }
    };
    // SAFETY: `recv` initialised the first `read` bytes of the spare capacity.
    unsafe { buffer.set_len(buffer.len() + read) };
    Ok(read)
}

fn send(socket: &OwnedFd, data: &[u8]) -> io::Result<usize> {
    loop {
        match rustix::net::send(socket, data, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
            Err(rustix::io::Errno::INTR) => {}
            result => return result.map_err(io::Error::from),
        }
    }
}

/// Decrypted bytes that are at hand, or else of the next records that arrive.
fn read_decrypted(
    session: &mut ClientConnection,
    socket: &OwnedFd,
    buffer: &mut BytesMut,
) -> io::Result<usize> {
    let room = buffer.capacity() - buffer.len();
    loop {
        let mut taken = 0;
        loop {
            let mut reader = session.reader();
            match reader.fill_buf() {
                Ok([]) => return Ok(taken),
                Ok(chunk) => {
                    let count = chunk.len().min(room - taken);
                    buffer.extend_from_slice(&chunk[..count]);
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
        read_encrypted(session, socket)?;
    }
}

/// Takes in what the socket has. 0 is the end of the stream.
fn read_encrypted(session: &mut ClientConnection, socket: &OwnedFd) -> io::Result<usize> {
    let read = session.read_tls(&mut Raw(socket))?;
    let processed = session.process_new_packets();
    if session.wants_write() {
        // An alert about what was wrong, or a key update; the error, if any, matters more than its delivery.
        let _ = write_encrypted(session, socket);
    }
    processed.map(|_| read).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

fn write_encrypted(session: &mut ClientConnection, socket: &OwnedFd) -> io::Result<()> {
    while session.wants_write() {
        session.write_tls(&mut Raw(socket))?;
    }
    Ok(())
}

/// The socket, for rustls.
struct Raw<'a>(&'a OwnedFd);

impl Read for Raw<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match rustix::net::recv(self.0, &mut *buffer, RecvFlags::DONTWAIT) {
                Err(rustix::io::Errno::INTR) => {}
                result => return result.map(|(read, _)| read).map_err(io::Error::from),
            }
        }
    }
}

impl Write for Raw<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        send(self.0, data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
