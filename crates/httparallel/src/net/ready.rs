//! Waiting for a socket: on the I/O thread as a future, on a calling thread in `poll(2)`.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::ClientConnection;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::stream::Stream;

/// What is done when a signal arrives while a thread waits: an `Err` ends the wait.
pub(crate) type Interrupt<'a> = &'a mut dyn FnMut() -> Result<(), ()>;

/// The longest a thread waits without asking whether it is interrupted: a signal that arrives just before
/// `poll(2)` does not end it.
pub(crate) const SLICE: Duration = Duration::from_millis(250);

/// How a wait of a thread ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    Ready,
    DeadlinePassed,
    Interrupted,
}

/// Waits until the descriptor is readable.
pub(crate) fn wait_readable(fd: impl AsFd, until: Option<Instant>, interrupt: Interrupt<'_>) -> Waited {
    wait_ready(fd, PollFlags::IN, until, interrupt)
}

/// Waits in `poll(2)` until one of the `events` is there, the deadline passes, or the wait is interrupted.
pub(crate) fn wait_ready(
    fd: impl AsFd,
    events: PollFlags,
    until: Option<Instant>,
    interrupt: Interrupt<'_>,
) -> Waited {
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let slice = left.map_or(SLICE, |left| left.min(SLICE));
        let timeout = Timespec { tv_sec: 0, tv_nsec: slice.subsec_nanos().into() };
        match poll(&mut [PollFd::from_borrowed_fd(fd.as_fd(), events)], Some(&timeout)) {
            Ok(0) if left.is_some_and(|left| left <= slice) => return Waited::DeadlinePassed,
            Ok(0) | Err(_) => {
                if interrupt().is_err() {
                    return Waited::Interrupted;
                }
            }
            Ok(_) => return Waited::Ready,
        }
    }
}

/// A socket that the I/O thread watches.
pub(crate) type Watched = AsyncFd<Arc<OwnedFd>>;

/// A [`Stream`] on the I/O thread, as tokio's I/O traits see it.
#[derive(Debug)]
pub(crate) struct AsyncStream {
    ready: Watched,
    stream: Stream,
    buffer: BytesMut,
    /// How much was given since the socket, or this turn, had no more to give.
    given: usize,
}

/// Registers a socket with the I/O thread. Must run on it, or inside its context.
pub(crate) fn register(socket: Arc<OwnedFd>) -> io::Result<Watched> {
    // SAFETY: the `AsyncFd` owns a share of the descriptor, which therefore stays open, and the same, for as
    // long as it is registered.
    unsafe { AsyncFd::register(socket) }.map_err(io::Error::from)
}

/// Bytes read from the socket at once: the responses of many streams.
const READ_SIZE: usize = 64 * 1024;

/// How much a task is given before it has to let the others have their turn: tokio does not count what takes no
/// waiting, and a peer may send small frames faster than they are read.
const TURN_SIZE: usize = 256 * 1024;

impl AsyncStream {
    /// Plain bytes over a socket.
    pub(crate) fn new(socket: Watched) -> Self {
        let stream = Stream::plain(socket.get_ref().clone());
        Self { ready: socket, stream, buffer: BytesMut::new(), given: 0 }
    }

    /// Puts TLS on the stream and completes the handshake.
    pub(super) async fn start_tls(&mut self, session: ClientConnection) -> io::Result<()> {
        self.stream.start_tls(session)?;
        loop {
            match self.stream.handshake() {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait().await?,
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends all of `data`.
    pub(super) async fn send(&mut self, mut data: &[u8]) -> io::Result<()> {
        while !data.is_empty() {
            match self.stream.write(data) {
                Ok(taken) => data = &data[taken..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.ready.writable().await?.clear_ready();
                }
                Err(error) => return Err(error),
            }
        }
        loop {
            match self.stream.flush() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.ready.writable().await?.clear_ready();
                }
                result => return result,
            }
        }
    }

    /// Receives what is there, as much as there is room for. 0 is the end.
    pub(super) async fn receive(&mut self, into: &mut BytesMut) -> io::Result<usize> {
        loop {
            match self.stream.read(into) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.ready.readable().await?.clear_ready();
                }
                result => return result,
            }
        }
    }

    /// Puts back what was received too early; it is read next.
    pub(super) fn unread(&mut self, data: BytesMut) {
        self.buffer = data;
    }

    /// Whether something was received that is not read yet.
    pub(crate) fn has_buffered(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Gives the stream back, and its socket, which is watched for as long as that lives.
    pub(crate) fn into_parts(self) -> (Stream, Watched) {
        (self.stream, self.ready)
    }

    pub(crate) fn stream(&self) -> &Stream {
        &self.stream
    }

    async fn wait(&mut self) -> io::Result<()> {
        if self.stream.wants_write() {
            self.ready.writable().await?.clear_ready();
        } else {
            self.ready.readable().await?.clear_ready();
        }
        Ok(())
    }
}

impl AsyncRead for AsyncStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.given >= TURN_SIZE {
            this.given = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        while this.buffer.is_empty() {
            this.buffer.reserve(READ_SIZE);
            match this.stream.read(&mut this.buffer) {
                Ok(0) => return Poll::Ready(Ok(())),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    this.given = 0;
                    ready!(this.ready.poll_read_ready(cx))?.clear_ready();
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let count = this.buffer.len().min(into.remaining());
        into.put_slice(&this.buffer.split_to(count));
        this.given += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for AsyncStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        loop {
            match this.stream.write(data) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    ready!(this.ready.poll_write_ready(cx))?.clear_ready();
                }
                result => return Poll::Ready(result),
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            match this.stream.flush() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    ready!(this.ready.poll_write_ready(cx))?.clear_ready();
                }
                result => return Poll::Ready(result),
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.shut_down();
        Poll::Ready(Ok(()))
    }
}
