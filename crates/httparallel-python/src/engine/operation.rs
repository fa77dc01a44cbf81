//! A request on its way.

use std::cell::RefCell;

use httparallel::{Interrupted, Operation};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::errors::exception;
use super::facts::extra_info;
use super::memory::join;
use super::reply::Reply;
use super::room::{self, content};
use super::timings::{Fields, fields};
use crate::models::PyHeaders;

/// Status, reason, version, stream, headers and content of a response.
type Exchange<'py> =
    (u16, Bound<'py, PyBytes>, Bound<'py, PyBytes>, Option<u32>, PyHeaders, Bound<'py, PyBytes>);

/// A request on its way, and then its response.
#[pyclass(frozen, module = "httparallel._native", name = "Operation")]
pub(crate) struct PyOperation {
    pub(super) inner: Operation,
}

#[pymethods]
impl PyOperation {
    /// Whether `reply()` can be called.
    #[getter]
    fn is_ready(&self) -> bool {
        self.inner.is_ready()
    }

    /// Whether nothing more will happen.
    #[getter]
    fn is_over(&self) -> bool {
        self.inner.is_over()
    }

    /// Blocks until it is ready. A signal whose handler raises cancels it.
    fn wait(&self, py: Python<'_>) -> PyResult<()> {
        room::wait(py, &self.inner)
    }

    /// The response. Raises what went wrong. The body of a response that is not streamed is in it; call this
    /// once.
    fn reply(&self, py: Python<'_>) -> PyResult<Reply> {
        Reply::of(py, &self.inner)
    }

    /// The response as it was sent, its content not decoded: status, reason, version, stream, headers, content.
    /// Raises what went wrong. For a response that is not streamed; call this once, in place of `reply`.
    fn exchange<'py>(&self, py: Python<'py>) -> PyResult<Exchange<'py>> {
        let refused = |error: httparallel::Error| exception(py, &error);
        let httparallel::Exchange { head, body, room, .. } = self.inner.take_exchange().map_err(refused)?;
        Ok((
            head.status,
            PyBytes::new(py, &head.reason),
            PyBytes::new(py, head.version.as_bytes()),
            head.stream_id,
            head.headers.clone().into(),
            content(py, room, body)?,
        ))
    }

    /// Blocks until some of a streamed body is there; `take` gives it.
    fn wait_body(&self, py: Python<'_>) -> PyResult<()> {
        block(py, |interrupt| self.inner.wait_body(interrupt))
    }

    /// What has arrived of a streamed body, 64 KiB of it at most; `b""` if nothing has, `None` at the end.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let pieces = self.inner.take_piece().map_err(|error| exception(py, &error))?;
        pieces.map(|pieces| join(py, pieces)).transpose()
    }

    /// Seconds from the start of the request to its end, or to now.
    #[getter]
    fn elapsed(&self) -> f64 {
        self.inner.elapsed().as_secs_f64()
    }

    /// How long the parts of the exchange took so far.
    #[getter]
    fn timings(&self) -> Fields {
        fields(&self.inner.timings())
    }

    /// What is known of the connection it went over, by the names that httpcore has for it.
    fn extra_info<'py>(&self, py: Python<'py>, info: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        extra_info(py, self.inner.course().connection(), info)
    }

    /// Gives the request up, at once.
    fn cancel(&self, py: Python<'_>) {
        py.detach(|| self.inner.cancel());
    }
}

/// Runs a wait detached, checking for signals, and raises what a signal's handler raised.
pub(super) fn block<T: Send>(
    py: Python<'_>,
    wait: impl Send + FnOnce(&mut dyn FnMut() -> Result<(), ()>) -> Result<T, Interrupted>,
) -> PyResult<T> {
    let mut raised = None;
    let waited = {
        let raised = &mut raised;
        py.detach(move || {
            // While the interpreter exits there is nothing to attach to, and nobody left to interrupt.
            #[expect(
                clippy::redundant_closure_for_method_calls,
                reason = "the method has a lifetime of its own"
            )]
            let mut interrupt = || match Python::try_attach(|py| py.check_signals()) {
                None | Some(Ok(())) => Ok(()),
                Some(Err(error)) => {
                    *raised = Some(error);
                    Err(())
                }
            };
            wait(&mut interrupt)
        })
    };
    waited.map_err(|Interrupted| {
        raised.unwrap_or_else(|| PyRuntimeError::new_err("no file descriptor is left to wait on"))
    })
}

thread_local! {
    /// Room for tokens, kept between drains.
    pub(super) static TOKENS: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}
