//! A rate limit at work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use httparallel::{CompletionQueue, Listener, Pace, RateLimit, Turn};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::errors::exception;
use super::operation::block;

/// When the requests of a client may start: `burst` at once, and so many in each `per` seconds.
#[pyclass(frozen, module = "httparallel._native", name = "Pace")]
pub(crate) struct PyPace {
    pub(super) inner: Pace,
}

#[pymethods]
impl PyPace {
    #[new]
    fn new(requests: f64, per: f64, burst: u32) -> PyResult<Self> {
        let per = Duration::try_from_secs_f64(per).unwrap_or_default();
        let limit = RateLimit::new(requests, per).and_then(|limit| limit.with_burst(burst));
        let limit = limit.map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Self { inner: Pace::new(limit) })
    }

    /// Takes the time of one request that is not the engine's. `limit`: how many seconds it may wait.
    #[pyo3(signature = (limit=None))]
    fn turn(&self, py: Python<'_>, limit: Option<f64>) -> PyResult<PyTurn> {
        let limit = limit.map(|limit| Duration::try_from_secs_f64(limit.max(0.0)).unwrap_or(Duration::MAX));
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let inner = self.inner.turn(deadline).map_err(|error| exception(py, &error))?;
        Ok(PyTurn { inner })
    }

    /// Lets nobody wait any longer.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.inner.close());
    }
}

/// The time of one request. Given up when it is forgotten.
#[pyclass(frozen, module = "httparallel._native", name = "Turn")]
pub(crate) struct PyTurn {
    inner: Turn,
}

#[pymethods]
impl PyTurn {
    /// Blocks until the time has come, or never will.
    fn wait(&self, py: Python<'_>) -> PyResult<()> {
        block(py, |interrupt| self.inner.wait(interrupt))
    }

    /// Waits no longer.
    fn cancel(&self) {
        self.inner.cancel();
    }

    /// Raises what has happened instead, after the wait.
    fn check(&self, py: Python<'_>) -> PyResult<()> {
        self.inner.outcome().unwrap_or(Ok(())).map_err(|error| exception(py, &error))
    }
}

impl PyTurn {
    pub(super) fn listen(&self, queue: &Arc<CompletionQueue>, token: u64) -> bool {
        self.inner.listen(Listener::Queue(queue.clone(), token))
    }
}
