//! Server-sent events out of text that comes in pieces.

use httparallel_proto::sse::{Parser, check_content_type};
use parking_lot::Mutex;
use pyo3::prelude::*;

use super::errors::exception;
use crate::models::PyHeaders;

/// Type, data, identifier, pause before connecting again.
type Parts = (String, String, String, Option<u64>);

/// Parses an event stream.
#[pyclass(frozen, module = "httparallel._native", name = "EventStream")]
pub(crate) struct PyEventStream {
    parser: Mutex<Parser>,
}

#[pymethods]
impl PyEventStream {
    /// At the start of a stream, with a bound on the bytes of an event.
    #[new]
    #[pyo3(signature = (max_event_size = None))]
    fn new(max_event_size: Option<usize>) -> Self {
        Self { parser: Mutex::new(Parser::new(max_event_size)) }
    }

    /// Raises `SSEError` unless these are the headers of an event stream.
    #[staticmethod]
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over references this way")]
    fn check(py: Python<'_>, headers: PyRef<'_, PyHeaders>) -> PyResult<()> {
        check_content_type(&headers.shared()).map_err(|error| exception(py, &error))
    }

    /// Takes the next piece and gives the events that it ends. Raises `SSEError` for one that is too large, at
    /// once or, if events came before it, with the next piece.
    fn feed(&self, py: Python<'_>, text: &str) -> PyResult<Vec<Parts>> {
        let mut parser = self.parser.lock();
        parser.feed(text.as_bytes());
        let mut events = Vec::new();
        loop {
            match parser.next_event() {
                Ok(Some(event)) => events.push((event.event, event.data, event.id, event.retry)),
                Err(error) if events.is_empty() => return Err(exception(py, &error)),
                Ok(None) | Err(_) => return Ok(events),
            }
        }
    }
}
