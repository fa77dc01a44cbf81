//! How much a peer says that is no part of any response.
//!
//! `h2` bounds what it would have to keep: header lists, resets, empty DATA. What has only to be read, or to be
//! acknowledged, a peer may send for ever: PING, SETTINGS, PRIORITY, window updates, frames of types that nobody
//! knows, frames of streams that are over. So what is read is counted until an exchange gets on.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use httparallel_proto::{Error, Result};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Twice the window of a connection: as much may be on its way to requests that were cancelled, and be no fault
/// of the peer's.
const MAX_NOISE: u64 = 2 * super::settings::CONNECTION_WINDOW as u64;

/// The bytes that were read since an exchange got on. Clones count together: of one connection, on one thread at a
/// time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noise(Arc<AtomicU64>);

impl Noise {
    /// An exchange has got on: a head, a piece of a body, or one that was sent.
    pub(crate) fn got_on(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// So much was read.
    pub(crate) fn heard(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Fails if the peer has said too much.
    pub(crate) fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) <= MAX_NOISE {
            return Ok(());
        }
        Err(Error::protocol("the server keeps the HTTP/2 connection busy with what belongs to no response"))
    }
}

/// A stream whose reader is listened to.
#[derive(Debug)]
pub(super) struct Listened<S> {
    stream: S,
    noise: Noise,
}

impl<S> Listened<S> {
    pub(super) fn new(stream: S, noise: Noise) -> Self {
        Self { stream, noise }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Listened<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, into))?;
        self.noise.heard(into.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Listened<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use httparallel_proto::Kind;

    use super::*;

    #[test]
    fn what_leads_to_nothing_is_counted_up_to_a_bound() {
        let noise = Noise::default();
        for _ in 0..32 {
            noise.heard(1 << 20);
        }
        assert!(noise.check().is_ok());
        noise.heard(1);
        assert_eq!(noise.check().err().map(|error| error.kind()), Some(Kind::Protocol));
    }

    #[test]
    fn an_exchange_that_gets_on_makes_up_for_it() {
        let noise = Noise::default();
        for _ in 0..100 {
            noise.heard(1 << 20);
            noise.got_on();
        }
        assert!(noise.check().is_ok());
    }
}
