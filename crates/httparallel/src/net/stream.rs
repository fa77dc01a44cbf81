//! A byte stream: a socket, with TLS on it or without.
//!
//! It waits for nothing, unless it is asked to. Whoever drives it (the I/O thread, or the calling thread in `poll(2)`)
//! waits for the socket and calls again.

use std::io::{self, IoSlice};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use bytes::BufMut;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, Shutdown};
use rustls::ClientConnection;
use socket2::SockRef;

use super::ready::SLICE;
use super::records::Session;
use super::segments::share;

/// A connected socket, with TLS or without.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Shared with whoever waits for it, so that the descriptor outlives its registration.
    socket: Arc<OwnedFd>,
    tls: Option<Box<Session>>,
    /// Whether a read that does not say otherwise waits, for as long as a [`SLICE`]. All others do say so.
    is_patient: bool,
}

impl Stream {
    /// A plain stream over a non-blocking socket.
    pub(crate) fn plain(socket: Arc<OwnedFd>) -> Self {
        Self { socket, tls: None, is_patient: false }
    }

    /// Puts TLS on the stream, inside of the TLS that is on it already, if any. The handshake is still to be
    /// driven.
    ///
    /// Fails if TLS is inside of TLS already.
    pub(crate) fn start_tls(&mut self, session: ClientConnection) -> io::Result<()> {
        self.tls = Some(Box::new(match self.tls.take() {
            None => Session::new(session),
            Some(outer) => outer.carry(session)?,
        }));
        Ok(())
    }

    pub(crate) fn socket(&self) -> &Arc<OwnedFd> {
        &self.socket
    }

    pub(crate) fn session(&self) -> Option<&ClientConnection> {
        self.tls.as_ref().map(|session| &session.inner)
    }

    /// Reads what is there, at most the spare room of `buffer`. `Ok(0)` is the end.
    pub(crate) fn read(&mut self, buffer: &mut impl BufMut) -> io::Result<usize> {
        match &mut self.tls {
            None => receive(&self.socket, buffer, RecvFlags::DONTWAIT),
            Some(session) => session.read(buffer, &self.socket),
        }
    }

    /// Whether [`read_patiently`](Self::read_patiently) waits. Not with TLS, where a read may be one of several.
    pub(crate) fn can_wait(&mut self) -> bool {
        if self.tls.is_some() {
            return false;
        }
        self.is_patient = self.is_patient || have_reads_wait(&self.socket).is_ok();
        self.is_patient
    }

    /// The same as [`read`](Self::read), and waits for the first byte, if it [can](Self::can_wait): `WouldBlock` if
    /// none comes within a [`SLICE`], or a signal does.
    pub(crate) fn read_patiently(&mut self, buffer: &mut impl BufMut) -> io::Result<usize> {
        if !self.can_wait() {
            return self.read(buffer);
        }
        receive(&self.socket, buffer, RecvFlags::empty())
    }

    /// Takes some of `data`, at least one byte unless the socket is full, and no more than is good for all.
    pub(crate) fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => {
                let most = share(data.len(), &self.socket);
                send(&self.socket, &data[..most])
            }
            Some(session) => session.write(data, &self.socket),
        }
    }

    /// Takes some of `parts`, one after the other, as [`write`](Self::write) does. With TLS, of the first one only.
    pub(crate) fn write_parts(&mut self, parts: [&[u8]; 3]) -> io::Result<usize> {
        match &mut self.tls {
            None => {
                let all = parts.into_iter().map(<[u8]>::len).sum();
                let mut most = share(all, &self.socket);
                let parts = parts.map(|part| {
                    let (now, _) = part.split_at(part.len().min(most));
                    most -= now.len();
                    IoSlice::new(now)
                });
                send_parts(&self.socket, parts)
            }
            Some(session) => {
                let first = parts.into_iter().find(|part| !part.is_empty()).unwrap_or_default();
                session.write(first, &self.socket)
            }
        }
    }

    /// Sends encrypted records the socket has not taken yet. `WouldBlock` if some remain.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            None => Ok(()),
            Some(session) => session.flush(&self.socket),
        }
    }

    /// Whether [`flush`](Self::flush) has something to send.
    pub(crate) fn wants_write(&self) -> bool {
        self.tls.as_ref().is_some_and(|session| session.wants_write())
    }

    /// One step of the TLS handshake. `Ok(true)` when it is complete, `WouldBlock` when it must wait.
    pub(crate) fn handshake(&mut self) -> io::Result<bool> {
        match &mut self.tls {
            None => Ok(true),
            Some(session) => session.handshake(&self.socket),
        }
    }

    /// Ends the connection in both directions at once.
    pub(crate) fn shut_down(&mut self) {
        if let Some(session) = &mut self.tls {
            session.close(&self.socket);
        }
        let _ = rustix::net::shutdown(&*self.socket, Shutdown::Both);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(session) = &mut self.tls {
            session.close(&self.socket);
        }
    }
}

/// Has reads wait for a [`SLICE`], if they do not say that they do not.
fn have_reads_wait(socket: &OwnedFd) -> io::Result<()> {
    let socket = SockRef::from(socket);
    socket.set_read_timeout(Some(SLICE))?;
    socket.set_nonblocking(false)
}

fn receive(socket: &OwnedFd, buffer: &mut impl BufMut, flags: RecvFlags) -> io::Result<usize> {
    // SAFETY: `recv` below writes to it, and nothing but bytes that it initialises.
    let spare = unsafe { buffer.chunk_mut().as_uninit_slice_mut() };
    let read = loop {
        match rustix::net::recv(socket, &mut *spare, flags) {
            Err(rustix::io::Errno::INTR) if flags.contains(RecvFlags::DONTWAIT) => {}
            // Whoever waits has to hear of the signal.
            Err(rustix::io::Errno::INTR) => return Err(io::ErrorKind::WouldBlock.into()),
            Ok(((filled, _), _)) => break filled.len(),
            Err(error) => return Err(error.into()),
        }
    };
    // SAFETY: `recv` initialised the first `read` bytes of the spare room.
    unsafe { buffer.advance_mut(read) };
    Ok(read)
}

/// Receives into memory that is initialised, as rustls wants it.
pub(super) fn receive_into(socket: &OwnedFd, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match rustix::net::recv(socket, &mut *buffer, RecvFlags::DONTWAIT) {
            Err(rustix::io::Errno::INTR) => {}
            result => return result.map(|(read, _)| read).map_err(io::Error::from),
        }
    }
}

fn send_parts(socket: &OwnedFd, parts: [IoSlice<'_>; 3]) -> io::Result<usize> {
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    loop {
        match rustix::net::sendmsg(socket, &parts, &mut SendAncillaryBuffer::default(), flags) {
            Err(rustix::io::Errno::INTR) => {}
            result => return result.map_err(io::Error::from),
        }
    }
}

pub(super) fn send(socket: &OwnedFd, data: &[u8]) -> io::Result<usize> {
    loop {
        match rustix::net::send(socket, data, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
            Err(rustix::io::Errno::INTR) => {}
            result => return result.map_err(io::Error::from),
        }
    }
}
