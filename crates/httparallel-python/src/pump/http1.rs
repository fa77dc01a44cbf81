//! HTTP/1.1, bytes in and bytes out.

use httparallel::pump::{Http1, Http1Limits};
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::convert::{self, Pairs};
use crate::engine::exception;

/// How long one header line may be. The low-level API was always used with heads of up to 100 KiB, however few
/// their lines.
const LINE_BYTES: usize = 128 * 1024;

/// HTTP/1.1 of one connection: bytes in, bytes out. One request at a time.
#[pyclass(frozen, module = "httparallel._native")]
pub(super) struct Http1Connection {
    inner: Mutex<Http1>,
}

#[pymethods]
impl Http1Connection {
    #[new]
    fn new() -> Self {
        let limits = Http1Limits { line_bytes: LINE_BYTES, ..Http1Limits::default() };
        Self { inner: Mutex::new(Http1::new(&limits)) }
    }

    /// Begins a request; the head to write. Raises `LocalProtocolError`, with nothing to send, if it is invalid.
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over arguments this way")]
    fn start<'py>(
        &self,
        py: Python<'py>,
        method: &[u8],
        target: &[u8],
        headers: Pairs,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let started = self.inner.lock().start(method, target, &convert::headers(&headers));
        started.map(|head| PyBytes::new(py, &head)).map_err(|error| exception(py, &error))
    }

    /// A piece of the body, framed, to write. Raises `LocalProtocolError` if it is more than was announced.
    fn data<'py>(&self, py: Python<'py>, piece: &Bound<'py, PyBytes>) -> PyResult<Bound<'py, PyBytes>> {
        let data = piece.as_bytes();
        let framed = {
            let mut connection = self.inner.lock();
            if connection.is_raw() {
                connection.advance(data.len() as u64).map(|()| None)
            } else {
                connection.data(data).map(Some)
            }
        };
        match framed {
            Ok(None) => Ok(piece.clone()),
            Ok(Some(framed)) => Ok(PyBytes::new(py, &framed)),
            Err(error) => Err(exception(py, &error)),
        }
    }

    /// Ends the body; what is left to write. Raises `LocalProtocolError` if less was sent than announced.
    fn end<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let last = self.inner.lock().end();
        last.map(|last| PyBytes::new(py, &last)).map_err(|error| exception(py, &error))
    }

    /// Takes in what was read; `b""` means that the peer closed.
    fn receive(&self, data: &[u8]) {
        self.inner.lock().receive(data);
    }

    /// What comes next in the response; `None` until more is received. Raises `RemoteProtocolError`.
    fn event<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let event = self.inner.lock().event();
        event.map_err(|error| exception(py, &error)).and_then(|event| convert::event(py, event))
    }

    /// Takes out what was received of the protocol that the connection was upgraded to.
    fn trailing<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let trailing = self.inner.lock().trailing();
        PyBytes::new(py, &trailing)
    }

    /// Whether the connection speaks another protocol now.
    #[getter]
    fn is_upgraded(&self) -> bool {
        self.inner.lock().is_upgraded()
    }
}
