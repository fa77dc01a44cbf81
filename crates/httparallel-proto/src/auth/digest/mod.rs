//! Digest authentication: RFC 7616, and RFC 2069 for servers that offer no `qop`.
//!
//! ```text
//!   401, WWW-Authenticate ─► Offer::choose ─► Offer::answer ─► Authorization
//! ```
//!
//! An [`Offer`] is what a server asks. Who answers brings the credentials, the count of its answers to this
//! nonce, and a client nonce that nobody could foresee. A [`Session`] does all of that for a client.

mod hash;
mod session;

#[cfg(test)]
mod tests;

use std::fmt;

use hash::Hash;

use super::challenge::{Challenge, challenges};
use crate::{Error, Headers};

pub use session::Session;

/// What a server asks, in a form that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four independent options of the protocol")]
pub struct Offer {
    realm: Vec<u8>,
    nonce: Vec<u8>,
    opaque: Vec<u8>,
    /// As the server wrote it: it is sent back.
    algorithm: String,
    hash: Hash,
    is_session: bool,
    has_qop: bool,
    is_stale: bool,
    hashes_username: bool,
}

/// Why a challenge cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswerable {
    /// It has no realm or no nonce.
    Malformed,
    /// It asks for this hash, which is not known.
    Algorithm(String),
    /// It asks for this quality of protection, which is not known.
    Protection(String),
    /// It asks for `auth-int`, which is not implemented: it covers the request's content.
    Integrity,
}

/// Who answers.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The user name, UTF-8 by custom.
    pub username: &'a [u8],
    /// The password.
    pub password: &'a [u8],
}

/// Without the password.
impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl Offer {
    /// The strongest of the Digest challenges in a response that can be answered, and of equals the first; `None`
    /// if there is no Digest challenge.
    ///
    /// Fails with what is wrong with the first challenge if none can be answered.
    pub fn choose(headers: &Headers) -> Result<Option<Self>, Unanswerable> {
        let mut best: Option<Self> = None;
        let mut wrong = None;
        for challenge in challenges(headers) {
            if !challenge.scheme.eq_ignore_ascii_case("digest") {
                continue;
            }
            match Self::read(&challenge) {
                Ok(offer) if best.as_ref().is_none_or(|best| best.hash < offer.hash) => best = Some(offer),
                Ok(_) => {}
                Err(reason) => wrong = wrong.or(Some(reason)),
            }
        }
        match (best, wrong) {
            (None, Some(reason)) => Err(reason),
            (best, _) => Ok(best),
        }
    }

    fn read(challenge: &Challenge<'_>) -> Result<Self, Unanswerable> {
        let bytes = |name| challenge.parameter(name).map(<[u8]>::to_vec);
        let text = |name| challenge.parameter(name).map(|value| String::from_utf8_lossy(value).into_owned());
        let says_true = |name| text(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let (Some(realm), Some(nonce)) = (bytes("realm"), bytes("nonce")) else {
            return Err(Unanswerable::Malformed);
        };
        let algorithm = text("algorithm").unwrap_or_else(|| "MD5".to_owned());
        let without_suffix = |suffix: &str| {
            let split = algorithm.len().checked_sub(suffix.len())?;
            let (name, end) = algorithm.split_at_checked(split)?;
            end.eq_ignore_ascii_case(suffix).then_some(name)
        };
        let session = without_suffix("-sess");
        let Some(hash) = Hash::named(session.unwrap_or(&algorithm)) else {
            return Err(Unanswerable::Algorithm(algorithm));
        };
        Ok(Self {
            realm,
            nonce,
            opaque: bytes("opaque").unwrap_or_default(),
            is_session: session.is_some(),
            hash,
            has_qop: text("qop").map_or(Ok(false), |offered| protection(&offered))?,
            is_stale: says_true("stale"),
            hashes_username: says_true("userhash"),
            algorithm,
        })
    }

    /// The server's nonce.
    pub fn nonce(&self) -> &[u8] {
        &self.nonce
    }

    /// Whether the answer before was right, but for a nonce that is too old.
    pub fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// The value of `Authorization` for a request.
    ///
    /// `count` says how many requests have answered this nonce, this one included. `client_nonce` has no quotes
    /// and no backslashes.
    pub fn answer(
        &self,
        credentials: Credentials<'_>,
        method: &str,
        target: &str,
        count: u32,
        client_nonce: &str,
    ) -> Vec<u8> {
        let (target, client_nonce) = (target.as_bytes(), client_nonce.as_bytes());
        let count = format!("{count:08x}");
        let hash = |parts: &[&[u8]]| self.hash.of(parts);
        let mut secret = hash(&[credentials.username, &self.realm, credentials.password]);
        if self.is_session {
            secret = hash(&[secret.as_bytes(), &self.nonce, client_nonce]);
        }
        let request = hash(&[method.as_bytes(), target]);
        let (secret, request) = (secret.as_bytes(), request.as_bytes());
        // RFC 7616, section 3.4.1. Without `qop`, RFC 2069's older form.
        let response = if self.has_qop {
            hash(&[secret, &self.nonce, count.as_bytes(), client_nonce, b"auth", request])
        } else {
            hash(&[secret, &self.nonce, request])
        };

        let hashed = self.hashes_username.then(|| hash(&[credentials.username, &self.realm]));
        let username = hashed.as_ref().map_or(credentials.username, |hashed| hashed.as_bytes());
        let mut answer = b"Digest ".to_vec();
        add_quoted(&mut answer, "username", username);
        add_quoted(&mut answer, ", realm", &self.realm);
        add_quoted(&mut answer, ", nonce", &self.nonce);
        add_quoted(&mut answer, ", uri", target);
        add_quoted(&mut answer, ", response", response.as_bytes());
        answer.extend_from_slice(format!(", algorithm={}", self.algorithm).as_bytes());
        if !self.opaque.is_empty() {
            add_quoted(&mut answer, ", opaque", &self.opaque);
        }
        if self.has_qop {
            answer.extend_from_slice(format!(", qop=auth, nc={count}").as_bytes());
            add_quoted(&mut answer, ", cnonce", client_nonce);
        }
        if self.hashes_username {
            answer.extend_from_slice(b", userhash=true");
        }
        answer
    }
}

/// Whether to answer with `qop=auth`: the servers of RFC 2069 offer none.
fn protection(offered: &str) -> Result<bool, Unanswerable> {
    let mut names = offered.split(',').map(str::trim);
    if names.clone().any(|name| name.eq_ignore_ascii_case("auth")) {
        return Ok(true);
    }
    if names.all(|name| name.eq_ignore_ascii_case("auth-int")) {
        return Err(Unanswerable::Integrity);
    }
    Err(Unanswerable::Protection(offered.to_owned()))
}

/// A quoted string (RFC 9110 section 5.6.4) that cannot be left.
fn add_quoted(answer: &mut Vec<u8>, name: &str, value: &[u8]) {
    answer.extend_from_slice(name.as_bytes());
    answer.extend_from_slice(b"=\"");
    for &byte in value {
        if matches!(byte, b'"' | b'\\') {
            answer.push(b'\\');
        }
        answer.push(byte);
    }
    answer.push(b'"');
}

impl fmt::Display for Unanswerable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("Malformed Digest WWW-Authenticate header"),
            Self::Algorithm(name) => write!(f, "Unsupported digest auth algorithm '{}'", shown(name)),
            Self::Protection(offered) => {
                write!(f, "Unexpected qop value '{}' in digest auth", shown(offered))
            }
            Self::Integrity => f.write_str("Digest auth-int support is not yet implemented"),
        }
    }
}

/// What a server wrote, short enough for a message and in one line.
fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(64).collect()
}

impl Unanswerable {
    /// The error of a request whose server asks for this. No conversion by `?`: that would leave other code's `?` in
    /// doubt about its error.
    pub fn into_error(self) -> Error {
        Error::protocol(self.to_string())
    }
}
