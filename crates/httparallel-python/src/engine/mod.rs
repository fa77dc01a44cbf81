//! The engine's classes: what the Python package is built on, not what its users see.

mod auth;
mod block;
mod claim;
mod client;
mod completions;
mod decoder;
mod errors;
mod event_stream;
mod facts;
mod futures;
mod memory;
mod multipart;
mod operation;
mod options;
mod pace;
mod proxies;
mod reply;
mod request;
mod retries;
mod room;
mod settings;
mod timings;
mod upload;
mod values;

use pyo3::prelude::*;
use pyo3::types::PyFrozenSet;

pub(crate) use errors::exception;
pub(crate) use settings::seconds;

/// Adds the classes to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<client::Engine>()?;
    module.add_class::<settings::Settings>()?;
    module.add_class::<options::ConnectionOptions>()?;
    module.add_class::<proxies::PyPattern>()?;
    module.add_class::<proxies::ProxyRules>()?;
    module.add_class::<retries::PyRetryBudget>()?;
    module.add_class::<retries::PyRetries>()?;
    module.add_class::<retries::PyAttempts>()?;
    module.add_class::<operation::PyOperation>()?;
    module.add_class::<reply::Reply>()?;
    module.add_class::<upload::PyUpload>()?;
    module.add_class::<completions::Completions>()?;
    module.add_class::<block::PyBlock>()?;
    module.add_class::<claim::Claim>()?;
    module.add_class::<decoder::PyDecoder>()?;
    module.add_class::<event_stream::PyEventStream>()?;
    module.add_class::<auth::PyDigestChallenge>()?;
    module.add_class::<multipart::PyBoundary>()?;
    module.add_function(wrap_pyfunction!(multipart::multipart_head, module)?)?;
    module.add_function(wrap_pyfunction!(values::parse_links, module)?)?;
    module.add_function(wrap_pyfunction!(values::charset_of, module)?)?;
    module.add_function(wrap_pyfunction!(auth::basic_authorization, module)?)?;
    module.add_class::<pace::PyPace>()?;
    module.add_class::<pace::PyTurn>()?;
    module.add_function(wrap_pyfunction!(request::check_request, module)?)?;
    module.add_function(wrap_pyfunction!(request::complete_headers, module)?)?;
    let methods = PyFrozenSet::new(module.py(), httparallel_proto::fetch::METHODS_WITH_CONTENT)?;
    module.add("METHODS_WITH_CONTENT", methods)?;
    module.add_function(wrap_pyfunction!(request::redirect, module)?)?;
    module.add_function(wrap_pyfunction!(client::freeze, module)?)?;
    module.add("VERSION", env!("CARGO_PKG_VERSION"))
}
