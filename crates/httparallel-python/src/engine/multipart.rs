//! The bytes of forms with files, around what Python reads from the files.

use httparallel::Error;
use httparallel_proto::multipart::{self, Boundary};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// What separates the parts of a form.
#[pyclass(frozen, module = "httparallel._native", name = "Boundary")]
pub(crate) struct PyBoundary(Boundary);

#[pymethods]
impl PyBoundary {
    /// Raises `ValueError` if it cannot stand in a header.
    #[new]
    fn new(boundary: &[u8]) -> PyResult<Self> {
        // What is not UTF-8 is refused with the replacement characters it gets here.
        Boundary::new(&String::from_utf8_lossy(boundary)).map(Self).map_err(|error| refused(&error))
    }

    /// The one that a `Content-Type` names.
    #[staticmethod]
    fn find<'py>(py: Python<'py>, content_type: &str) -> Option<Bound<'py, PyBytes>> {
        multipart::boundary_of(content_type).map(|boundary| PyBytes::new(py, boundary.as_bytes()))
    }

    #[getter]
    fn content_type(&self) -> String {
        self.0.content_type()
    }

    /// What comes before each part.
    #[getter]
    fn opening<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.opening().as_bytes())
    }

    /// What comes after the last part.
    #[getter]
    fn closing<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.closing().as_bytes())
    }

    /// The length of a form whose parts are so long.
    fn length(&self, parts: Vec<Option<u64>>) -> Option<u64> {
        self.0.length(parts)
    }
}

/// The head of a part. Raises `ValueError` if a header field cannot stand in it.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over arguments this way")]
pub(super) fn multipart_head<'py>(
    py: Python<'py>,
    name: &str,
    filename: Option<&str>,
    headers: Vec<(String, String)>,
) -> PyResult<Bound<'py, PyBytes>> {
    let fields = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let head = multipart::part_head(name, filename, fields).map_err(|error| refused(&error))?;
    Ok(PyBytes::new(py, head.as_bytes()))
}

fn refused(error: &Error) -> PyErr {
    PyValueError::new_err(error.message().to_owned())
}
