//! How a request is carried out: time limits, redirects, streaming.

use std::sync::Arc;
use std::time::Duration;

use httparallel::{Mode, Overrides, Policy, SensitiveHeaders, Timeouts};
use httparallel_proto::decode::Guard;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::errors::exception;
use super::options::ConnectionOptions;
use super::pace::PyPace;
use super::retries::PyRetries;

/// Made once per client, and once per request that differs from it.
///
/// The limits are in seconds; `None` is no limit. `cookies` says that a redirect which sets cookies is to be
/// delivered to the caller, who keeps cookies. `target` is sent in place of the URL's path and query,
/// `sni_hostname` is asked for in the TLS handshake in place of its host. `connection` says what the request's
/// connections are otherwise than the engine's. `retries` says what is sent again. `sensitive_headers`
/// do not follow a redirect to another origin. `max_body` is the most bytes that a body may have, `pace` what
/// each attempt waits for before it starts.
#[pyclass(frozen, module = "httparallel._native")]
pub(crate) struct Settings {
    pub(super) inner: httparallel::Settings,
    pub(super) overrides: Option<Box<Overrides>>,
}

#[pymethods]
impl Settings {
    #[new]
    #[pyo3(signature = (*, connect=None, read=None, write=None, pool=None, total=None, follow_redirects=false,
        max_redirects=20, cookies=false, stream=false, sni_hostname=None, target=None,
        connection=None, retries=None, sensitive_headers=Vec::new(), max_body=None, pace=None))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords")]
    fn new(
        py: Python<'_>,
        connect: Option<f64>,
        read: Option<f64>,
        write: Option<f64>,
        pool: Option<f64>,
        total: Option<f64>,
        follow_redirects: bool,
        max_redirects: usize,
        cookies: bool,
        stream: bool,
        sni_hostname: Option<&str>,
        target: Option<&str>,
        connection: Option<PyRef<'_, ConnectionOptions>>,
        retries: Option<PyRef<'_, PyRetries>>,
        sensitive_headers: Vec<String>,
        max_body: Option<u64>,
        pace: Option<PyRef<'_, PyPace>>,
    ) -> PyResult<Self> {
        let timeouts = Timeouts {
            connect: limit("connect", connect)?,
            read: limit("read", read)?,
            write: limit("write", write)?,
            pool: limit("pool", pool)?,
            total: limit("total", total)?,
        };
        let sensitive = SensitiveHeaders::new(sensitive_headers).map_err(|error| exception(py, &error))?;
        let policy = Policy { follow_redirects, max_redirects, cookies_elsewhere: cookies, sensitive };
        let mode = if stream { Mode::Streaming } else { Mode::Buffered };
        let retries = retries.map(|retries| Arc::clone(&retries.inner));
        let guard = Guard::for_limit(max_body);
        let pace = pace.map(|pace| pace.inner.clone());
        let (blocking, gives_room) = (false, true);
        let inner =
            httparallel::Settings { timeouts, policy, retries, guard, pace, mode, blocking, gives_room };
        let overrides = Overrides::new(target, sni_hostname).map_err(|error| exception(py, &error))?;
        let overrides = match connection {
            Some(own) => Some(Box::new(own.apply(overrides.map(|given| *given).unwrap_or_default()))),
            None => overrides,
        };
        Ok(Self { inner, overrides })
    }

    /// Whether the engine follows redirects.
    #[getter]
    fn follow_redirects(&self) -> bool {
        self.inner.policy.follow_redirects
    }
}

fn limit(name: &str, seconds: Option<f64>) -> PyResult<Option<Duration>> {
    let Some(seconds) = seconds else { return Ok(None) };
    if seconds.is_nan() || seconds < 0.0 {
        let message = format!("The {name} timeout must be a number of seconds, not {seconds}.");
        return Err(PyValueError::new_err(message));
    }
    // Longer than the clock can tell is no limit.
    Ok(Duration::try_from_secs_f64(seconds).ok())
}

/// A limit of the pool: no time at all if it is negative, none if it is longer than the clock can tell.
pub(crate) fn seconds(limit: Option<f64>) -> Option<Duration> {
    limit.and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok())
}
