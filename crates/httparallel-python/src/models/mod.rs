//! The value classes of the Python API: `URL`, `Origin`, `QueryParams` and `Headers`, and what a cookie may be.

mod components;
mod cookies;
mod encoding;
mod header_reading;
mod header_source;
mod headers;
mod origin;
mod pickle;
mod query_params;
mod url;

use pyo3::prelude::*;

pub(crate) use headers::PyHeaders;
pub(crate) use origin::PyOrigin;
pub(crate) use query_params::PyQueryParams;
pub(crate) use url::{PyUrl, invalid_url};

/// Adds the classes to the module and makes them known to `collections.abc`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyUrl>()?;
    module.add_class::<PyOrigin>()?;
    module.add_class::<PyQueryParams>()?;
    module.add_class::<PyHeaders>()?;
    module.add_function(wrap_pyfunction!(cookies::cookie_may_be_set, module)?)?;
    module.add_function(wrap_pyfunction!(cookies::cookie_is_guarded, module)?)?;
    module.add_function(wrap_pyfunction!(cookies::surplus_cookies, module)?)?;
    let py = module.py();
    let abc = py.import("_collections_abc")?;
    abc.getattr("Mapping")?.call_method1("register", (py.get_type::<PyQueryParams>(),))?;
    abc.getattr("MutableMapping")?.call_method1("register", (py.get_type::<PyHeaders>(),))?;
    Ok(())
}
