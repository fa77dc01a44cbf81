//! A request body that Python produces while it is sent.

use std::sync::Arc;

use bytes::Bytes;
use httparallel::{CompletionQueue, Listener, Notifier, Upload};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

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
    fn push(&self, piece: &[u8]) -> bool {
        self.inner.push(Bytes::copy_from_slice(piece))
    }

    /// Ends the body.
    fn end(&self) {
        self.inner.end();
    }

    /// Blocks until there is room for more, or the request is over.
    fn wait(&self, py: Python<'_>) -> PyResult<()> {
        let notifier = Arc::new(Notifier::new().map_err(PyOSError::new_err)?);
        if !self.inner.listen(Listener::Thread(notifier.clone())) {
            return Ok(());
        }
        block(py, |interrupt| notifier.wait(interrupt))
    }
}

impl PyUpload {
    pub(super) fn listen(&self, queue: &Arc<CompletionQueue>, token: u64) -> bool {
        self.inner.listen(Listener::Queue(queue.clone(), token))
    }
}
