//! A parallel block.

use httparallel::Block;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::client::Engine;
use super::operation::{PyOperation, block};
use super::request::request;
use super::settings::Settings;
use super::upload::PyUpload;
use crate::models::PyHeaders;

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
        let inner = Block::new(&engine.get().inner, max_concurrency)
            .map_err(|error| super::errors::exception(py, &error))?;
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
        let streamed = settings.inner.mode == httparallel::Mode::Streaming;
        let upload = upload.map(|upload| upload.inner.clone());
        let (number, inner) = self
            .inner
            .submit(request, settings.inner, upload)
            .map_err(|error| super::errors::exception(py, &error))?;
        Ok((number, PyOperation { inner, streamed }))
    }

    /// The number of the operation that became ready first, which counts as delivered then; `None` if none is.
    fn try_next(&self) -> Option<u64> {
        self.inner.try_next().map(|outcome| outcome.number)
    }

    /// Blocks until an operation is ready.
    fn wait(&self, py: Python<'_>) -> PyResult<()> {
        block(py, |interrupt| self.inner.wait(interrupt))
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
