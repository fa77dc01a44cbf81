//! Routes that misbehave.

use std::time::Duration;

use crate::json;
use crate::reply::{Body, Fault, Reply};
use crate::request::{Received, Request};
use crate::server::Shared;

fn milliseconds(request: &Request, name: &str, default: u64) -> Duration {
    Duration::from_millis(request.number(name, default))
}

/// `/close`
pub(super) fn close() -> Reply {
    Reply::text(200, "Hello, world!").fault(Fault::Close)
}

/// `/close-after-head?length=N`
pub(super) fn close_after_head(request: &Request) -> Reply {
    let total = request.number("length", 100);
    let body = Body::Pattern { total, piece: u64::MAX, interval: Duration::ZERO, chunked: false };
    Reply::new(200).header("Content-Type", "text/plain").body(body).fault(Fault::CloseAfterHead)
}

/// `/keepalive-close?after_ms=M`
pub(super) fn keepalive_close(request: &Request) -> Reply {
    let after = milliseconds(request, "after_ms", 0);
    Reply::text(200, "Hello, world!").header("Keep-Alive", "timeout=60").fault(Fault::CloseSilently(after))
}

/// `/early-413?linger_ms=M`
pub(super) fn early_413(request: &Request) -> Reply {
    let linger = milliseconds(request, "linger_ms", 200);
    Reply::text(413, "too large\n").fault(Fault::CloseUnread(linger))
}

/// `/expect?status=CODE` and `/expect?silent=1`
pub(super) fn expect(request: &Request, received: &Received) -> Reply {
    match u16::try_from(request.number("status", 0)) {
        Ok(code) if (200..=999).contains(&code) => {
            let linger = milliseconds(request, "linger_ms", 200);
            Reply::text(code, "not expected\n").fault(Fault::CloseUnread(linger))
        }
        _ => Reply::json(json::object([("length", received.length.to_string())])),
    }
}

/// `/hang`
pub(super) fn hang() -> Reply {
    Reply::new(200).fault(Fault::Hang)
}

/// `/refuse-first?id=ID&times=N`
pub(super) fn refuse_first(shared: &Shared, request: &Request) -> Reply {
    let reply = Reply::text(200, "Hello, world!");
    if attempt(shared, request) <= request.number("times", 1) { reply.fault(Fault::Refuse) } else { reply }
}

/// `/flaky?id=ID&times=N&status=CODE`
pub(super) fn flaky(shared: &Shared, request: &Request) -> Reply {
    let code = u16::try_from(request.number("status", 503)).unwrap_or(503).clamp(200, 999);
    let attempt = attempt(shared, request);
    if attempt <= request.number("times", 1) {
        let reply = Reply::text(code, "not yet\n");
        return match request.parameter("retry_after") {
            Some(value) => reply.header("Retry-After", value),
            None => reply,
        };
    }
    Reply::text(200, format!("attempt {attempt}\n"))
}

/// The how-manieth request for this very target it is, from 1. `/stats/reset` forgets.
fn attempt(shared: &Shared, request: &Request) -> u64 {
    let mut attempts = shared.attempts.lock();
    let attempt = attempts.entry(request.target.clone()).or_insert(0);
    *attempt += 1;
    *attempt
}
