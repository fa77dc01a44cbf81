//! One HTTP/2 connection and the requests on it.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use httparallel_proto::pool::ConnId;
use httparallel_proto::{Error, Kind, Phase, Result};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::exchange;
use crate::engine::Shared;
use crate::net::AsyncStream;
use crate::operation::Op;

/// Windows that keep a fast link busy: RFC 9113 section 6.9.2 starts with 64 KiB, which stalls.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;
/// Decoded header lists larger than this are refused by the peer of this setting.
const MAX_HEADER_LIST: u32 = 64 * 1024;

/// An open HTTP/2 connection.
#[derive(Debug)]
pub(crate) struct Http2 {
    pub(super) id: ConnId,
    send: SendRequest<Bytes>,
    streams: Mutex<HashMap<usize, Stream>>,
    connection: Mutex<Option<AbortHandle>>,
}

#[derive(Debug)]
struct Stream {
    task: AbortHandle,
    resumed: Arc<Notify>,
}

impl Http2 {
    /// Exchanges settings on a new connection. Returns it with the number of streams it may carry.
    pub(crate) async fn open(
        shared: &Arc<Shared>,
        id: ConnId,
        stream: AsyncStream,
    ) -> Result<(Arc<Self>, usize)> {
        let (send, connection) = Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(MAX_HEADER_LIST)
            .handshake::<_, Bytes>(stream)
            .await
            .map_err(|error| {
                Error::new(Kind::Protocol, Phase::Connect, format!("the HTTP/2 handshake failed: {error}"))
                    .with_source(error)
            })?;
        let max_streams = send.current_max_send_streams();
        let (streams, task) = (Mutex::new(HashMap::new()), Mutex::new(None));
        let opened = Arc::new(Self { id, send, streams, connection: task });
        let driver = tokio::spawn(drive(shared.clone(), id, connection, max_streams));
        *opened.connection.lock() = Some(driver.abort_handle());
        Ok((opened, max_streams))
    }

    /// Starts a request that the pool assigned to this connection.
    pub(crate) fn start(self: &Arc<Self>, op: Arc<Op>, shared: &Arc<Shared>) {
        let resumed = Arc::new(Notify::new());
        let key = key(&op);
        // Held until the entry is in, so that the task cannot end before it.
        let mut streams = self.streams.lock();
        let exchange = exchange::run(self.clone(), shared.clone(), op, self.send.clone(), resumed.clone());
        let task = shared.io.handle().spawn(exchange).abort_handle();
        streams.insert(key, Stream { task, resumed });
    }

    /// Resets the stream of `op`, if it still has one. Dropping the stream's handles sends RST_STREAM.
    pub(crate) fn reset(&self, op: &Arc<Op>) {
        let removed = self.streams.lock().remove(&key(op));
        if let Some(stream) = removed {
            stream.task.abort();
            op.shared.release(self.id, None, true);
        }
    }

    /// The reader of a streamed body has caught up.
    pub(crate) fn resume(&self, op: &Op) {
        let streams = self.streams.lock();
        if let Some(stream) = streams.get(&(std::ptr::from_ref(op) as usize)) {
            stream.resumed.notify_one();
        }
    }

    /// Closes the connection with everything on it.
    pub(crate) fn close(&self) {
        let streams: Vec<_> = self.streams.lock().drain().collect();
        for (_, stream) in streams {
            stream.task.abort();
        }
        if let Some(connection) = self.connection.lock().take() {
            connection.abort();
        }
    }

    /// Takes the entry of a request that is over. `false` if a cancellation was first.
    pub(super) fn take(&self, op: &Arc<Op>) -> bool {
        self.streams.lock().remove(&key(op)).is_some()
    }
}

fn key(op: &Arc<Op>) -> usize {
    Arc::as_ptr(op) as usize
}

/// Drives the connection's frames until it ends, and tells the pool what the peer allows.
async fn drive(
    shared: Arc<Shared>,
    id: ConnId,
    connection: h2::client::Connection<AsyncStream, Bytes>,
    mut max_streams: usize,
) {
    let mut connection = pin!(connection);
    poll_fn(|cx| {
        let ended = connection.as_mut().poll(cx);
        let allowed = connection.max_concurrent_send_streams();
        if allowed != max_streams {
            max_streams = allowed;
            shared.report(|pool, actions| pool.set_max_streams(id, allowed, Instant::now(), actions));
        }
        if ended.is_ready() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    shared.forget(id);
}
