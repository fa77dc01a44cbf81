//! What is known of a connection, by the names that httpcore's streams have for it.

use std::net::SocketAddr;

use httparallel::{ConnectionFacts, TlsFacts};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// `None` for what is not known, and for other names.
pub(super) fn extra_info<'py>(
    py: Python<'py>,
    facts: Option<&ConnectionFacts>,
    info: &str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(facts) = facts else { return Ok(None) };
    let bytes = |bytes: &[u8]| PyBytes::new(py, bytes).into_any();
    let tls = facts.tls();
    Ok(match info {
        "client_addr" => facts.client_addr().map(|addr| address(py, addr)).transpose()?,
        "server_addr" => facts.server_addr().map(|addr| address(py, addr)).transpose()?,
        "is_readable" => Some(facts.is_readable().into_bound_py_any(py)?),
        "tls_version" => tls.map(|tls| tls.version.into_bound_py_any(py)).transpose()?,
        "cipher" => {
            tls.and_then(|tls| tls.cipher.as_ref()).map(|name| name.into_bound_py_any(py)).transpose()?
        }
        "alpn_protocol" => tls.and_then(alpn_protocol).map(|name| name.into_bound_py_any(py)).transpose()?,
        "peer_certificate" => tls.and_then(|tls| tls.certificates.first()).map(|der| bytes(der)),
        _ => None,
    })
}

fn alpn_protocol(tls: &TlsFacts) -> Option<String> {
    tls.alpn_protocol.as_ref().map(|name| String::from_utf8_lossy(name).into_owned())
}

/// As Python's sockets give it: host and port; for IPv6, flow label and scope, too.
fn address(py: Python<'_>, address: SocketAddr) -> PyResult<Bound<'_, PyAny>> {
    let host = address.ip().to_string();
    match address {
        SocketAddr::V4(v4) => (host, v4.port()).into_bound_py_any(py),
        SocketAddr::V6(v6) => (host, v6.port(), v6.flowinfo(), v6.scope_id()).into_bound_py_any(py),
    }
}
