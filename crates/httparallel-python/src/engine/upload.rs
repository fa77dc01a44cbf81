//! A request body that Python produces while it is sent.

use std::sync::Arc;

use httparallel::{CompletionQueue, Listener, Upload};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::memory::content;
use super::operation::block;

/// A bounded pipe from whoever produces a body to the connection that sends it.
#[pyclass(frozen, module = "httparallel._native", name = "Upload")]
pub(crate) struct PyUpload {
    pub(super) inner: Arc<Upload>,
}

#[pymethods]
impl PyUpload {
    #[new]
    fn new() -> Self {
        Self { inner: Arc::new(Upload::default()) }
    }

    /// Adds a piece. `False` if nobody will read it: the request is over.
    fn push(&self, py: Python<'_>, piece: &Bound<'_, PyBytes>) -> bool {
        // It may be written to the socket right here.
        let piece = content(piece);
        py.detach(|| self.inner.push(piece))
    }

    /// Ends the body.
    fn end(&self, py: Python<'_>) {
        py.detach(|| self.inner.end());
    }

    /// Whether there is no room for more: `wait`.
    #[getter]
    fn is_full(&self) -> bool {
        self.inner.is_full()
    }

    /// Blocks until there is room for more, or the request is over.
    fn wait(&self, py: Python<'_>) -> PyResult<()> {
        if !self.inner.is_full() {
            return Ok(());
        }
        block(py, |interrupt| self.inner.wait(interrupt))
    }
}

impl PyUpload {
    pub(super) fn listen(&self, queue: &Arc<CompletionQueue>, token: u64) -> bool {
        self.inner.listen(Listener::Queue(queue.clone(), token))
    }
}
