//! Credentials as header values, and answers to a server's challenges.
//!
//! | | |
//! |---|---|
//! | [`basic`], [`bearer`] | said with every request |
//! | [`Netrc`] | whose user name and password a netrc file has |
//! | [`challenges`] | what `WWW-Authenticate` asks for |
//! | [`digest`] | proves a password without sending it |

mod challenge;
pub mod digest;
mod netrc;

pub use challenge::{Challenge, challenges};
pub use netrc::Netrc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::headers::check_value;
use crate::{Error, Result};

/// The header that credentials travel in.
pub const HEADER: &str = "Authorization";

/// Basic credentials (RFC 7617), whatever is in them.
///
/// ```
/// use httparallel_proto::auth::basic;
///
/// assert_eq!(basic("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
/// ```
pub fn basic(username: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> String {
    format!("Basic {}", STANDARD.encode([username.as_ref(), b":", password.as_ref()].concat()))
}

/// Fails if the user name cannot be told from the password in Basic credentials.
///
/// RFC 7617 section 2: "a user-id containing a colon character is invalid".
pub fn check_username(username: &str) -> Result<()> {
    if username.contains(':') {
        return Err(Error::invalid_request("A user name for Basic authentication must not contain ':'"));
    }
    Ok(())
}

/// A bearer token (RFC 6750). Fails if it cannot stand in a header.
pub fn bearer(token: &str) -> Result<Bytes> {
    let value = Bytes::from(format!("Bearer {token}"));
    check_value(HEADER.as_bytes(), &value)?;
    Ok(value)
}
