//! zstd (RFC 8878).

use zstd::stream::raw::{DParameter, Decoder, Operation};

use super::failed;
use super::stage::{Codec, Ran};
use crate::Result;

/// RFC 9659 section 3: with the zstd content coding, encoders must not use a window of more than 8 MB.
const WINDOW_LOG: u32 = 23;

/// A sequence of zstd frames.
pub(super) struct Zstandard(Decoder<'static>);

impl Zstandard {
    pub(super) fn new() -> Result<Self> {
        let broken = |error| failed("zstd cannot be decoded here").with_source(error);
        let mut decoder = Decoder::new().map_err(broken)?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG)).map_err(broken)?;
        Ok(Self(decoder))
    }
}

impl Codec for Zstandard {
    fn run(&mut self, input: &[u8], output: &mut [u8]) -> Result<Ran> {
        let status = self
            .0
            .run_on_buffers(input, output)
            .map_err(|error| failed("The zstd body is corrupt").with_source(error))?;
        Ok(Ran { consumed: status.bytes_read, produced: status.bytes_written, ended: status.remaining == 0 })
    }

    /// A frame begins with the magic number 28 B5 2F FD, a skippable one with 50 to 5F.
    fn restart(&mut self, byte: u8) -> Result<bool> {
        Ok(matches!(byte, 0x28 | 0x50..=0x5f))
    }
}
