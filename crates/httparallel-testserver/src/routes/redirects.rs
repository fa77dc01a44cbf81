//! Redirects.

use crate::reply::Reply;
use crate::request::Request;

fn status(request: &Request) -> u16 {
    u16::try_from(request.number("status", 302)).ok().filter(|code| (300..=399).contains(code)).unwrap_or(302)
}

fn redirect(status: u16, location: String) -> Reply {
    let text = format!("{status} to {location}\n");
    Reply::text(status, text).header("Location", location)
}

/// `/redirect/N?status=CODE`
pub(super) fn chain(left: u32, request: &Request) -> Reply {
    let status = status(request);
    let location = match left {
        0 | 1 => "/".to_owned(),
        _ if status == 302 => format!("/redirect/{}", left - 1),
        _ => format!("/redirect/{}?status={status}", left - 1),
    };
    redirect(status, location)
}

/// `/redirect-to?url=URL&status=CODE`
pub(super) fn to(request: &Request) -> Reply {
    match request.parameter("url") {
        Some(url) => redirect(status(request), url),
        None => Reply::text(400, "the parameter url is missing\n"),
    }
}

/// `/redirect-loop`
pub(super) fn to_itself(request: &Request) -> Reply {
    redirect(status(request), "/redirect-loop".to_owned())
}
