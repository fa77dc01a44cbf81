//! The rules of cookies, for Python's own jar.

use httparallel_proto::cookies::{self, Offer, Place};
use pyo3::prelude::*;

/// Name, domain and path.
type Parts<'a> = (&'a str, &'a str, &'a str);

fn place((name, domain, path): Parts<'_>) -> Place<'_> {
    Place { name: name.as_bytes(), domain, path }
}

/// Whether a response may set a cookie: a response of this host, and by `https` or `wss` if `is_secure`. `domain`
/// and `path` are what the cookie itself says, `None` where it says nothing; `secure` is whether it has that
/// attribute.
#[pyfunction]
#[pyo3(signature = (host, is_secure, name, value, *, domain, path, secure))]
pub(super) fn cookie_may_be_set(
    host: &str,
    is_secure: bool,
    name: &str,
    value: &str,
    domain: Option<&str>,
    path: Option<&str>,
    secure: bool,
) -> bool {
    let (name, value) = (name.as_bytes(), value.as_bytes());
    Offer { host, is_secure, name, value, domain, path, secure }.may_be_set()
}

/// Whether a secure cookie keeps out another one that came in the open. Each is its name, domain and path.
#[pyfunction]
pub(super) fn cookie_is_guarded(secure: Parts<'_>, new: Parts<'_>) -> bool {
    cookies::is_guarded(place(secure), place(new))
}

/// The places of those cookies of one domain that are too many. Of each one: whether it is secure, and a number that
/// grows with the time at which it was last set.
#[pyfunction]
pub(super) fn surplus_cookies(ages: Vec<(bool, u64)>) -> Vec<usize> {
    cookies::surplus(ages.into_iter())
}
