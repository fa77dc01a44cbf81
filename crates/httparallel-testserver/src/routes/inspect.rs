//! Routes that show what arrived, or answer with what they are told to.

use std::time::Duration;

use crate::json;
use crate::reply::Reply;
use crate::request::{Received, Request};

/// `/echo`
pub(super) fn echo(request: &Request, received: &Received) -> Reply {
    let headers =
        request.headers.iter().map(|(name, value)| json::array([json::string(name), json::latin1(value)]));
    Reply::json(json::object([
        ("method", json::string(&request.method)),
        ("target", json::string(&request.target)),
        ("http_version", json::string(request.version)),
        ("headers", json::array(headers)),
        ("body", json::string(&String::from_utf8_lossy(&received.bytes))),
        ("body_length", received.length.to_string()),
    ]))
}

/// `/echo-body`
pub(super) fn echo_body(request: &Request, received: &Received) -> Reply {
    let content_type = request.header("content-type").unwrap_or(b"application/octet-stream");
    Reply::new(200).header("Content-Type", content_type).full(received.bytes.clone())
}

/// `/upload`
pub(super) fn upload(received: &Received) -> Reply {
    Reply::json(json::object([("length", received.length.to_string()), ("sum", received.sum.to_string())]))
}

/// `/status/CODE?Name=Value`
pub(super) fn status(code: u16, request: &Request) -> Reply {
    // Interim codes are no final response; `/interim/CODE` sends those.
    let code = if (200..=999).contains(&code) { code } else { 400 };
    with_parameters(Reply::text(code, format!("{code}\n")), request)
}

/// `/headers?Name=Value`
pub(super) fn headers(request: &Request) -> Reply {
    with_parameters(Reply::text(200, "headers\n"), request)
}

fn with_parameters(mut reply: Reply, request: &Request) -> Reply {
    for (name, value) in request.parameters().filter(|(name, _)| name != "goaway") {
        if name.eq_ignore_ascii_case("content-type") {
            reply.headers.retain(|(found, _)| !found.eq_ignore_ascii_case("content-type"));
        }
        reply = reply.header(name, value);
    }
    reply
}

/// `/interim/CODE?count=N&delay_ms=M`
pub(super) fn interim(code: u16, request: &Request) -> Reply {
    let count = usize::try_from(request.number("count", 1)).unwrap_or(0).min(100_000);
    let mut reply = Reply::text(200, "Hello, world!");
    reply.interim = vec![code; count];
    reply.delayed(Duration::from_millis(request.number("delay_ms", 0)))
}

/// `/cookies/set?name=value`
pub(super) fn set_cookies(request: &Request) -> Reply {
    request.parameters().fold(Reply::text(200, "set\n"), |reply, (name, value)| {
        reply.header("Set-Cookie", format!("{name}={value}; Path=/"))
    })
}

/// `/cookies`
pub(super) fn cookies(request: &Request) -> Reply {
    let received = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
    let text: Vec<_> = received.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect();
    let joined = text.join("; ");
    let pairs = joined.split("; ").filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name, json::string(value))
    });
    Reply::json(json::object([("cookies", json::object(pairs))]))
}
