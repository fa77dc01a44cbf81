//! Opening connections: each is a task of the I/O thread, which ends with what the pool is told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use foldhash::HashMap;
use httparallel_proto::Result;
use httparallel_proto::pool::{ConnId, Lane, Opened};
use parking_lot::Mutex;
use tokio::task::AbortHandle;

use super::shared::{Handle, Shared};
use crate::h1::{Attached, Connection, Parked};
use crate::h2::Http2;
use crate::inbox::Errand;
use crate::net::{Connected, ConnectionFacts, Destination, within};
use crate::operation::Attempt;
use crate::panics::{caught, caught_in};

/// Attempts to connect, so that one nobody waits for any more can be stopped. `None` until it has begun.
pub(super) type Attempts = Mutex<HashMap<ConnId, Option<AbortHandle>>>;

impl Shared {
    /// Has the I/O thread open a connection.
    pub(super) fn connect(
        self: &Arc<Self>,
        id: ConnId,
        to: Destination,
        limit: Option<Duration>,
        lane: Lane,
    ) {
        self.attempts.lock().insert(id, None);
        let shared = self.clone();
        let start = Box::new(move || {
            // Held until the attempt has its handle, so that it cannot end before.
            let mut attempts = shared.attempts.lock();
            let Some(attempt) = attempts.get_mut(&id) else { return };
            let opening = shared.clone();
            let task = shared.io.handle().spawn(async move {
                let opened = caught_in(opening.open(id, &to, limit, lane)).await;
                opening.opened(id, opened.and_then(|opened| opened));
            });
            *attempt = Some(task.abort_handle());
        });
        if let Some(errand) = self.io.inbox().leave(Errand::Start(start)) {
            errand.run(Instant::now());
        }
    }

    /// Nobody waits for this connection any more.
    pub(super) fn abandon(&self, id: ConnId) {
        let attempt = self.attempts.lock().remove(&id).flatten();
        if let Some(attempt) = attempt {
            attempt.abort();
        }
    }

    async fn open(
        self: &Arc<Self>,
        id: ConnId,
        to: &Destination,
        limit: Option<Duration>,
        lane: Lane,
    ) -> Result<(Handle, Opened)> {
        let connected = self.connector.connect(to, limit).await?;
        self.admit(id, to, connected, lane).await
    }

    /// An attempt to connect is over.
    fn opened(self: &Arc<Self>, id: ConnId, opened: Result<(Handle, Opened)>) {
        self.attempts.lock().remove(&id);
        match opened {
            Ok((handle, opened)) => {
                self.change(|pool, actions| pool.connected(id, handle, opened, Instant::now(), actions));
            }
            Err(error) => {
                for op in self.change(|pool, actions| pool.connect_failed(id, actions)) {
                    // One whose listener panics is over all the same, and must not keep the others waiting.
                    let _ = caught(|| op.complete(Attempt::Failed(error.clone())));
                }
            }
        }
    }

    /// Makes a handle of a new connection.
    async fn admit(
        self: &Arc<Self>,
        id: ConnId,
        to: &Destination,
        connected: Connected,
        lane: Lane,
    ) -> Result<(Handle, Opened)> {
        let facts = Arc::new(ConnectionFacts::of(id, connected.stream.stream(), connected.opening));
        if connected.http2 {
            let opening = within(connected.deadline, Http2::open(self, id, connected.stream, facts));
            let connection = opening.await?;
            return Ok((Handle::Http2(connection), Opened::Http2 { max_streams: usize::MAX }));
        }
        let proxy = to.forwards_through().cloned();
        let (stream, socket) = connected.stream.into_parts();
        let connection = Connection::new(stream, proxy, facts);
        let handle = match lane {
            Lane::Detached => Handle::Detached(Parked::new(connection)),
            Lane::Attached => Handle::Attached(Attached::spawn(self, id, connection, socket)),
        };
        Ok((handle, Opened::Http1(lane)))
    }
}
