//! How large a body may become.

use crate::fetch::Method;
use crate::{Error, Headers, Kind, Phase, Result};

/// Bounds on a body. An uncoded body is its own decoding.
///
/// ```
/// use httparallel_proto::decode::Guard;
///
/// let guard = Guard::limited(1000);
/// assert!(guard.check(1000, 1000).is_ok());
/// assert!(guard.check(10, 1001).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The most bytes a body may have, as sent and decoded. Default: no bound.
    pub max_body: Option<u64>,
    /// How many times larger than its coded form a body may be. Default: 1000; `None` is no bound.
    pub ratio: Option<u64>,
    /// The ratio counts only for bodies of more bytes than this. Default: 16 MiB, below which an expansion
    /// does no harm and small files compress extremely.
    pub ratio_above: u64,
}

impl Default for Guard {
    fn default() -> Self {
        Self { max_body: None, ratio: Some(1000), ratio_above: 16 << 20 }
    }
}

impl Guard {
    /// No bound at all.
    pub const NONE: Self = Self { max_body: None, ratio: None, ratio_above: 0 };

    /// A body may have that many bytes, as sent and decoded, however much it expands.
    pub fn limited(max_body: u64) -> Self {
        Self { max_body: Some(max_body), ..Self::NONE }
    }

    /// [`limited`](Self::limited), or the default for `None`.
    pub fn for_limit(max_body: Option<u64>) -> Self {
        max_body.map_or_else(Self::default, Self::limited)
    }

    /// Fails with [`Kind::BodyTooLarge`] if a response's head announces a body of more bytes than allowed.
    pub fn check_head(&self, method: &Method, status: u16, headers: &Headers) -> Result<()> {
        if self.max_body.is_none() {
            return Ok(());
        }
        // RFC 9110 section 8.6: these tell the length of a body that is not sent. RFC 9112 section 6.3: a transfer
        // coding overrides the length.
        let is_told = method.is_answered_with_content(status) && !headers.contains("transfer-encoding");
        let announced = headers.get("content-length").filter(|_| is_told);
        let length = announced.and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
        length.map_or(Ok(()), |length| self.check(length, length))
    }

    /// Fails with [`Kind::BodyTooLarge`] if `decoded` bytes, out of `received` ones, are more than allowed.
    pub fn check(&self, received: u64, decoded: u64) -> Result<()> {
        if let Some(max) = self.max_body
            && decoded > max
        {
            return Err(too_large(format!("The body is larger than the limit of {max} bytes")));
        }
        if let Some(ratio) = self.ratio
            && decoded > self.ratio_above
            && decoded > received.saturating_mul(ratio)
        {
            return Err(too_large(format!("The body expands to more than {ratio} times what was sent")));
        }
        Ok(())
    }
}

fn too_large(message: String) -> Error {
    Error::new(Kind::BodyTooLarge, Phase::Read, message)
}
