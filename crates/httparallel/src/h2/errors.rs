//! Errors of the `h2` crate in this library's terms.

use httparallel_proto::fetch::Refusal;
use httparallel_proto::{Error, Kind, Phase};

/// The error in words. Its cause has the protocol's own.
pub(crate) fn describe(error: h2::Error, phase: Phase) -> Error {
    let ended = error.get_io().is_some_and(|cause| cause.kind() == std::io::ErrorKind::UnexpectedEof);
    let (kind, message) = if ended {
        (Kind::Incomplete, "the server closed the HTTP/2 connection before the response was complete".into())
    } else if error.is_io() {
        (Kind::Network, format!("the HTTP/2 connection failed: {error}"))
    } else if error.is_go_away() && error.is_remote() {
        (Kind::Protocol, "the server ended the HTTP/2 connection (GOAWAY)".into())
    } else if error.is_reset() && error.is_remote() {
        (Kind::Protocol, format!("the server reset the HTTP/2 stream: {error}"))
    } else {
        (Kind::Protocol, format!("HTTP/2: {error}"))
    };
    Error::new(kind, phase, message).with_source(error)
}

/// What the failure of a stream says about its request, if it was the peer that said it.
pub(crate) fn refusal(error: &h2::Error) -> Refusal {
    // `h2` tells of a GOAWAY of the peer's to those streams only that it does not cover.
    match error.reason().filter(|_| error.is_remote()) {
        Some(reason) => Refusal::of(reason.into(), error.is_go_away()),
        None => Refusal::Failed,
    }
}
