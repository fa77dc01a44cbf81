//! br (RFC 7932).

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::failed;
use super::stage::{Codec, Ran};
use crate::Result;

/// A brotli stream.
pub(super) struct Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>);

impl Brotli {
    pub(super) fn new() -> Self {
        let alloc = StandardAlloc::default;
        // Strict: no windows beyond the 16 MiB of RFC 7932, so that a stream cannot ask for a gigabyte.
        Self(Box::new(BrotliState::new_strict(alloc(), alloc(), alloc())))
    }
}

impl Codec for Brotli {
    fn run(&mut self, input: &[u8], output: &mut [u8]) -> Result<Ran> {
        let (mut left, mut consumed) = (input.len(), 0);
        let (mut room, mut produced) = (output.len(), 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut consumed,
            input,
            &mut room,
            &mut produced,
            output,
            &mut 0,
            &mut self.0,
        );
        match result {
            BrotliResult::ResultFailure => Err(failed("The br body is corrupt")),
            result => Ok(Ran { consumed, produced, ended: matches!(result, BrotliResult::ResultSuccess) }),
        }
    }

    fn restart(&mut self, _byte: u8) -> Result<bool> {
        Ok(false)
    }
}
