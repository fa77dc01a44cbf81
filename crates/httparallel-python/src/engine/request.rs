//! Requests from Python's objects.

use bytes::Bytes;
use httparallel::{Content, Headers, Method, Overrides, Request, SensitiveHeaders, Url};
use httparallel_proto::fetch;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use super::errors::exception;
use super::memory;
use crate::models::{PyHeaders, PyUrl, invalid_url};

/// The URL of an argument that is a `URL` or a `str`.
pub(super) fn url(argument: &Bound<'_, PyAny>) -> PyResult<Url> {
    if let Ok(url) = argument.cast::<PyUrl>() {
        return Ok(url.get().url().clone());
    }
    if let Ok(text) = argument.cast::<PyString>() {
        return Url::parse(text.to_cow()?.as_ref()).map_err(|error| invalid_url(argument.py(), &error));
    }
    let kind = argument.get_type().name()?;
    Err(PyTypeError::new_err(format!("Invalid type for url.  Expected str or httparallel.URL, got {kind}.")))
}

/// A request from its parts. Everything that would be refused later is refused here, before anything is sent.
pub(super) fn request(
    py: Python<'_>,
    method: &str,
    address: &Bound<'_, PyAny>,
    headers: &PyHeaders,
    content: Option<&Bound<'_, PyBytes>>,
    streamed: bool,
    overrides: Option<Box<Overrides>>,
) -> PyResult<Request> {
    let url = url(address)?;
    let refused = |error: httparallel::Error| exception(py, &error);
    let method = Method::new(method).map_err(refused)?;
    let content = match content {
        _ if streamed => Content::Stream,
        Some(bytes) if !bytes.as_bytes().is_empty() => Content::Bytes(memory::content(bytes)),
        _ => Content::Empty,
    };
    let headers = headers.complete(&url).map_err(refused)?;
    let request = Request::prepared(method, url, headers, content).map_err(refused)?;
    Ok(Request { overrides, ..request })
}

/// A request's headers with what they lack: those of `described`, which say what its content is, `Host`, and
/// `Content-Length: 0` where that is expected.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over references this way")]
pub(super) fn complete_headers(
    method: &str,
    url: PyRef<'_, PyUrl>,
    headers: PyRef<'_, PyHeaders>,
    described: &Bound<'_, PyDict>,
) -> PyResult<PyHeaders> {
    let mut content = Headers::with_capacity(described.len());
    for (name, value) in described {
        content.append(name.extract::<String>()?, value.extract::<String>()?);
    }
    Ok(fetch::complete(method, url.url(), &headers.shared(), &content).into())
}

/// Refuses what `Engine.start` and `Block.submit` would refuse, for a request that is to be sent later.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over references this way")]
pub(super) fn check_request(
    py: Python<'_>,
    method: &str,
    url: &Bound<'_, PyAny>,
    headers: PyRef<'_, PyHeaders>,
) -> PyResult<()> {
    request(py, method, url, &headers, None, true, None).map(drop)
}

/// Method, URL, headers, whether the content is kept, TLS name, whether credentials are kept.
type Following = (String, PyUrl, PyHeaders, bool, Option<String>, bool);

/// The method, URL and headers of the request that follows a redirect, whether it keeps the content, the TLS name
/// if it keeps that, and whether what is bound to the origin is kept; `None` if the response is no redirect.
/// `sensitive` are names of headers that are bound to the origin, besides those that always are.
#[pyfunction]
#[pyo3(signature = (method, url, headers, content, streamed, status, response_headers, sni_hostname=None,
    sensitive=Vec::new()))]
#[expect(clippy::too_many_arguments, reason = "a request and a response, taken apart")]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over references this way")]
pub(super) fn redirect<'py>(
    py: Python<'py>,
    method: &str,
    url: PyRef<'py, PyUrl>,
    headers: PyRef<'py, PyHeaders>,
    content: Option<&Bound<'py, PyBytes>>,
    streamed: bool,
    status: u16,
    response_headers: PyRef<'py, PyHeaders>,
    sni_hostname: Option<&str>,
    sensitive: Vec<String>,
) -> PyResult<Option<Following>> {
    let answer = response_headers.shared();
    if !fetch::is_redirect(status, &answer) {
        return Ok(None);
    }
    let content = match content {
        _ if streamed => Content::Stream,
        Some(bytes) => Content::Bytes(Bytes::copy_from_slice(bytes.as_bytes())),
        None => Content::Empty,
    };
    let refused = |error: httparallel::Error| exception(py, &error);
    let method = Method::new(method).map_err(refused)?;
    let request = Request {
        method,
        url: url.url().clone(),
        headers: (*headers.shared()).clone().into(),
        content,
        overrides: Overrides::new(None, sni_hostname).map_err(refused)?,
        memory: None,
    };
    let sensitive = SensitiveHeaders::new(sensitive).map_err(refused)?;
    let next = fetch::redirect(&request, status, &answer, &sensitive).map_err(refused)?;
    let keeps_credentials = fetch::keeps_credentials(&request.url, &next.url);
    let keeps = next.content != Content::Empty;
    let name = next.sni_hostname().map(ToString::to_string);
    let method = next.method.as_str().to_owned();
    Ok(Some((method, next.url.into(), Headers::clone(&next.headers).into(), keeps, name, keeps_credentials)))
}
