//! Credentials as header values, and answers to Digest challenges.

use httparallel_proto::auth::basic;
use httparallel_proto::auth::digest::{Credentials, Offer, Unanswerable};
use pyo3::exceptions::PyNotImplementedError;
use pyo3::prelude::*;

use super::errors::exception;
use crate::models::PyHeaders;

/// The value of `Authorization` for a user name and a password.
#[pyfunction]
pub(super) fn basic_authorization(username: &[u8], password: &[u8]) -> String {
    basic(username, password)
}

/// A Digest challenge that can be answered.
#[pyclass(frozen, module = "httparallel._native", name = "DigestChallenge")]
pub(crate) struct PyDigestChallenge(Offer);

#[pymethods]
impl PyDigestChallenge {
    /// The strongest challenge of a response; `None` if there is none. Raises `ProtocolError` if there are only
    /// challenges that cannot be answered.
    #[staticmethod]
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands over references this way")]
    fn choose(py: Python<'_>, headers: PyRef<'_, PyHeaders>) -> PyResult<Option<Self>> {
        match Offer::choose(&headers.shared()) {
            Ok(offer) => Ok(offer.map(Self)),
            // A gap of ours, not a fault of the server's: httpx says it in this way.
            Err(reason @ Unanswerable::Integrity) => Err(PyNotImplementedError::new_err(reason.to_string())),
            Err(reason) => Err(exception(py, &reason.into_error())),
        }
    }

    /// The server's nonce.
    #[getter]
    fn nonce(&self) -> &[u8] {
        self.0.nonce()
    }

    /// Whether the answer before was right, but came too late.
    #[getter]
    fn is_stale(&self) -> bool {
        self.0.is_stale()
    }

    /// The value of `Authorization` for a request, the `count`th one that answers this challenge.
    fn answer(
        &self,
        username: &[u8],
        password: &[u8],
        method: &str,
        target: &[u8],
        count: u32,
        client_nonce: &[u8],
    ) -> String {
        let credentials = Credentials { username, password };
        let (target, client_nonce) = (String::from_utf8_lossy(target), String::from_utf8_lossy(client_nonce));
        let answer = self.0.answer(credentials, method, &target, count, &client_nonce);
        // Header text that is no UTF-8 is latin-1, as everywhere in the package.
        String::from_utf8(answer)
            .unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
    }
}
