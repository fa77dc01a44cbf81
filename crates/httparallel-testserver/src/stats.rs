//! What the server has seen: counters that tests read through [`TestServer::stats`] or `GET /stats`.
//!
//! [`TestServer::stats`]: crate::TestServer::stats

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::json;

/// A snapshot of the server's counters.
///
/// Requests to `/stats` and `/script` are not counted; their connections are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections accepted.
    pub connections_opened: u64,
    /// Connections open now.
    pub connections_open: u64,
    /// Connections that speak HTTP/2.
    pub h2_connections: u64,
    /// Requests whose head has arrived.
    pub requests: u64,
    /// Requests not yet answered in full.
    pub requests_active: u64,
    /// The highest value `requests_active` has had.
    pub requests_peak: u64,
    /// Requests whose client went away, or reset the stream, before the answer was written.
    pub cancelled: u64,
    /// `CONNECT` requests that became tunnels.
    pub tunnels: u64,
    /// HTTP/2 streams opened by clients.
    pub h2_streams: u64,
    /// `RST_STREAM` frames received for streams that were not finished.
    pub rst_received: u64,
}

impl Stats {
    pub(crate) fn to_json(self) -> String {
        let fields = [
            ("connections_opened", self.connections_opened),
            ("connections_open", self.connections_open),
            ("h2_connections", self.h2_connections),
            ("requests", self.requests),
            ("requests_active", self.requests_active),
            ("requests_peak", self.requests_peak),
            ("cancelled", self.cancelled),
            ("tunnels", self.tunnels),
            ("h2_streams", self.h2_streams),
            ("rst_received", self.rst_received),
        ];
        json::object(fields.iter().map(|(name, value)| (*name, value.to_string())))
    }
}

/// The live counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    opened: AtomicU64,
    open: AtomicU64,
    h2_connections: AtomicU64,
    requests: AtomicU64,
    active: AtomicU64,
    peak: AtomicU64,
    cancelled: AtomicU64,
    tunnels: AtomicU64,
    h2_streams: AtomicU64,
    rst_received: AtomicU64,
}

impl Counters {
    pub(crate) fn snapshot(&self) -> Stats {
        Stats {
            connections_opened: self.opened.load(Relaxed),
            connections_open: self.open.load(Relaxed),
            h2_connections: self.h2_connections.load(Relaxed),
            requests: self.requests.load(Relaxed),
            requests_active: self.active.load(Relaxed),
            requests_peak: self.peak.load(Relaxed),
            cancelled: self.cancelled.load(Relaxed),
            tunnels: self.tunnels.load(Relaxed),
            h2_streams: self.h2_streams.load(Relaxed),
            rst_received: self.rst_received.load(Relaxed),
        }
    }

    /// Zeroes what accumulates. What is open or active now stays, and is the new peak.
    pub(crate) fn reset(&self) {
        let accumulated = [
            &self.opened,
            &self.h2_connections,
            &self.requests,
            &self.cancelled,
            &self.tunnels,
            &self.h2_streams,
            &self.rst_received,
        ];
        for counter in accumulated {
            counter.store(0, Relaxed);
        }
        self.peak.store(self.active.load(Relaxed), Relaxed);
    }

    pub(crate) fn connection(self: &Arc<Self>) -> OpenConnection {
        self.opened.fetch_add(1, Relaxed);
        self.open.fetch_add(1, Relaxed);
        OpenConnection(Arc::clone(self))
    }

    pub(crate) fn h2_connection(&self) {
        self.h2_connections.fetch_add(1, Relaxed);
    }

    pub(crate) fn tunnel(&self) {
        self.tunnels.fetch_add(1, Relaxed);
    }

    pub(crate) fn h2_stream(&self) {
        self.h2_streams.fetch_add(1, Relaxed);
    }

    pub(crate) fn rst_received(&self) {
        self.rst_received.fetch_add(1, Relaxed);
    }

    /// Counts a request that is answered at once, without waiting for anything.
    pub(crate) fn request_at_once(&self) {
        self.requests.fetch_add(1, Relaxed);
        self.raise_peak(self.active.load(Relaxed) + 1);
    }

    pub(crate) fn request(self: &Arc<Self>) -> ActiveRequest {
        self.requests.fetch_add(1, Relaxed);
        let active = self.active.fetch_add(1, Relaxed) + 1;
        self.raise_peak(active);
        ActiveRequest { counters: Arc::clone(self), finished: false }
    }

    fn raise_peak(&self, active: u64) {
        if active > self.peak.load(Relaxed) {
            self.peak.fetch_max(active, Relaxed);
        }
    }
}

/// An accepted connection; dropping it counts it as closed.
#[derive(Debug)]
pub(crate) struct OpenConnection(Arc<Counters>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

/// A request being answered; dropping it before [`ActiveRequest::finish`] counts it as cancelled.
#[derive(Debug)]
pub(crate) struct ActiveRequest {
    counters: Arc<Counters>,
    finished: bool,
}

impl ActiveRequest {
    /// The server has done what it meant to do, be it an answer or a fault.
    pub(crate) fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.counters.active.fetch_sub(1, Relaxed);
        if !self.finished {
            self.counters.cancelled.fetch_add(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_dropped_unfinished_is_cancelled() {
        let counters = Arc::new(Counters::default());
        let first = counters.request();
        let second = counters.request();
        first.finish();
        drop(second);
        let stats = counters.snapshot();
        assert_eq!((stats.requests, stats.requests_active, stats.requests_peak), (2, 0, 2));
        assert_eq!(stats.cancelled, 1);
    }

    #[test]
    fn reset_keeps_what_is_open() {
        let counters = Arc::new(Counters::default());
        let _connection = counters.connection();
        counters.reset();
        let stats = counters.snapshot();
        assert_eq!((stats.connections_opened, stats.connections_open), (0, 1));
    }
}
