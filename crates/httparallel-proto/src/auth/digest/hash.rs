//! The hashes of Digest authentication.

use std::fmt::Write;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512, Sha512_256};

/// A hash that a server may ask for; the later, the stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hash {
    Md5,
    /// In no RFC, but in httpx and requests, and so in servers.
    Sha1,
    Sha256,
    Sha512Half,
    /// As [`Sha1`](Self::Sha1).
    Sha512,
}

impl Hash {
    /// The hash of an algorithm without its suffix `-sess`.
    pub(super) fn named(name: &str) -> Option<Self> {
        const NAMES: [(&str, Hash); 5] = [
            ("MD5", Hash::Md5),
            ("SHA", Hash::Sha1),
            ("SHA-256", Hash::Sha256),
            ("SHA-512-256", Hash::Sha512Half),
            ("SHA-512", Hash::Sha512),
        ];
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, hash)| hash)
    }

    /// The hash of these parts with colons between them, in hexadecimal digits.
    pub(super) fn of(self, parts: &[&[u8]]) -> String {
        let data = parts.join(&b':');
        match self {
            Self::Md5 => hexadecimal(&Md5::digest(data)),
            Self::Sha1 => hexadecimal(&Sha1::digest(data)),
            Self::Sha256 => hexadecimal(&Sha256::digest(data)),
            Self::Sha512Half => hexadecimal(&Sha512_256::digest(data)),
            Self::Sha512 => hexadecimal(&Sha512::digest(data)),
        }
    }
}

/// Bytes as hexadecimal digits in lower case.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
