//! Whether a request that was lost with its connection, or refused on it, may be sent once more, and how.

use bytes::Bytes;
use httparallel::Method;
use httparallel_proto::fetch;
use parking_lot::Mutex;
use pyo3::prelude::*;

use super::convert::{self, Pairs};

/// Whether a request may be sent once more on a fresh connection. `replayable`: its content can be had again.
/// `reused`: the connection had served a request before. `written`: some of the request was sent.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over arguments this way")]
pub(super) fn may_resend(
    method: &[u8],
    headers: Pairs,
    replayable: bool,
    reused: bool,
    written: bool,
) -> bool {
    let method = std::str::from_utf8(method).ok().and_then(|method| Method::new(method).ok());
    let headers = convert::headers(&headers);
    method.is_some_and(|method| fetch::may_resend(&method, &headers, replayable, reused, written))
}

/// Whether a request that was answered with this status may be sent once more, on another connection. `reused` and
/// `replayable` are as in `may_resend`.
#[pyfunction]
pub(super) fn is_misdirected(status: u16, reused: bool, replayable: bool) -> bool {
    fetch::is_misdirected(status, reused, replayable)
}

/// The origins that asked for HTTP/1.1, of those that asked last. What stands for an origin is the caller's choice.
#[pyclass(frozen, module = "httparallel._native")]
pub(super) struct Http1Origins {
    inner: Mutex<fetch::Http1Origins<Bytes>>,
}

#[pymethods]
impl Http1Origins {
    #[new]
    fn new() -> Self {
        Self { inner: Mutex::default() }
    }

    /// Remembers an origin.
    fn insert(&self, origin: &[u8]) {
        self.inner.lock().insert(Bytes::copy_from_slice(origin));
    }

    /// Whether an origin is remembered.
    fn __contains__(&self, origin: &[u8]) -> bool {
        self.inner.lock().contains(origin)
    }
}
