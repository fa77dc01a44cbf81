//! When a request may silently be sent again because its connection was lost.

use crate::Headers;
use crate::fetch::{Method, Request};

/// Whether a request lost with its connection may be sent once more, on a fresh one.
///
/// `reused` says whether the connection had served a request before: only then is the likely cause the
/// server closing it while idle. `written` says whether any byte of the request was sent. RFC 9110
/// section 9.2.2: without knowing that the request was not processed, only idempotent methods may be
/// repeated; `Idempotency-Key` is the caller's word that repeating is safe.
pub fn may_retry_lost(request: &Request, reused: bool, written: bool) -> bool {
    may_resend(&request.method, &request.headers, request.content.is_replayable(), reused, written)
}

/// [`may_retry_lost`] for a request that exists in parts. `replayable` says whether its content can be had again.
pub fn may_resend(method: &Method, headers: &Headers, replayable: bool, reused: bool, written: bool) -> bool {
    let harmless = !written || method.is_idempotent() || headers.contains("idempotency-key");
    reused && (replayable || !written) && harmless
}
