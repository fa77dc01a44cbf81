//! Retries: a client's policy and budget, and the attempts of a request that Python carries itself.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use httparallel::{Error, Method, Retries, Retry, RetryBudget};
use httparallel_proto::fetch::{Attempts, Moment, Sent};
use parking_lot::Mutex;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::errors::{exception, kind_named, phase_named};
use crate::models::PyHeaders;

/// How many retries the requests of a client may make.
#[pyclass(frozen, module = "httparallel._native", name = "RetryBudget")]
pub(crate) struct PyRetryBudget(Arc<RetryBudget>);

#[pymethods]
impl PyRetryBudget {
    #[new]
    fn new() -> Self {
        Self(Arc::new(RetryBudget::new(Instant::now())))
    }
}

/// What is retried, with the budget that it comes out of. Times are in seconds.
#[pyclass(frozen, module = "httparallel._native", name = "Retries")]
pub(crate) struct PyRetries {
    pub(super) inner: Arc<Retries>,
}

#[pymethods]
impl PyRetries {
    #[new]
    #[pyo3(signature = (*, attempts, statuses, methods, backoff, max_backoff, max_retry_after, budget, shared))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords")]
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over arguments this way")]
    fn new(
        py: Python<'_>,
        attempts: u32,
        statuses: Vec<u16>,
        methods: Option<Vec<String>>,
        backoff: f64,
        max_backoff: f64,
        max_retry_after: f64,
        budget: Option<f64>,
        shared: PyRef<'_, PyRetryBudget>,
    ) -> PyResult<Self> {
        let methods = methods.map(|names| names.iter().map(|name| Method::new(name)).collect());
        let policy = Retry {
            attempts,
            statuses,
            methods: methods.transpose().map_err(|error| exception(py, &error))?,
            backoff: time("backoff", backoff)?,
            max_backoff: time("max_backoff", max_backoff)?,
            max_retry_after: time("max_retry_after", max_retry_after)?,
            budget,
        };
        Ok(Self { inner: Arc::new(Retries { policy, budget: shared.0.clone() }) })
    }

    /// The attempts of one request, which begins.
    fn begin(&self) -> PyAttempts {
        let mut attempts = Attempts::new(self.inner.clone());
        attempts.begin(Instant::now());
        PyAttempts(Mutex::new(attempts))
    }
}

/// The attempts of one request.
#[pyclass(frozen, module = "httparallel._native", name = "Attempts")]
pub(crate) struct PyAttempts(Mutex<Attempts>);

#[pymethods]
impl PyAttempts {
    /// After how many seconds to send the request again; `None` if the response is the answer. `replayable`: its
    /// content can be had again. `left`: how many seconds there are for all of it. `random`: from 0 to 1.
    #[expect(clippy::too_many_arguments, reason = "a request and a response, taken apart")]
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over references this way")]
    fn after_response(
        &self,
        py: Python<'_>,
        method: &str,
        headers: PyRef<'_, PyHeaders>,
        replayable: bool,
        status: u16,
        response_headers: PyRef<'_, PyHeaders>,
        left: Option<f64>,
        random: f64,
    ) -> PyResult<Option<f64>> {
        let (method, headers) = (named(py, method)?, headers.shared());
        let sent = Sent { method: &method, headers: &headers, replayable };
        let answer = response_headers.shared();
        let mut attempts = self.0.lock();
        let wait = attempts.after_response(sent, status, &answer, || moment(left, random));
        Ok(wait.map(|wait| wait.as_secs_f64()))
    }

    /// The same after a failure, by the names of its kind and phase; `None` if it is the outcome.
    #[expect(clippy::too_many_arguments, reason = "a request and an error, taken apart")]
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over references this way")]
    fn after_failure(
        &self,
        py: Python<'_>,
        method: &str,
        headers: PyRef<'_, PyHeaders>,
        replayable: bool,
        kind: &str,
        phase: &str,
        left: Option<f64>,
        random: f64,
    ) -> PyResult<Option<f64>> {
        let (Some(kind), Some(phase)) = (kind_named(kind), phase_named(phase)) else {
            return Err(PyValueError::new_err("no such kind or phase"));
        };
        let (method, headers) = (named(py, method)?, headers.shared());
        let sent = Sent { method: &method, headers: &headers, replayable };
        let error = Error::new(kind, phase, "");
        let wait = self.0.lock().after_failure(sent, &error, || moment(left, random));
        Ok(wait.map(|wait| wait.as_secs_f64()))
    }
}

fn named(py: Python<'_>, method: &str) -> PyResult<Method> {
    Method::new(method).map_err(|error| exception(py, &error))
}

fn moment(left: Option<f64>, random: f64) -> Moment {
    let now = Instant::now();
    let left = left.and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok());
    let deadline = left.and_then(|left| now.checked_add(left));
    Moment { now, date: SystemTime::now(), deadline, random }
}

fn time(name: &str, seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| PyValueError::new_err(format!("{name} must be a number of seconds, not {seconds}.")))
}
