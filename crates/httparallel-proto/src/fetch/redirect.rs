//! Redirects: RFC 9110 section 15.4, with httpx's choices, and credentials bound to their origin.

use std::borrow::Cow;

use bytes::Bytes;

use super::credentials::SensitiveHeaders;
use super::request::{Content, Method, Request};
use crate::{Error, Headers, Kind, Phase, Result, Url};

/// Headers that describe content, dropped together with it.
const CONTENT_HEADERS: [&str; 7] = [
    "content-length",
    "transfer-encoding",
    "content-type",
    "content-encoding",
    "content-language",
    "content-location",
    "expect",
];

/// Whether a response points elsewhere: a redirect status with a `Location`.
pub fn is_redirect(status: u16, headers: &Headers) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308) && headers.contains("location")
}

/// The request that follows a redirect response. What is `sensitive` stays with its origin.
///
/// Fails if `Location` is no URL, names a scheme other than `http` and `https` (for the handshake of a WebSocket also
/// `ws` and `wss`), or if content would have to be sent again that can be sent only once.
pub fn redirect(
    request: &Request,
    status: u16,
    headers: &Headers,
    sensitive: &SensitiveHeaders,
) -> Result<Request> {
    let url = target(request, headers)?;
    let method = method_after(&request.method, status);
    let same_origin = request.url.origin() == url.origin();
    let overrides = request.overrides.as_ref().and_then(|overrides| overrides.after_redirect(same_origin));
    let headers = request.headers.clone();
    let memory = request.memory.clone();
    let mut next = Request { method, url, headers, content: Content::Empty, overrides, memory };
    // RFC 9110 section 15.4: a method changed to GET goes without the content and what describes it.
    if next.method == request.method {
        next.content = request.content.clone();
        if !next.content.is_replayable() {
            let message = "The redirect asks to send the content again, and it was a stream that is used up. \
                           Pass bytes to allow this.";
            return Err(Error::new(Kind::InvalidRequest, Phase::Write, message));
        }
    } else {
        for name in CONTENT_HEADERS {
            next.headers.remove(name);
        }
    }
    // Cookies are chosen for each URL anew, by whoever keeps them.
    next.headers.remove("cookie");
    if !same_origin {
        // It was meant for the proxy on the way to the old origin. On the way to the new one there may be none, and
        // on the way to an `https` one it would be sent past the proxy.
        next.headers.remove("proxy-authorization");
        if !keeps_credentials(&request.url, &next.url) {
            sensitive.strip(&mut next.headers);
        }
        next.headers.set("Host", Bytes::copy_from_slice(next.url.host_header()));
    }
    Ok(next)
}

/// RFC 9110 sections 15.4.2 to 15.4.4: 303 becomes GET; 301 and 302 turn POST into GET by custom, and 302
/// everything but HEAD, as browsers and httpx do.
fn method_after(method: &Method, status: u16) -> Method {
    let becomes_get = match status {
        301 => method.as_str() == "POST",
        302 | 303 => *method != Method::HEAD,
        _ => false,
    };
    if becomes_get { Method::GET } else { method.clone() }
}

fn target(request: &Request, headers: &Headers) -> Result<Url> {
    let from = &request.url;
    let location = headers.get("location").map(|value| text(value)).unwrap_or_default();
    let url = from.join(&location).map_err(|error| {
        Error::protocol(format!("Invalid URL in location header: {}.", error.message())).with_source(error)
    })?;
    // RFC 6455 section 4.1: the server "might redirect the client using a 3xx status code", and a WebSocket's URLs are
    // of these schemes.
    let is_handshake =
        request.headers.get("upgrade").is_some_and(|name| name.eq_ignore_ascii_case(b"websocket"));
    if !matches!((url.scheme(), is_handshake), ("http" | "https", _) | ("ws" | "wss", true)) {
        let message = format!("Scheme '{}' not supported.", url.scheme());
        return Err(Error::new(Kind::UnsupportedScheme, Phase::Read, message));
    }
    // Servers that do not know their own name send `https://:443/`. What they mean is themselves.
    let url = if url.raw_host().is_empty() { url.with().host(from.raw_host()).build()? } else { url };
    // RFC 9110 section 10.2.2: a location without a fragment inherits the request's.
    match (url.fragment(), from.fragment()) {
        (None | Some(""), Some(fragment)) => url.with().fragment(Some(fragment)).build(),
        _ => Ok(url),
    }
}

/// A header's value as text: UTF-8, which servers send, or else ISO 8859-1, which RFC 9110 section 5.5 names as
/// what history allows.
fn text(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => text.into(),
        Err(_) => value.iter().map(|&byte| char::from(byte)).collect::<String>().into(),
    }
}

/// Whether a redirect from one URL to another takes along what is bound to the origin: within it, or from `http` to
/// `https` (or `ws` to `wss`) of the same host.
pub fn keeps_credentials(from: &Url, to: &Url) -> bool {
    from.origin() == to.origin() || is_upgrade(from, to)
}

/// The same host on the default ports, from `http` to `https`: its credentials may go along, more safely. The same for
/// `ws` and `wss`.
fn is_upgrade(from: &Url, to: &Url) -> bool {
    from.raw_host() == to.raw_host()
        && matches!((from.scheme(), from.port_or_default()), ("http" | "ws", Some(80)))
        && matches!((to.scheme(), to.port_or_default()), ("https" | "wss", Some(443)))
}
