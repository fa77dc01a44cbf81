//! Redirects by table, credentials by origin, retries by rule.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod credentials;
mod describe;
mod hops;
mod memory;
mod overrides;
mod redirects;
mod refusals;
mod retries;
mod retry_after;
mod retry_budget;
mod retry_policy;

use bytes::Bytes;

use super::*;
use crate::Url;

/// What follows where nothing is retried, so that nobody asks what time it is.
fn on_head(fetch: &mut Fetch, request: &Request, status: u16, headers: &Headers) -> Result<Next> {
    fetch.on_head(request, false, false, status, headers, || panic!("the time does not matter"))
}

fn request(method: &str, url: &str) -> Request {
    let url = Url::parse(url).unwrap();
    Request::new(Method::new(method).unwrap(), url, &Headers::new(), Content::Empty).unwrap()
}

fn get(url: &str) -> Request {
    request("GET", url)
}

/// A request with content, and headers that describe it.
fn upload(method: &str, content: Content) -> Request {
    let mut request = request(method, "http://example.com/form");
    for (name, value) in [
        ("Content-Length", "5"),
        ("content-type", "text/plain"),
        ("Content-Encoding", "gzip"),
        ("Content-Language", "en"),
        ("Content-Location", "/form"),
        ("Transfer-Encoding", "chunked"),
        ("Expect", "100-continue"),
        ("X-Kept", "yes"),
    ] {
        request.headers.append(name, value);
    }
    Request { content, ..request }
}

fn location(target: impl Into<Bytes>) -> Headers {
    let mut headers = Headers::new();
    headers.append("Location", target);
    headers
}

fn redirected(request: &Request, status: u16, headers: &Headers) -> Result<Request> {
    redirect(request, status, headers, &SensitiveHeaders::default())
}

fn follow(request: &Request, target: &'static str) -> Request {
    redirected(request, 302, &location(target)).unwrap()
}

fn refusal(request: &Request, target: impl Into<Bytes>) -> Error {
    redirected(request, 302, &location(target)).unwrap_err()
}

fn names(request: &Request) -> Vec<&str> {
    request.headers.iter().map(|header| std::str::from_utf8(&header.name).unwrap()).collect()
}
