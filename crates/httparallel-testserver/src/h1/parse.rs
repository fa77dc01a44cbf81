//! From received bytes to a request head, and the framing of its body.
//!
//! The requests that benchmarks send in great numbers (`/`, `/small`, `/bytes/N`) are recognised here and
//! never become a [`Request`]: they cost no allocation.

use std::mem::MaybeUninit;

use httparse::{Header, Status};

use crate::request::Request;

/// More header lines than this are refused.
const MAX_HEADERS: usize = 256;

/// A body up to this size is answered without leaving the fast path.
const MAX_QUICK_BODY: u64 = 32 * 1024;

/// What the buffer begins with.
#[derive(Debug)]
pub(super) enum Parsed {
    /// Not yet a whole head.
    Partial,
    /// A `GET` without a body, answered with so many bytes or with the greeting, keeping the connection.
    Quick { consumed: usize, answer: Quick },
    /// Any other request.
    Request { consumed: usize, request: Request, framing: Framing },
    /// The first line of the HTTP/2 connection preface.
    Http2,
    /// Not HTTP.
    Bad,
}

/// The answers of the fast path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quick {
    Greeting,
    Bytes(u64),
}

/// How the end of a request's body is known (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
}

pub(super) fn parse(input: &[u8]) -> Parsed {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut []);
    match head.parse_with_uninit_headers(input, &mut headers) {
        Ok(Status::Complete(consumed)) => classify(&head, consumed),
        Ok(Status::Partial) => Parsed::Partial,
        // RFC 9113 3.4: the preface "is constructed such that ... HTTP/1.1 ... servers and intermediaries do
        // not attempt to process further frames"; its first line fails to parse as HTTP/1.1.
        Err(_) if input.starts_with(b"PRI * HTTP/2.") => Parsed::Http2,
        Err(_) => Parsed::Bad,
    }
}

fn classify(head: &httparse::Request<'_, '_>, consumed: usize) -> Parsed {
    let (Some(method), Some(target), Some(version)) = (head.method, head.path, head.version) else {
        return Parsed::Bad;
    };
    let plain = method == "GET" && version == 1 && !head.headers.iter().any(needs_care);
    if let Some(answer) = quick(target).filter(|_| plain) {
        return Parsed::Quick { consumed, answer };
    }
    let Some(framing) = framing(head.headers) else { return Parsed::Bad };
    let headers = head.headers.iter().map(|header| (header.name.to_owned(), header.value.to_vec())).collect();
    let version = if version == 0 { "HTTP/1.0" } else { "HTTP/1.1" };
    let request = Request { method: method.to_owned(), target: target.to_owned(), version, headers };
    Parsed::Request { consumed, request, framing }
}

fn quick(target: &str) -> Option<Quick> {
    match target {
        "/" | "/small" => Some(Quick::Greeting),
        _ => {
            let length = target.strip_prefix("/bytes/")?.parse().ok()?;
            (length <= MAX_QUICK_BODY).then_some(Quick::Bytes(length))
        }
    }
}

/// Whether a header says that there is a body, or that the connection may not stay.
fn needs_care(header: &Header<'_>) -> bool {
    match header.name.len() {
        6 => header.name.eq_ignore_ascii_case("expect"),
        10 => {
            header.name.eq_ignore_ascii_case("connection")
                && !header.value.eq_ignore_ascii_case(b"keep-alive")
        }
        14 => header.name.eq_ignore_ascii_case("content-length"),
        17 => header.name.eq_ignore_ascii_case("transfer-encoding"),
        _ => false,
    }
}

/// RFC 9112 6.3: chunked if `Transfer-Encoding` says so, else `Content-Length`, else no body. `None` if the
/// headers contradict themselves: a test server should be strict about what clients send.
fn framing(headers: &[Header<'_>]) -> Option<Framing> {
    let mut length = None;
    let mut chunked = false;
    for header in headers {
        let value = std::str::from_utf8(header.value).ok().map(str::trim);
        if header.name.eq_ignore_ascii_case("content-length") {
            let value = value.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()?;
            if length.replace(value).is_some_and(|before: u64| before != value) {
                return None;
            }
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            if chunked || !value?.eq_ignore_ascii_case("chunked") {
                return None;
            }
            chunked = true;
        }
    }
    match (chunked, length) {
        (true, Some(_)) => None,
        (true, None) => Some(Framing::Chunked),
        (false, length) => Some(Framing::Length(length.unwrap_or(0))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing_of(headers: &str) -> Option<Framing> {
        match parse(format!("POST /x HTTP/1.1\r\n{headers}\r\n").as_bytes()) {
            Parsed::Request { framing, .. } => Some(framing),
            _ => None,
        }
    }

    #[test]
    fn recognises_the_quick_requests() {
        let parsed = parse(b"GET /bytes/1024 HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\nGET");
        assert!(matches!(parsed, Parsed::Quick { answer: Quick::Bytes(1024), consumed: 60.. }));
        for careful in ["Connection: close", "Content-Length: 1", "Expect: 100-continue"] {
            let head = format!("GET / HTTP/1.1\r\n{careful}\r\n\r\n");
            assert!(matches!(parse(head.as_bytes()), Parsed::Request { .. }), "{careful}");
        }
    }

    #[test]
    fn every_prefix_of_a_head_is_partial() {
        let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for length in 0..head.len() {
            assert!(matches!(parse(&head[..length]), Parsed::Partial), "{length}");
        }
    }

    #[test]
    fn keeps_header_case_and_order() {
        let Parsed::Request { request, .. } = parse(b"GET /echo HTTP/1.1\r\nhOsT: a\r\nB: 1\r\nA: 2\r\n\r\n")
        else {
            panic!("not a request");
        };
        let names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["hOsT", "B", "A"]);
    }

    #[test]
    fn refuses_contradictory_framing() {
        assert_eq!(framing_of("Content-Length: 5\r\nContent-Length: 5\r\n"), Some(Framing::Length(5)));
        assert_eq!(framing_of("Transfer-Encoding: chunked\r\n"), Some(Framing::Chunked));
        assert_eq!(framing_of(""), Some(Framing::Length(0)));
        for bad in [
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: xchunked\r\n",
        ] {
            assert_eq!(framing_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn tells_the_http2_preface_from_garbage() {
        assert!(matches!(parse(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Parsed::Http2));
        assert!(matches!(parse(b"\x16\x03\x01garbage"), Parsed::Bad));
    }
}
