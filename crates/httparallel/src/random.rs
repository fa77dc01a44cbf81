//! Bytes that nobody can foresee.

use httparallel_proto::{Error, Kind, Phase, Result};
use rustls::crypto::ring;

/// Random bytes, from where TLS has its own.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| Error::new(Kind::Internal, Phase::Build, "The system has no random bytes to give"))?;
    Ok(bytes)
}
