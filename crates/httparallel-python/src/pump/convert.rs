//! Heads and events as tuples.

use bytes::Bytes;
use httparallel::pump::Event;
use httparallel::{Head, Headers};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBool, PyBytes, PyList};

/// Names and values, as the low-level API has them.
pub(super) type Pairs = Vec<(PyBackedBytes, PyBackedBytes)>;

pub(super) fn headers(pairs: &Pairs) -> Headers {
    let copied = |bytes: &PyBackedBytes| Bytes::copy_from_slice(bytes);
    pairs.iter().map(|(name, value)| (copied(name), copied(value))).collect()
}

/// A head as a tuple, a piece of the body as bytes, the end as whether the connection may be used again; `None`
/// for nothing.
pub(super) fn event(py: Python<'_>, event: Option<Event>) -> PyResult<Option<Bound<'_, PyAny>>> {
    Ok(match event {
        None => None,
        Some(Event::Interim(head) | Event::Head(head)) => Some(tuple(py, &head)?),
        Some(Event::Body(piece)) => Some(PyBytes::new(py, &piece).into_any()),
        Some(Event::End { reuse }) => Some(PyBool::new(py, reuse.is_yes()).to_owned().into_any()),
    })
}

fn tuple<'py>(py: Python<'py>, head: &Head) -> PyResult<Bound<'py, PyAny>> {
    let bytes = |bytes: &[u8]| PyBytes::new(py, bytes);
    let pairs = head.headers.iter().map(|header| (bytes(&header.name), bytes(&header.value)));
    let pairs = PyList::new(py, pairs.collect::<Vec<_>>())?;
    let parts = (bytes(head.version.as_bytes()), head.status, bytes(&head.reason), pairs);
    Ok(parts.into_pyobject(py)?.into_any())
}
