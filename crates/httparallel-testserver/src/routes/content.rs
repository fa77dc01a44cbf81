//! Bodies of a given size, framing and pace, and JSON documents.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;

use crate::reply::{Body, Reply};
use crate::request::Request;
use crate::server::Shared;

/// The longest body a client can ask for: a mistyped number should not run for days.
const MAX_TOTAL: u64 = 1 << 40;

fn pattern(total: u64, piece: u64, interval_ms: u64, chunked: bool) -> Reply {
    let interval = Duration::from_millis(interval_ms);
    let body = Body::Pattern { total: total.min(MAX_TOTAL), piece: piece.max(1), interval, chunked };
    Reply::new(200).header("Content-Type", "text/plain").body(body)
}

/// `/bytes/N`
pub(super) fn bytes(total: u64) -> Reply {
    pattern(total, u64::MAX, 0, false)
}

/// `/chunked/N?size=S`
pub(super) fn chunked(total: u64, request: &Request) -> Reply {
    pattern(total, request.number("size", 1024), 0, true)
}

/// `/stream/N?size=S&interval_ms=M`
pub(super) fn stream(count: u64, request: &Request) -> Reply {
    let size = request.number("size", 1024);
    pattern(count.saturating_mul(size), size, request.number("interval_ms", 10), true)
}

/// `/drip?bytes=N&interval_ms=M`
pub(super) fn drip(request: &Request) -> Reply {
    pattern(request.number("bytes", 10), 1, request.number("interval_ms", 100), false)
}

/// `/trailers?Name=value`
pub(super) fn trailers(request: &Request) -> Reply {
    let mut reply = pattern(26, 10, 0, true);
    let names: Vec<_> = request.parameters().map(|(name, _)| name).collect();
    reply = reply.header("Trailer", names.join(", "));
    reply.trailers = request.parameters().map(|(name, value)| (name, value.into_bytes())).collect();
    reply
}

/// `/events/N`
pub(super) fn events(count: u64) -> Reply {
    let mut stream = String::from(": server-sent events\n\n");
    for number in 1..=count.min(1_000_000) {
        let _ = write!(stream, "id: {number}\nevent: tick\ndata: {number}\n\n");
    }
    Reply::new(200).header("Content-Type", "text/event-stream").full(stream)
}

/// `/json?kb=N`
pub(super) fn json(shared: &Shared, request: &Request) -> Reply {
    let kb = request.number("kb", 1).min(64 * 1024);
    let document = shared.documents.lock().entry(kb).or_insert_with(|| document(kb)).clone();
    Reply::new(200).header("Content-Type", "application/json").full(document)
}

/// An array of records, at least so many KiB long.
fn document(kb: u64) -> Bytes {
    let wanted = usize::try_from(kb * 1024).unwrap_or(usize::MAX);
    let mut text = String::from("[");
    for id in 0_u64.. {
        let score = id % 1000;
        let active = id % 2 == 0;
        let _ = write!(
            text,
            r#"{{"id": {id}, "name": "user-{id}", "score": {score}.5, "active": {active}, "tags": ["a", "b\u00e9"]}}"#
        );
        if text.len() >= wanted {
            break;
        }
        text.push_str(", ");
    }
    text.push(']');
    Bytes::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_the_size_asked_for() {
        for kb in [0, 1, 64] {
            let length = document(kb).len() as u64;
            assert!(length > kb * 1024 && length < kb * 1024 + 256, "{kb}: {length}");
        }
    }
}
