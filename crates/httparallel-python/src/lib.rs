//! The extension module `httparallel._native`: the engine's types as Python classes.
//!
//! Conversions only. What a URL, a header or a response means is decided in `httparallel-proto`; what an
//! argument is called and which exception is raised is decided in the Python package.

mod engine;
mod json;
mod models;
mod pump;

use pyo3::prelude::*;

/// The native part of httparallel. Import its names from `httparallel`.
#[pymodule(name = "_native", gil_used = false)]
fn native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    models::register(module)?;
    engine::register(module)?;
    json::register(module)?;
    pump::register(module)
}
