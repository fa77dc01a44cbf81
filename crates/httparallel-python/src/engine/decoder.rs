//! Content codings, undone piece by piece.

use httparallel_proto::decode::{Decoder, Guard, Progress};
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::errors::exception;

/// The most bytes that one step gives: a small piece may stand for a thousand times as many.
const STEP_BYTES: usize = 1024 * 1024;

/// Undoes content codings; unknown ones leave a body as it is. `max_body` bounds the decoded body.
#[pyclass(frozen, module = "httparallel._native", name = "Decoder")]
pub(crate) struct PyDecoder {
    guard: Guard,
    inner: Mutex<Inner>,
}

struct Inner {
    /// `None` for a body that is left as it is.
    decoder: Option<Decoder>,
    /// What a step has not taken in yet.
    rest: Vec<u8>,
    /// Bytes given out of a body that is left as it is.
    given: u64,
    has_more: bool,
}

#[pymethods]
impl PyDecoder {
    /// For these codings, in the order they were applied. Raises `DecodingError` if they are too many.
    #[new]
    #[pyo3(signature = (codings, max_body=None))]
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over arguments this way")]
    fn new(py: Python<'_>, codings: Vec<String>, max_body: Option<u64>) -> PyResult<Self> {
        let decoder = Decoder::for_encodings(&codings).map_err(|error| exception(py, &error))?;
        let inner = Inner { decoder, rest: Vec::new(), given: 0, has_more: false };
        Ok(Self { guard: Guard::for_limit(max_body), inner: Mutex::new(inner) })
    }

    /// What the next piece stands for, or its first mebibyte; then `has_more` says so, and `decode(b"")` goes on.
    /// Raises `DecodingError`, and `BodyTooLarge` past the limit.
    fn decode<'py>(&self, py: Python<'py>, data: &Bound<'py, PyBytes>) -> PyResult<Bound<'py, PyBytes>> {
        let mut inner = self.inner.lock();
        let refused = |error: httparallel::Error| exception(py, &error);
        if inner.decoder.is_none() {
            inner.given += data.as_bytes().len() as u64;
            self.guard.check(inner.given, inner.given).map_err(refused)?;
            return Ok(data.clone());
        }
        let out = inner.step(data.as_bytes(), &self.guard).map_err(refused)?;
        Ok(PyBytes::new(py, &out))
    }

    /// Whether the pieces so far stand for more than has been given.
    #[getter]
    fn has_more(&self) -> bool {
        self.inner.lock().has_more
    }

    /// Says that the body is over. Raises `DecodingError` if it ends early.
    fn flush<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        if let Some(decoder) = self.inner.lock().decoder.as_ref() {
            decoder.finish().map_err(|error| exception(py, &error))?;
        }
        Ok(PyBytes::new(py, b""))
    }
}

impl Inner {
    /// Decodes what was left and this piece, as far as one step goes.
    fn step(&mut self, piece: &[u8], guard: &Guard) -> httparallel::Result<Vec<u8>> {
        let mut out = Vec::new();
        let Some(decoder) = self.decoder.as_mut() else { return Ok(out) };
        let left;
        let mut input = if self.rest.is_empty() {
            piece
        } else {
            self.rest.extend_from_slice(piece);
            left = std::mem::take(&mut self.rest);
            &left
        };
        // The limit is looked at more often than the caller gets a part.
        self.has_more = true;
        while self.has_more && out.len() < STEP_BYTES {
            let progress = decoder.decode_some(&mut input, &mut out, STEP_BYTES / 16)?;
            self.has_more = progress == Progress::OutputFull;
            guard.check(decoder.total_in(), decoder.total_out())?;
        }
        self.rest = input.to_vec();
        Ok(out)
    }
}
