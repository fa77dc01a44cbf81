//! JSON as Python objects, without a tree in between.
//!
//! What a document means is what `json.loads` says. So whatever is out of the ordinary (an error, another encoding than
//! UTF-8, half of a surrogate pair, NaN, an integer of more than 64 bits, very deep nesting) is not decided here: the
//! Python package hands such a document to `json.loads`, which has a value for it or the right exception.

mod reader;
mod texts;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyNotImplemented, PyString};

use reader::read;

/// Adds the function to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(read_json, module)?)
}

/// What `json.loads(document)` returns, or `NotImplemented` if only that can tell.
#[pyfunction]
#[pyo3(signature = (document, /))]
fn read_json<'py>(document: &Bound<'py, PyAny>) -> Bound<'py, PyAny> {
    let py = document.py();
    let bytes = if let Ok(bytes) = document.cast::<PyBytes>() {
        Some(bytes.as_bytes())
    } else {
        // Text with half of a surrogate pair has no bytes.
        document.cast::<PyString>().ok().and_then(|text| text.to_str().ok()).map(str::as_bytes)
    };
    match bytes.and_then(|bytes| read(py, bytes)) {
        Some(value) => value,
        None => PyNotImplemented::get(py).to_owned().into_any(),
    }
}
