//! Which path gets which reply. The crate's documentation lists them all; this is the table behind it.

mod authentication;
mod coded;
mod content;
mod control;
mod faults;
mod inspect;
mod md5;
mod redirects;
mod sites;

use std::time::Duration;

use crate::reply::Reply;
use crate::request::{Received, Request};
use crate::server::Shared;

/// What happens to a request's body before the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyUse {
    /// Read and kept.
    Keep,
    /// Read, counted and summed.
    Count,
    /// Not read.
    Leave,
}

/// A path cut at its slashes: the first segment chooses the route, the rest are its arguments.
struct Segments<'a> {
    route: &'a str,
    rest: &'a str,
}

impl<'a> Segments<'a> {
    fn of(path: &'a str) -> Self {
        let path = path.strip_prefix('/').unwrap_or(path);
        let (route, rest) = path.split_once('/').unwrap_or((path, ""));
        Self { route, rest }
    }

    /// The argument as a number: `None` gives a 404.
    fn number<T: std::str::FromStr>(&self) -> Option<T> {
        self.rest.parse().ok()
    }
}

/// What to do with the body of this request.
pub(crate) fn body_use(request: &Request) -> BodyUse {
    match Segments::of(request.path()).route {
        "echo" | "echo-body" | "script" => BodyUse::Keep,
        "early-413" => BodyUse::Leave,
        "expect" if request.parameter("status").is_some() => BodyUse::Leave,
        _ => BodyUse::Count,
    }
}

/// Whether the client waits for `100 Continue`, and may have it.
pub(crate) fn wants_continue(request: &Request) -> bool {
    let expects = request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue"));
    let silent = Segments::of(request.path()).route == "expect" && request.parameter("silent").is_some();
    expects && !silent
}

/// Whether the request appears in the statistics.
pub(crate) fn is_counted(request: &Request) -> bool {
    !matches!(Segments::of(request.path()).route, "stats" | "script")
}

/// The reply to a request whose body has been dealt with.
pub(crate) fn answer(shared: &Shared, request: &Request, received: &Received) -> Reply {
    let segments = Segments::of(request.path());
    route(shared, request, received, &segments).unwrap_or_else(|| not_found(request))
}

fn not_found(request: &Request) -> Reply {
    Reply::text(404, format!("no such route: {}\n", request.path()))
}

fn route(shared: &Shared, request: &Request, received: &Received, segments: &Segments<'_>) -> Option<Reply> {
    Some(match segments.route {
        "" | "small" => Reply::text(200, "Hello, world!"),
        "delay" => return delay(shared, request, received, segments),
        "site" => return sites::site(segments.rest),

        "bytes" => content::bytes(segments.number()?),
        "chunked" => content::chunked(segments.number()?, request),
        "stream" => content::stream(segments.number()?, request),
        "drip" => content::drip(request),
        "trailers" => content::trailers(request),
        "events" => content::events(segments.number()?),
        "json" => content::json(shared, request),
        "gzip" | "deflate" | "br" | "zstd" => coded::coded(segments.route),
        "gzip-bomb" => coded::gzip_bomb(request),

        "echo" => inspect::echo(request, received),
        "echo-body" => inspect::echo_body(request, received),
        "upload" => inspect::upload(received),
        "status" => inspect::status(segments.number()?, request),
        "headers" => inspect::headers(request),
        "interim" => inspect::interim(segments.number()?, request),
        "cookies" if segments.rest == "set" => inspect::set_cookies(request),
        "cookies" => inspect::cookies(request),

        "redirect" => redirects::chain(segments.number()?, request),
        "redirect-to" => redirects::to(request),
        "redirect-loop" => redirects::to_itself(request),

        "basic-auth" => return authentication::basic(request, segments.rest),
        "digest-auth" => return authentication::digest(request, segments.rest),
        "bearer-auth" => authentication::bearer(request, segments.rest),

        "close" => faults::close(),
        "close-after-head" => faults::close_after_head(request),
        "keepalive-close" => faults::keepalive_close(request),
        "early-413" => faults::early_413(request),
        "expect" => faults::expect(request, received),
        "hang" => faults::hang(),
        "refuse-first" => faults::refuse_first(shared, request),
        "flaky" => faults::flaky(shared, request),

        "stats" => control::stats(shared, segments.rest),
        "script" => return control::script(shared, request, received, segments.rest),
        _ => return None,
    })
}

/// `/delay/MILLIS?then=/path`
fn delay(shared: &Shared, request: &Request, received: &Received, segments: &Segments<'_>) -> Option<Reply> {
    let delay = Duration::from_millis(segments.number()?);
    let reply = match request.parameter("then") {
        Some(target) => answer(shared, &request.retargeted(target), received),
        None => Reply::text(200, "Hello, world!"),
    };
    Some(reply.delayed(delay))
}
