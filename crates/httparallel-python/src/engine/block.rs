//! A parallel block.
//!
//! What a block keeps of its requests are Python's containers, which belong to the caller. `request` and
//! `settle_next` do with them what the package would do, for requests that are one operation each, without a
//! call of Python code per step.

use std::time::Duration;

use httparallel::{Block, Outcome};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PySet, PyString, PyTuple, PyType};

use super::client::Engine;
use super::errors::exception;
use super::operation::{PyOperation, block};
use super::reply::{Reply, bare};
use super::request::request;
use super::settings::Settings;
use super::upload::PyUpload;
use crate::models::PyHeaders;

/// Method, URL, headers, content and settings of a request.
type Call<'py> = (
    Bound<'py, PyString>,
    Bound<'py, PyAny>,
    Bound<'py, PyHeaders>,
    Option<Bound<'py, PyBytes>>,
    Bound<'py, Settings>,
);

/// Operations that run side by side.
#[pyclass(frozen, module = "httparallel._native", name = "Block")]
pub(crate) struct PyBlock {
    pub(super) inner: Block,
}

#[pymethods]
impl PyBlock {
    #[new]
    #[pyo3(signature = (engine, max_concurrency=None))]
    fn new(py: Python<'_>, engine: &Bound<'_, Engine>, max_concurrency: Option<usize>) -> PyResult<Self> {
        let inner =
            Block::new(&engine.get().inner, max_concurrency).map_err(|error| exception(py, &error))?;
        Ok(Self { inner })
    }

    /// Adds a request: its number in the block, and its operation.
    #[pyo3(signature = (method, url, headers, content, settings, upload=None))]
    #[expect(clippy::too_many_arguments, reason = "a request, taken apart")]
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over references this way")]
    fn submit(
        &self,
        py: Python<'_>,
        method: &str,
        url: &Bound<'_, PyAny>,
        headers: PyRef<'_, PyHeaders>,
        content: Option<&Bound<'_, PyBytes>>,
        settings: PyRef<'_, Settings>,
        upload: Option<PyRef<'_, PyUpload>>,
    ) -> PyResult<(u64, PyOperation)> {
        let overrides = settings.overrides.clone();
        let request = request(py, method, url, &headers, content, upload.is_some(), overrides)?;
        let upload = upload.map(|upload| upload.inner.clone());
        let (number, inner) = self
            .inner
            .submit(request, settings.inner.clone(), upload)
            .map_err(|error| exception(py, &error))?;
        Ok((number, PyOperation { inner }))
    }

    /// Adds a request as a new pending response of the class `kind`, which it enters into `running`, by its
    /// number, and into `undelivered`. `call` has the arguments of `submit`, without the last. Few ask for its
    /// operation, which is here.
    fn request<'py>(
        &self,
        py: Python<'py>,
        call: &Bound<'py, PyTuple>,
        kind: &Bound<'py, PyType>,
        owner: &Bound<'py, PyAny>,
        running: &Bound<'py, PyDict>,
        undelivered: &Bound<'py, PySet>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (method, url, headers, content, settings): Call<'py> = call.extract()?;
        let method = method.to_cow()?;
        let (number, _) =
            self.submit(py, &method, &url, headers.borrow(), content.as_ref(), settings.borrow(), None)?;
        let pending = bare(kind)?;
        let number = number.into_pyobject(py)?;
        pending.setattr(intern!(py, "_block"), owner)?;
        pending.setattr(intern!(py, "_call"), call)?;
        pending.setattr(intern!(py, "_number"), &number)?;
        running.set_item(number, &pending)?;
        undelivered.add(&pending)?;
        Ok(pending)
    }

    /// Takes the request that became ready first out of `running`, and gives it; `None` if none is ready.
    ///
    /// If it is one operation, and its response asks for nothing but to be delivered, it is settled: with a
    /// new response of the class `kind` for its `client`, or with what went wrong, and no longer among the
    /// `undelivered`. Otherwise that is left to the caller, with the operation.
    fn settle_next<'py>(
        &self,
        py: Python<'py>,
        kind: &Bound<'py, PyType>,
        client: &Bound<'py, PyAny>,
        running: &Bound<'py, PyDict>,
        undelivered: &Bound<'py, PySet>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(Outcome { number, operation }) = self.inner.try_next() else { return Ok(None) };
        let number = number.into_pyobject(py)?;
        let pending = running.as_any().get_item(&number)?;
        running.del_item(number)?;
        let is_flow = !pending.getattr(intern!(py, "_flow"))?.is_none();
        if is_flow || operation.head().is_ok_and(|head| head.headers.contains("set-cookie")) {
            pending.setattr(intern!(py, "_operation"), PyOperation { inner: operation })?;
            return Ok(Some(pending));
        }
        undelivered.discard(&pending)?;
        let (place, outcome) = match Reply::of(py, &operation) {
            Ok(reply) => (intern!(py, "_response"), Reply::response(&Bound::new(py, reply)?, kind, client)?),
            Err(error) => (intern!(py, "_error"), error.into_value(py).into_bound(py).into_any()),
        };
        pending.setattr(place, outcome)?;
        Ok(Some(pending))
    }

    /// An operation that does not count as delivered, by its number.
    fn operation(&self, number: u64) -> Option<PyOperation> {
        self.inner.operation(number).map(|inner| PyOperation { inner })
    }

    /// The operation that became ready first, by its number; it counts as delivered then. `None` if none is.
    fn try_next(&self) -> Option<(u64, PyOperation)> {
        self.inner.try_next().map(|Outcome { number, operation }| (number, PyOperation { inner: operation }))
    }

    /// Blocks until an operation is ready, or so many seconds have passed.
    #[pyo3(signature = (timeout=None))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<()> {
        let limit = timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok());
        block(py, |interrupt| self.inner.wait_for(limit, interrupt))
    }

    /// Counts an operation as delivered.
    fn deliver(&self, number: u64) {
        self.inner.take(number);
    }

    /// Cancels everything, at once.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.inner.close());
    }
}
