//! Cookies: which may be set by whom, and which go where (RFC 6265bis).
//!
//! ```text
//!   Set-Cookie ─► parse ─► rules: domain, path, Secure, prefixes ─► Jar ─► Cookie
//! ```
//!
//! Jars that read and keep cookies themselves, as Python's does, ask the same rules: [`Offer::may_be_set`],
//! [`is_guarded`] and [`surplus`].
//!
//! Time is an argument: seconds since 1970. There is no list of public suffixes: a domain without a dot inside
//! it, and the usual two-part suffixes of countries such as `co.uk`, are refused, as Python's jar does it.

mod date;
mod jar;
mod parse;
mod rules;

#[cfg(test)]
mod tests;

pub use jar::Jar;
pub use rules::{Offer, Place, is_guarded, surplus};

/// A cookie as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cookie {
    /// The name; it may be empty.
    pub name: Vec<u8>,
    /// The value, as it was set.
    pub value: Vec<u8>,
    /// The host that it is for, in lower case.
    pub domain: String,
    /// Whether it is for that host alone, and not for the hosts below it.
    pub host_only: bool,
    /// The path that it is for, with those below it.
    pub path: String,
    /// Whether it goes over `https` only.
    pub secure: bool,
    /// When it ends, in seconds since 1970; `None` for the end of the session.
    pub expires: Option<u64>,
}

impl Cookie {
    fn place(&self) -> Place<'_> {
        Place { name: &self.name, domain: &self.domain, path: &self.path }
    }

    fn is_expired(&self, now: u64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}
