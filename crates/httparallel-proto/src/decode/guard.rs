//! How large a body may become.

use crate::{Error, Kind, Phase, Result};

/// Bounds on a body. Both count decoded bytes; an uncoded body is its own decoding.
///
/// ```
/// use httparallel_proto::decode::Guard;
///
/// let guard = Guard { max_body: Some(1000), ..Guard::default() };
/// assert!(guard.check(1000, 1000).is_ok());
/// assert!(guard.check(10, 1001).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The most bytes a body may have. Default: no bound.
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
