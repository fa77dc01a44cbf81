//! Credentials as header values, and which origin they are for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use httparallel_proto::headers::check_value;
use httparallel_proto::url::Origin;
use httparallel_proto::{Error, Result, Url};

/// The header that credentials travel in.
pub(super) const HEADER: &str = "Authorization";

/// `Authorization` values, each for one origin.
#[derive(Clone, Default)]
pub(super) struct Credentials(Vec<(Origin, Bytes)>);

impl Credentials {
    /// Sets the value for an origin.
    pub(super) fn set(&mut self, origin: Origin, value: Bytes) {
        self.0.retain(|(known, _)| *known != origin);
        self.0.push((origin, value));
    }

    /// The value for a URL: the URL's own user name and password, or those set for its origin.
    pub(super) fn of(&self, url: &Url) -> Option<Bytes> {
        if !url.userinfo().is_empty() {
            return Some(encoded(&url.username(), &url.password()));
        }
        if self.0.is_empty() {
            return None;
        }
        let origin = url.origin();
        self.0.iter().find(|(known, _)| *known == origin).map(|(_, value)| value.clone())
    }
}

/// Basic credentials. RFC 7617 section 2: "a user-id containing a colon character is invalid".
pub(super) fn basic(username: &str, password: &str) -> Result<Bytes> {
    if username.contains(':') {
        return Err(Error::invalid_request("A user name for Basic authentication must not contain ':'"));
    }
    Ok(encoded(username, password))
}

/// A bearer token. Fails if it cannot stand in a header.
pub(super) fn bearer(token: &str) -> Result<Bytes> {
    let value = Bytes::from(format!("Bearer {token}"));
    check_value(HEADER.as_bytes(), &value)?;
    Ok(value)
}

fn encoded(username: &str, password: &str) -> Bytes {
    format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))).into()
}
