//! Content codings, undone piece by piece.

use httparallel_proto::decode::{Decoder, Guard};
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::errors::exception;

/// Undoes content codings; unknown ones leave a body as it is.
#[pyclass(frozen, module = "httparallel._native", name = "Decoder")]
pub(crate) struct PyDecoder {
    inner: Mutex<Option<Decoder>>,
}

#[pymethods]
impl PyDecoder {
    /// For these codings, in the order they were applied. Raises `DecodingError` if they are too many.
    #[new]
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over arguments this way")]
    fn new(py: Python<'_>, codings: Vec<String>) -> PyResult<Self> {
        let inner = Decoder::for_encodings(&codings).map_err(|error| exception(py, &error))?;
        Ok(Self { inner: Mutex::new(inner) })
    }

    /// What the next piece stands for. Raises `DecodingError`.
    fn decode<'py>(&self, py: Python<'py>, data: &Bound<'py, PyBytes>) -> PyResult<Bound<'py, PyBytes>> {
        let mut inner = self.inner.lock();
        let Some(decoder) = inner.as_mut() else { return Ok(data.clone()) };
        let mut out = Vec::new();
        decoder
            .decode(data.as_bytes(), &mut out, &Guard::default())
            .map_err(|error| exception(py, &error))?;
        Ok(PyBytes::new(py, &out))
    }

    /// Says that the body is over. Raises `DecodingError` if it ends early.
    fn flush<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        if let Some(decoder) = self.inner.lock().as_ref() {
            decoder.finish().map_err(|error| exception(py, &error))?;
        }
        Ok(PyBytes::new(py, b""))
    }
}
