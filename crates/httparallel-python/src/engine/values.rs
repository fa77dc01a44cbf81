//! What headers of a response say.

use httparallel_proto::{content_type, links};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Each link of a `Link` header: its target as `url`, and its parameters by name.
#[pyfunction]
pub(super) fn parse_links<'py>(py: Python<'py>, value: &str) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let dict = |link: links::Link| {
        let dict = PyDict::new(py);
        for (name, value) in link.parameters {
            dict.set_item(name, value)?;
        }
        dict.set_item("url", link.target)?;
        Ok(dict)
    };
    links::parse(value).into_iter().map(dict).collect()
}

/// The parameter `charset` of a `Content-Type`, in lower case.
#[pyfunction]
pub(super) fn charset_of(content_type: &str) -> Option<String> {
    content_type::charset(content_type).map(str::to_lowercase)
}
