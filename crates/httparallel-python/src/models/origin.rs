//! The class `Origin`.

use std::net::Ipv6Addr;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::pickle;
use super::url::{self, PyUrl};
use httparallel_proto::Url;

/// The scheme, host and port of a URL: what a connection leads to and credentials belong to.
///
/// Origins are normalised, immutable, comparable and hashable. The port is the effective one: the
/// scheme's default if the URL names none.
#[pyclass(name = "Origin", module = "httparallel", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct PyOrigin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl PyOrigin {
    /// Fails for a relative URL.
    pub(super) fn of(url: &Url) -> PyResult<Self> {
        if !url.is_absolute() {
            return Err(PyValueError::new_err("URL must be absolute to have an origin"));
        }
        // One address has many spellings; origins compare by the address.
        let host = match url.raw_host().parse::<Ipv6Addr>() {
            Ok(address) => address.to_string(),
            Err(_) => url.host().into_owned(),
        };
        Ok(Self { scheme: url.scheme().to_owned(), host, port: url.port_or_default() })
    }
}

#[pymethods]
impl PyOrigin {
    #[new]
    fn new(url: &Bound<'_, PyAny>) -> PyResult<Self> {
        match url.cast::<PyUrl>() {
            Ok(url) => Self::of(url.get().url()),
            Err(_) => Self::of(&url::parse_object(url)?),
        }
    }

    /// The scheme, in lower case.
    #[getter]
    fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host, international names in Unicode.
    #[getter]
    fn host(&self) -> &str {
        &self.host
    }

    /// The effective port; `None` for a scheme without a default.
    #[getter]
    fn port(&self) -> Option<u16> {
        self.port
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let scheme = self.scheme.as_str().into_pyobject(py)?.repr()?;
        let host = self.host.as_str().into_pyobject(py)?.repr()?;
        let port = self.port.map_or_else(|| "None".to_owned(), |port| port.to_string());
        Ok(format!("Origin(scheme={scheme}, host={host}, port={port})"))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let Self { scheme, host, port } = slf.get();
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        pickle::reduce(slf, (format!("{scheme}://{host}{port}"),))
    }
}
