//! Which request gets which connection: the engine's pool, with numbers for both.

use std::time::{Duration, Instant};

use httparallel::pool::Limits;
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::ledger::{Ledger, Step};
use crate::engine::seconds;

/// The pool of whoever opens connections itself. Every step gives the actions to be done next, in order.
#[pyclass(frozen, module = "httparallel._native")]
pub(super) struct ConnectionQueue {
    inner: Mutex<Ledger>,
}

/// `(what, connection, …)`.
type Actions<'py> = Vec<Bound<'py, PyAny>>;

#[pymethods]
impl ConnectionQueue {
    /// With these limits; `None` is no limit. Expiry and age are in seconds.
    #[new]
    #[pyo3(signature = (*, max_connections, max_keepalive_connections, keepalive_expiry,
        max_connection_age=None))]
    fn new(
        max_connections: Option<usize>,
        max_keepalive_connections: Option<usize>,
        keepalive_expiry: Option<f64>,
        max_connection_age: Option<f64>,
    ) -> Self {
        let limits = Limits {
            max_connections,
            max_keepalive_connections,
            keepalive_expiry: seconds(keepalive_expiry),
            surplus_expiry: Duration::ZERO,
            max_connection_age: seconds(max_connection_age),
        };
        Self { inner: Mutex::new(Ledger::new(limits)) }
    }

    /// A new request to this origin; its number. `may_share`: a new connection could turn out to be HTTP/2.
    /// `fresh`: it must not start on an HTTP/1.1 connection that served before.
    #[pyo3(signature = (origin, may_share, fresh=false))]
    fn request<'py>(
        &self,
        py: Python<'py>,
        origin: &[u8],
        may_share: bool,
        fresh: bool,
    ) -> PyResult<(u64, Actions<'py>)> {
        let (number, steps) = self.inner.lock().request(origin, may_share, fresh, Instant::now());
        Ok((number, actions(py, steps)?))
    }

    /// A connection is open.
    fn connected<'py>(
        &self,
        py: Python<'py>,
        connection: u64,
        is_http2: bool,
        max_streams: usize,
    ) -> PyResult<Actions<'py>> {
        let max_streams = is_http2.then_some(max_streams);
        let steps = self.inner.lock().connected(connection, max_streams, Instant::now());
        actions(py, steps)
    }

    /// A connection could not be opened; the requests that fail with it.
    fn connect_failed<'py>(&self, py: Python<'py>, connection: u64) -> PyResult<(Vec<u64>, Actions<'py>)> {
        let (failed, steps) = self.inner.lock().connect_failed(connection);
        Ok((failed, actions(py, steps)?))
    }

    /// A request on a connection is over. `reusable`: the connection may serve another one.
    fn released<'py>(
        &self,
        py: Python<'py>,
        connection: u64,
        request: u64,
        reusable: bool,
    ) -> PyResult<Actions<'py>> {
        let steps = self.inner.lock().released(connection, request, reusable, Instant::now());
        actions(py, steps)
    }

    /// A connection is gone.
    fn closed<'py>(&self, py: Python<'py>, connection: u64) -> PyResult<Actions<'py>> {
        let steps = self.inner.lock().closed(connection);
        actions(py, steps)
    }

    /// A connection takes no more requests; those on it go on.
    fn retire<'py>(&self, py: Python<'py>, connection: u64) -> PyResult<Actions<'py>> {
        let steps = self.inner.lock().retire(connection, Instant::now());
        actions(py, steps)
    }

    /// An HTTP/2 connection's limit on streams changed.
    fn set_max_streams<'py>(&self, py: Python<'py>, connection: u64, count: usize) -> PyResult<Actions<'py>> {
        let steps = self.inner.lock().set_max_streams(connection, count, Instant::now());
        actions(py, steps)
    }

    /// A request stops waiting. Nothing happens to one that has started.
    fn cancel<'py>(&self, py: Python<'py>, request: u64) -> PyResult<Actions<'py>> {
        let steps = self.inner.lock().cancel(request);
        actions(py, steps)
    }

    /// Closes what has idled too long.
    fn expire<'py>(&self, py: Python<'py>) -> PyResult<Actions<'py>> {
        let steps = self.inner.lock().expire(Instant::now());
        actions(py, steps)
    }

    /// Forgets every connection; the requests that were waiting.
    fn close<'py>(&self, py: Python<'py>) -> PyResult<(Vec<u64>, Actions<'py>)> {
        let (waiting, steps) = self.inner.lock().close();
        Ok((waiting, actions(py, steps)?))
    }

    /// `(connection, origin, state, requests served)` of each, in the order they were opened.
    fn connections<'py>(&self, py: Python<'py>) -> Vec<(u64, Bound<'py, PyBytes>, &'static str, u64)> {
        let found = self.inner.lock().connections();
        let shown = found
            .into_iter()
            .map(|(number, origin, state, requests)| (number, PyBytes::new(py, &origin), state, requests));
        shown.collect()
    }

    /// Requests that wait for a connection.
    fn waiting(&self) -> usize {
        self.inner.lock().waiting()
    }
}

fn actions(py: Python<'_>, steps: Vec<Step>) -> PyResult<Actions<'_>> {
    let action = |step| match step {
        Step::Connect { connection, origin } => {
            ("connect", connection, PyBytes::new(py, &origin)).into_pyobject(py)
        }
        Step::Start { connection, request } => ("start", connection, request).into_pyobject(py),
        Step::Close { connection, why } => ("close", connection, why).into_pyobject(py),
        Step::Abandon { connection } => ("abandon", connection).into_pyobject(py),
    };
    steps.into_iter().map(|step| action(step).map(Bound::into_any)).collect()
}
