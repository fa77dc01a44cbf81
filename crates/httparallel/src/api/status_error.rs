//! A response whose status says that the request failed.

use std::fmt;

use bytes::Bytes;
use http::StatusCode;

use super::response::Response;

/// A response with a status of 400 or higher, from
/// [`error_for_status`](crate::Response::error_for_status). Nothing of the response is lost.
pub struct StatusError<B = Bytes>(Box<Response<B>>);

impl<B> StatusError<B> {
    pub(super) fn new(response: Response<B>) -> Self {
        Self(Box::new(response))
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// The response.
    pub fn response(&self) -> &Response<B> {
        &self.0
    }

    /// The response.
    pub fn into_response(self) -> Response<B> {
        *self.0
    }
}

impl<B> fmt::Display for StatusError<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.status().is_client_error() { "Client error" } else { "Server error" };
        write!(f, "{kind} {} for {}", self.status(), self.0.url().redacted())
    }
}

impl<B> fmt::Debug for StatusError<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StatusError").field(&self.0).finish()
    }
}

impl<B> std::error::Error for StatusError<B> {}
