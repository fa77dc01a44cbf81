//! The engine of one client: its connection pool and the settings of its connections.

use std::net::IpAddr;
use std::path::PathBuf;

use httparallel::{Config, Limits, Protocols, SocketOption};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::errors::exception;
use super::operation::{PyOperation, block};
use super::options::VerifyArgument;
use super::proxies::proxies;
use super::reply::Reply;
use super::request::request;
use super::room::wait;
use super::settings::{Settings, seconds};
use super::upload::PyUpload;
use crate::models::PyHeaders;

/// A connection pool.
///
/// `verify` is `True` for the platform's roots, `False` for no verification, or the bytes of a PEM file with
/// the roots to trust. `cert` holds the PEM bytes of a certificate chain and of its key.
/// `proxy` is a URL without user information, user name and password, and header fields, or rules that say which;
/// `proxy_verify` is for the proxy what `verify` is for servers. `socket_options` are level, name and value as `setsockopt` takes them.
/// With `trust_env`, the environment may name the platform's authorities and a file for the keys of TLS connections.
#[pyclass(frozen, module = "httparallel._native")]
pub(crate) struct Engine {
    pub(super) inner: httparallel::Engine,
}

#[derive(FromPyObject)]
enum OptionValue {
    Int(i32),
    Bytes(Vec<u8>),
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (*, verify=VerifyArgument::Switch(true), cert=None, http1=true, http2=false,
        max_connections=None, max_keepalive_connections=None, keepalive_expiry=None, max_connection_age=None,
        uds=None, local_address=None, retries=0, proxy=None, proxy_verify=VerifyArgument::Switch(true),
        socket_options=Vec::new(), max_concurrency_per_host=None, trust_env=false))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords")]
    fn new(
        py: Python<'_>,
        verify: VerifyArgument,
        cert: Option<(Vec<u8>, Vec<u8>)>,
        http1: bool,
        http2: bool,
        max_connections: Option<usize>,
        max_keepalive_connections: Option<usize>,
        keepalive_expiry: Option<f64>,
        max_connection_age: Option<f64>,
        uds: Option<PathBuf>,
        local_address: Option<&str>,
        retries: u32,
        proxy: Option<&Bound<'_, PyAny>>,
        proxy_verify: VerifyArgument,
        socket_options: Vec<(i32, i32, OptionValue)>,
        max_concurrency_per_host: Option<usize>,
        trust_env: bool,
    ) -> PyResult<Self> {
        if !http1 && !http2 {
            return Err(PyValueError::new_err("Either http1 or http2 must be True."));
        }
        let local_address = local_address.map(str::parse::<IpAddr>).transpose().map_err(|_| {
            PyValueError::new_err("local_address must be an IP address, such as \"0.0.0.0\".")
        })?;
        let config = Config {
            limits: Limits {
                max_connections,
                max_keepalive_connections,
                keepalive_expiry: seconds(keepalive_expiry),
                max_connection_age: seconds(max_connection_age),
                ..Limits::default()
            },
            max_concurrency_per_host,
            protocols: Protocols { http1, http2 },
            verify: verify.into(),
            client_cert: cert,
            uds,
            local_address,
            connect_retries: retries,
            proxies: proxies(py, proxy)?,
            proxy_verify: proxy_verify.into(),
            socket_options: socket_options.into_iter().map(socket_option).collect(),
            trust_env,
            mock: None,
        };
        Ok(Self { inner: httparallel::Engine::new(config) })
    }

    /// Sends a request and blocks until its response is there.
    #[pyo3(signature = (method, url, headers, content, settings))]
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over references this way")]
    fn send(
        &self,
        py: Python<'_>,
        method: &str,
        url: &Bound<'_, PyAny>,
        headers: PyRef<'_, PyHeaders>,
        content: Option<&Bound<'_, PyBytes>>,
        settings: PyRef<'_, Settings>,
    ) -> PyResult<Reply> {
        let overrides = settings.overrides.clone();
        let request = request(py, method, url, &headers, content, false, overrides)?;
        let settings = httparallel::Settings { blocking: true, ..settings.inner.clone() };
        let operation = block(py, |interrupt| {
            let operation = match self.inner.start(request, settings, None) {
                Ok(operation) => operation,
                Err(error) => return Ok(Err(error)),
            };
            operation.wait(interrupt)?;
            Ok(Ok(operation))
        })?;
        let operation = operation.map_err(|error| exception(py, &error))?;
        wait(py, &operation)?;
        Reply::of(py, &operation)
    }

    /// Starts a request. With `blocking`, the calling thread is going to wait for it, and for its body.
    #[pyo3(signature = (method, url, headers, content, settings, upload=None, blocking=false))]
    #[expect(clippy::too_many_arguments, reason = "a request, taken apart")]
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over references this way")]
    fn start(
        &self,
        py: Python<'_>,
        method: &str,
        url: &Bound<'_, PyAny>,
        headers: PyRef<'_, PyHeaders>,
        content: Option<&Bound<'_, PyBytes>>,
        settings: PyRef<'_, Settings>,
        upload: Option<PyRef<'_, PyUpload>>,
        blocking: bool,
    ) -> PyResult<PyOperation> {
        let overrides = settings.overrides.clone();
        let request = request(py, method, url, &headers, content, upload.is_some(), overrides)?;
        // Somebody has to go on sending while the thread produces the content.
        let blocking = blocking && upload.is_none();
        let settings = httparallel::Settings { blocking, ..settings.inner.clone() };
        let upload = upload.map(|upload| upload.inner.clone());
        let inner = self.inner.start(request, settings, upload).map_err(|error| exception(py, &error))?;
        Ok(PyOperation { inner })
    }

    /// Closes all connections; requests on their way fail.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.inner.close());
    }

    /// Origin, protocol, state and number of requests of each connection.
    fn connections(&self) -> Vec<(String, Option<&'static str>, &'static str, u64)> {
        let connections = self.inner.connections().into_iter();
        connections.map(|info| (info.origin, info.protocol, info.state, info.requests)).collect()
    }
}

fn socket_option((level, name, value): (i32, i32, OptionValue)) -> SocketOption {
    match value {
        OptionValue::Int(value) => SocketOption::int(level, name, value),
        OptionValue::Bytes(value) => SocketOption { level, name, value },
    }
}

/// Stops the I/O thread for the interpreter's exit. What is in flight stays as it is.
#[pyfunction]
pub(super) fn freeze(py: Python<'_>) {
    py.detach(httparallel::freeze);
}
