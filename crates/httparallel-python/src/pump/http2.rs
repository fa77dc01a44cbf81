//! HTTP/2, bytes in and bytes out.

use httparallel::pump::{Http2, Refusal};
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::convert::{self, Pairs};
use crate::engine::exception;

/// HTTP/2 of one connection: bytes in, bytes out.
#[pyclass(frozen, module = "httparallel._native")]
pub(super) struct Http2Connection {
    inner: Mutex<Http2>,
}

#[pymethods]
impl Http2Connection {
    #[new]
    fn new(py: Python<'_>) -> PyResult<Self> {
        let inner = Http2::new().map_err(|error| exception(py, &error))?;
        Ok(Self { inner: Mutex::new(inner) })
    }

    /// Everything that is to be written now.
    fn outgoing<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let outgoing = self.inner.lock().outgoing();
        PyBytes::new(py, &outgoing)
    }

    /// Takes in what was read; `b""` means that the peer closed. Raises `RemoteProtocolError` on an error of the
    /// connection.
    fn receive(&self, py: Python<'_>, data: &[u8]) -> PyResult<()> {
        let received = self.inner.lock().receive(data);
        received.map_err(|error| exception(py, &error))
    }

    /// Starts a request; the number of its stream. Raises `LocalProtocolError` if it is invalid, or if no stream
    /// can be opened.
    #[expect(clippy::too_many_arguments, reason = "a request head has that many parts")]
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over arguments this way")]
    fn open(
        &self,
        py: Python<'_>,
        method: &[u8],
        scheme: &[u8],
        authority: &[u8],
        target: &[u8],
        headers: Pairs,
        end: bool,
    ) -> PyResult<u32> {
        let headers = convert::headers(&headers);
        let opened = self.inner.lock().open(method, scheme, authority, target, &headers, end);
        opened.map_err(|error| exception(py, &error))
    }

    /// Whether a stream may be opened now.
    fn can_open(&self) -> bool {
        self.inner.lock().can_open()
    }

    /// How many streams the peer allows at once, as far as is known.
    #[getter]
    fn max_streams(&self) -> usize {
        self.inner.lock().max_streams()
    }

    /// Streams that are not over.
    #[getter]
    fn open_streams(&self) -> usize {
        self.inner.lock().open_streams()
    }

    /// Whether the connection ended or failed, or its stream numbers are used up.
    #[getter]
    fn is_closed(&self) -> bool {
        self.inner.lock().is_closed()
    }

    /// Whether GOAWAY was received.
    #[getter]
    fn is_going_away(&self) -> bool {
        self.inner.lock().is_going_away()
    }

    /// How many bytes of a body may be sent now. Raises `RemoteProtocolError` if the peer takes no more of it.
    fn capacity(&self, py: Python<'_>, stream: u32, wanted: usize) -> PyResult<usize> {
        let capacity = self.inner.lock().capacity(stream, wanted);
        capacity.map_err(|error| exception(py, &error))
    }

    /// Sends what may be sent of a piece; how many bytes that is. `end` counts when all was taken.
    fn data(&self, py: Python<'_>, stream: u32, piece: &[u8], end: bool) -> PyResult<usize> {
        let taken = self.inner.lock().data(stream, piece, end);
        taken.map_err(|error| exception(py, &error))
    }

    /// The streams that may have news since this was asked: those that `event` or `capacity` had nothing for.
    fn news(&self) -> Vec<u32> {
        self.inner.lock().news()
    }

    /// What comes next in the response; `None` until more is received. Raises `RemoteProtocolError`, whose
    /// attribute `refusal` says how the request may be sent again: `"unprocessed"`, on another connection, whatever it
    /// is; `"http1_required"`, over HTTP/1.1; else `None`.
    fn event<'py>(&self, py: Python<'py>, stream: u32) -> PyResult<Option<Bound<'py, PyAny>>> {
        let (event, refusal) = {
            let mut connection = self.inner.lock();
            (connection.event(stream), connection.refusal(stream))
        };
        match event {
            Ok(event) => convert::event(py, event),
            Err(error) => {
                let raised = exception(py, &error);
                let refusal = match refusal {
                    Refusal::Unprocessed => Some("unprocessed"),
                    Refusal::Http1Required => Some("http1_required"),
                    Refusal::Failed => None,
                };
                raised.value(py).setattr("refusal", refusal)?;
                Err(raised)
            }
        }
    }

    /// Forgets a stream, resetting it unless it is over.
    fn reset(&self, stream: u32) {
        self.inner.lock().reset(stream);
    }

    /// Ends the connection with GOAWAY; its streams fail.
    fn shut_down(&self) {
        self.inner.lock().shut_down();
    }
}
