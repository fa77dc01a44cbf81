//! One HTTP/2 connection and the requests on it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use h2::client::SendRequest;
use httparallel_proto::pool::ConnId;
use httparallel_proto::{Error, Kind, Phase, Result};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::noise::{Listened, Noise};
use super::streams::Streams;
use super::{exchange, settings};
use crate::engine::{Closed, Handle, Shared};
use crate::net::{AsyncStream, ConnectionFacts};
use crate::operation::Op;
use crate::panics::{caught, caught_in};

/// What stands for the peer's limit on streams until its SETTINGS are here. No peer is likely to choose it; one
/// that does is believed with its first response.
const UNSETTLED: usize = 97;

/// An open HTTP/2 connection.
#[derive(Debug)]
pub(crate) struct Http2 {
    pub(super) id: ConnId,
    pub(super) noise: Noise,
    facts: Arc<ConnectionFacts>,
    send: SendRequest<Bytes>,
    settled: AtomicBool,
    settling: Notify,
    /// Whether a response came on it.
    answered: AtomicBool,
    streams: Mutex<Streams>,
    connection: Mutex<Option<AbortHandle>>,
}

impl Http2 {
    /// Exchanges settings on a new connection. The pool may give it any number of requests: see `admits`.
    pub(crate) async fn open(
        shared: &Arc<Shared>,
        id: ConnId,
        stream: AsyncStream,
        facts: Arc<ConnectionFacts>,
    ) -> Result<Arc<Self>> {
        let noise = Noise::default();
        let stream = Listened::new(stream, noise.clone());
        let handshake = settings::builder(UNSETTLED).handshake::<_, Bytes>(stream);
        let (send, connection) = handshake.await.map_err(|error| {
            Error::new(Kind::Protocol, Phase::Connect, format!("the HTTP/2 handshake failed: {error}"))
                .with_source(error)
        })?;
        let opened = Arc::new(Self {
            id,
            noise,
            facts,
            send,
            settled: AtomicBool::new(false),
            settling: Notify::new(),
            answered: AtomicBool::new(false),
            streams: Mutex::default(),
            connection: Mutex::new(None),
        });
        let driver = tokio::spawn(drive(shared.clone(), opened.clone(), connection));
        *opened.connection.lock() = Some(driver.abort_handle());
        Ok(opened)
    }

    /// Starts a request that the pool assigned to this connection.
    pub(crate) fn start(self: &Arc<Self>, op: Arc<Op>, shared: &Arc<Shared>) {
        // Held until the entry is in, so that no cancellation comes before it.
        let mut streams = self.streams.lock();
        let handle = Some(Handle::Http2(self.clone()));
        let Some(request) = op.begin(self.id, handle, &self.facts, streams.has_served(), Instant::now())
        else {
            drop(streams);
            return shared.release(self.id, None, Ok(()));
        };
        if streams.is_over() {
            drop(streams);
            return self.send_elsewhere(&op, shared);
        }
        let driver = streams.list(op, request);
        drop(streams);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// The connection ended before it came to this request. The pool knows that, or is closed.
    fn send_elsewhere(&self, op: &Arc<Op>, shared: &Arc<Shared>) {
        shared.release(self.id, None, Ok(()));
        shared.assign(op);
    }

    /// Starts the requests that were given since the last time, on the I/O thread.
    fn start_given(self: &Arc<Self>, shared: &Arc<Shared>, driver: &Waker) {
        self.streams.lock().start(driver, |given| {
            let (connection, shared, send) = (self.clone(), shared.clone(), self.send.clone());
            let exchange = exchange::run(connection, shared, given.op, given.request, send, given.resumed);
            tokio::spawn(exchange).abort_handle()
        });
    }

    /// Resets the stream of `op`, if it still has one. Dropping the stream's handles sends `RST_STREAM`.
    pub(crate) fn reset(&self, op: &Arc<Op>) {
        let removed = self.streams.lock().remove(op);
        if let Some(stream) = removed {
            stream.abort();
            op.shared.release(self.id, None, Ok(()));
        }
    }

    /// The reader of a streamed body has caught up.
    pub(crate) fn resume(&self, op: &Op) {
        if let Some(stream) = self.streams.lock().of(op) {
            stream.resumed.notify_one();
        }
    }

    /// Closes the connection with everything on it. Returns the operations it served, which are not told.
    pub(crate) fn close(&self) -> Vec<Arc<Op>> {
        let streams = self.streams.lock().clear();
        if let Some(connection) = self.connection.lock().take() {
            connection.abort();
        }
        // Nobody must wait for SETTINGS any more.
        self.settle();
        let stopped = streams.into_iter().map(|stream| {
            stream.abort();
            stream.op
        });
        stopped.collect()
    }

    /// Whether the peer takes another stream, for this request.
    ///
    /// Before the peer's SETTINGS are here, one goes ahead and the others wait. Those that are too many then look
    /// for another connection, where the pool's limits hold.
    pub(super) async fn admits(&self, op: &Op) -> bool {
        loop {
            let settling = self.settling.notified();
            let settled = self.settled.load(Ordering::Acquire);
            let limit = if settled { self.send.current_max_send_streams() } else { 1 };
            {
                let mut streams = self.streams.lock();
                if settled || streams.is_idle() {
                    return streams.admit(op, limit);
                }
            }
            settling.await;
        }
    }

    /// The peer's SETTINGS are here, or the connection has ended.
    pub(super) fn settle(&self) {
        self.settled.store(true, Ordering::Release);
        self.settling.notify_waiters();
    }

    /// Whether the connection was given another request before.
    pub(super) fn is_reused(&self) -> bool {
        self.streams.lock().is_reused()
    }

    /// A response has come.
    pub(super) fn answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    /// Whether a response has ever come.
    pub(super) fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Takes the entry of a request that is over. `false` if a cancellation was first.
    pub(super) fn take(&self, op: &Arc<Op>) -> bool {
        self.streams.lock().remove(op).is_some()
    }
}

/// Drives the connection's frames until it ends. If that fails, all its requests do.
async fn drive(
    shared: Arc<Shared>,
    opened: Arc<Http2>,
    connection: h2::client::Connection<Listened<AsyncStream>, Bytes>,
) {
    let driven = caught_in(drive_frames(&shared, &opened, connection)).await.and_then(|driven| driven);
    shared.forget(opened.id, Closed::Ended);
    opened.settle();
    let late = opened.streams.lock().end();
    for op in late {
        // One whose listener panics is over all the same, and must not keep the others waiting.
        let _ = caught(|| opened.send_elsewhere(&op, &shared));
    }
    if let Err(error) = driven {
        for op in opened.close() {
            // One whose listener panics is over all the same, and must not keep the others waiting.
            let _ = caught(|| op.cancel(error.clone()));
        }
    }
}

/// Tells the pool, too, what the peer allows. Fails if the peer says too much.
async fn drive_frames(
    shared: &Arc<Shared>,
    opened: &Arc<Http2>,
    connection: h2::client::Connection<Listened<AsyncStream>, Bytes>,
) -> Result<()> {
    let mut max_streams = UNSETTLED;
    let mut connection = pin!(connection);
    poll_fn(|cx| {
        opened.start_given(shared, cx.waker());
        let ended = connection.as_mut().poll(cx);
        let allowed = connection.max_concurrent_send_streams();
        if allowed != max_streams {
            max_streams = allowed;
            shared.limit_streams(opened.id, allowed);
            opened.settle();
        }
        match opened.noise.check() {
            Ok(()) => ended.map(|_| Ok(())),
            Err(error) => Poll::Ready(Err(error)),
        }
    })
    .await
}
