//! The SOCKS5 handshake, bytes in and bytes out.

use httparallel_proto::socks::{Handshake, Progress};
use httparallel_proto::{Error, Kind, Phase};
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::engine::exception;

/// The client's side of a SOCKS5 handshake.
#[pyclass(frozen, module = "httparallel._native")]
pub(super) struct Socks5 {
    inner: Mutex<Handshake>,
}

#[pymethods]
impl Socks5 {
    /// For a connection to this host, with these credentials. Raises `ProxyError` on what does not fit SOCKS5.
    #[new]
    fn new(
        py: Python<'_>,
        host: &[u8],
        port: u16,
        username: Option<&[u8]>,
        password: Option<&[u8]>,
    ) -> PyResult<Self> {
        let password = password.unwrap_or_default();
        let credentials = username.map(|username| (username.to_vec(), password.to_vec()));
        let inner = Handshake::new(host, port, credentials).map_err(|error| exception(py, &error))?;
        Ok(Self { inner: Mutex::new(inner) })
    }

    /// What is to be written now.
    fn outgoing<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let outgoing = self.inner.lock().outgoing();
        PyBytes::new(py, &outgoing)
    }

    /// Takes in what was read; whether the tunnel is open. Raises `ProxyError`, also if the proxy closed (`b""`)
    /// and if more than its answer came: in HTTP and TLS the client speaks first.
    fn receive(&self, py: Python<'_>, data: &[u8]) -> PyResult<bool> {
        let progress = self.inner.lock().receive(data);
        match progress {
            Ok(Progress::Pending) => Ok(false),
            Ok(Progress::Open { used }) if used == data.len() => Ok(true),
            Ok(Progress::Open { .. }) => {
                let message = "The proxy sent more than its answer to the SOCKS handshake";
                Err(exception(py, &Error::new(Kind::Proxy, Phase::Connect, message)))
            }
            Err(error) => Err(exception(py, &error)),
        }
    }
}
