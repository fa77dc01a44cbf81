//! How the end of a response body is known: RFC 9112 section 6.3, in its order.

use super::close::CloseReason;
use super::head::{ResponseHead, Version};
use crate::headers::Headers;
use crate::{Error, Result};

/// What a reader must know of the request to read its response.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestTraits {
    pub(super) method: Method,
    /// The request offered another protocol.
    pub(super) upgrade: bool,
    /// The request said `Connection: close`.
    pub(super) close: bool,
}

/// The methods that change how a response ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Head,
    Connect,
    Other,
}

/// What follows a response head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFraming {
    /// The next head: this was an interim response.
    Interim,
    /// This many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
    /// Everything until the connection ends.
    UntilClose,
    /// Another protocol.
    Tunnel,
}

impl RequestTraits {
    pub(super) fn of(method: &[u8], headers: &Headers) -> Self {
        Self {
            method: method.into(),
            upgrade: headers.contains("upgrade"),
            close: headers.lists_token("connection", "close"),
        }
    }

    /// The same of a request with another method.
    pub(super) fn with_method(self, method: &[u8]) -> Self {
        Self { method: method.into(), ..self }
    }
}

impl From<&[u8]> for Method {
    fn from(method: &[u8]) -> Self {
        match method {
            b"HEAD" => Self::Head,
            b"CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }
}

/// The framing of the response with `head` to `request`.
pub(super) fn of_response(head: &ResponseHead, request: RequestTraits) -> Result<BodyFraming> {
    match head.status {
        101 => return of_upgrade(head, request),
        100..200 => return Ok(BodyFraming::Interim),
        200..300 if request.method == Method::Connect => return Ok(BodyFraming::Tunnel),
        204 | 304 => return Ok(BodyFraming::Length(0)),
        _ if request.method == Method::Head => return Ok(BodyFraming::Length(0)),
        _ => {}
    }
    if head.headers.contains("transfer-encoding") {
        return of_transfer_encoding(&head.headers);
    }
    Ok(content_length(&head.headers)?.map_or(BodyFraming::UntilClose, BodyFraming::Length))
}

/// RFC 9110 section 7.8: "A server MUST NOT switch to a protocol that was not indicated by the client in the
/// corresponding request's Upgrade header field", and one that switches names the protocol in `Upgrade`.
fn of_upgrade(head: &ResponseHead, request: RequestTraits) -> Result<BodyFraming> {
    if request.upgrade && head.headers.contains("upgrade") {
        return Ok(BodyFraming::Tunnel);
    }
    Err(Error::protocol("The server switched protocols without being asked to"))
}

/// Only plain `chunked` is understood: no request of ours invites another coding with `TE`.
fn of_transfer_encoding(headers: &Headers) -> Result<BodyFraming> {
    let mut codings = transfer_codings(headers);
    match (codings.next(), codings.next()) {
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => Ok(BodyFraming::Chunked),
        _ => Err(Error::protocol("The response's Transfer-Encoding is not chunked")),
    }
}

/// What bars the connection from another request, as far as the head tells.
pub(super) fn close_reason(
    head: &ResponseHead,
    body: BodyFraming,
    request: RequestTraits,
) -> Option<CloseReason> {
    match body {
        BodyFraming::Tunnel => return Some(CloseReason::UpgradedOrTunnel),
        BodyFraming::UntilClose => return Some(CloseReason::UntilClose),
        // RFC 9112 section 6.3: such a message "ought to be handled as an error"; whoever accepts it must close
        // the connection, for it may be an attempt at response splitting.
        BodyFraming::Chunked if head.headers.contains("content-length") => {
            return Some(CloseReason::BothLengthAndChunked);
        }
        // RFC 9112 section 6.1: "MUST treat the message as if the framing is faulty […] and close the
        // connection after processing the message."
        BodyFraming::Chunked if head.version == Version::Http10 => {
            return Some(CloseReason::ChunkedFromHttp10);
        }
        _ => {}
    }
    if request.close || head.headers.lists_token("connection", "close") {
        return Some(CloseReason::ConnectionClose);
    }
    let kept = head.version == Version::Http11 || head.headers.lists_token("connection", "keep-alive");
    (!kept).then_some(CloseReason::Http10)
}

/// The items of all `Transfer-Encoding` fields, an empty one included: it is a coding nobody knows.
pub(super) fn transfer_codings(headers: &Headers) -> impl Iterator<Item = &[u8]> {
    headers.get_all("transfer-encoding").flat_map(|value| list(value))
}

/// RFC 9112 section 6.3: differing or invalid values are an unrecoverable error; a list of one repeated
/// valid value may be taken for that value.
fn content_length(headers: &Headers) -> Result<Option<u64>> {
    let mut length = None;
    for item in headers.get_all("content-length").flat_map(|value| list(value)) {
        let Some(value) = decimal(item) else {
            return Err(Error::protocol("The response's Content-Length is not a number"));
        };
        if *length.get_or_insert(value) != value {
            return Err(Error::protocol("The response has different Content-Length values"));
        }
    }
    Ok(length)
}

/// Digits and nothing else, as a number that fits.
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

pub(super) fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}
