//! The stream of bytes that the `h2` crate believes to be a socket: two buffers.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One end of the stream. Clones are the same end.
#[derive(Clone, Default)]
pub(super) struct Wire(Arc<Mutex<Buffers>>);

#[derive(Default)]
struct Buffers {
    input: BytesMut,
    eof: bool,
    output: BytesMut,
}

impl Wire {
    /// Gives bytes to be read; nothing means the end of them.
    pub(super) fn feed(&self, data: &[u8]) {
        let mut buffers = self.0.lock();
        buffers.eof |= data.is_empty();
        buffers.input.extend_from_slice(data);
    }

    /// Takes out what was written.
    pub(super) fn take(&self) -> Bytes {
        self.0.lock().output.split().freeze()
    }
}

impl AsyncRead for Wire {
    /// Who reads is polled again when there is more: nobody is woken.
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut buffers = self.0.lock();
        if buffers.input.is_empty() && !buffers.eof {
            return Poll::Pending;
        }
        let length = buffers.input.len().min(into.remaining());
        into.put_slice(&buffers.input[..length]);
        buffers.input.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.0.lock().output.extend_from_slice(data);
        Poll::Ready(Ok(data.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let output = &mut self.0.lock().output;
        for piece in pieces {
            output.extend_from_slice(piece);
        }
        Poll::Ready(Ok(pieces.iter().map(|piece| piece.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
