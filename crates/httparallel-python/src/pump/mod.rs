//! Connections over streams that Python carries: what the low-level API is built on where `network_backend`s,
//! foreign TLS contexts or mocks move the bytes.
//!
//! Each object is locked for the time of one call, and no Python code runs within.

mod convert;
mod http1;
mod http2;
mod ledger;
mod queue;
mod resend;
mod socks;

use pyo3::prelude::*;

/// Adds the classes to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<http1::Http1Connection>()?;
    module.add_class::<http2::Http2Connection>()?;
    module.add_class::<queue::ConnectionQueue>()?;
    module.add_class::<socks::Socks5>()?;
    module.add_class::<resend::Http1Origins>()?;
    module.add_function(wrap_pyfunction!(resend::is_misdirected, module)?)?;
    module.add_function(wrap_pyfunction!(resend::may_resend, module)?)
}
