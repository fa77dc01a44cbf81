//! gzip (RFC 1952) and deflate (zlib, RFC 1950, or what some servers send instead, RFC 1951).

use flate2::{Decompress, FlushDecompress, Status};

use super::failed;
use super::stage::{Codec, Ran};
use crate::Result;

/// The largest window of the format, so that every stream can be read.
const WINDOW_BITS: u8 = 15;

/// A sequence of gzip members. The state is made for the first byte: a body that is decoded at once needs none.
pub(super) struct Gzip(Option<Decompress>);

impl Gzip {
    pub(super) fn new() -> Self {
        Self(None)
    }
}

impl Codec for Gzip {
    fn run(&mut self, input: &[u8], output: &mut [u8]) -> Result<Ran> {
        let stream = self.0.get_or_insert_with(|| Decompress::new_gzip(WINDOW_BITS));
        inflate(stream, "gzip", input, output)
    }

    fn restart(&mut self, byte: u8) -> Result<bool> {
        const FIRST_MAGIC: u8 = 0x1f;
        if byte == FIRST_MAGIC {
            *self = Self::new();
        }
        Ok(byte == FIRST_MAGIC)
    }
}

/// A zlib stream, or a bare deflate stream.
///
/// RFC 9110 section 8.4.1.2: "Some non-conformant implementations send the "deflate" compressed data without
/// the zlib wrapper." The first two bytes tell which.
pub(super) enum Deflate {
    Undecided { first: Option<u8> },
    Decided(Decompress),
}

impl Deflate {
    pub(super) fn new() -> Self {
        Self::Undecided { first: None }
    }
}

impl Codec for Deflate {
    fn run(&mut self, input: &[u8], output: &mut [u8]) -> Result<Ran> {
        match self {
            Self::Decided(stream) => inflate(stream, "deflate", input, output),
            Self::Undecided { first: None } => {
                *self = Self::Undecided { first: input.first().copied() };
                Ok(Ran { consumed: input.len().min(1), produced: 0, ended: false })
            }
            Self::Undecided { first: Some(first) } => {
                let (first, Some(&second)) = (*first, input.first()) else {
                    return Ok(Ran { consumed: 0, produced: 0, ended: false });
                };
                let mut stream = Decompress::new(is_zlib_header(first, second));
                // One byte holds no more than a header: nothing comes out of it.
                inflate(&mut stream, "deflate", &[first], output)?;
                let ran = inflate(&mut stream, "deflate", input, output);
                *self = Self::Decided(stream);
                ran
            }
        }
    }

    fn restart(&mut self, _byte: u8) -> Result<bool> {
        Ok(false)
    }
}

/// RFC 1950 section 2.2: the method is 8, the window at most 32 KiB, and the two bytes "viewed as a 16-bit
/// unsigned integer […] a multiple of 31". A bare deflate stream that starts so would begin with a stored
/// block whose padding is not zero, which nobody writes.
fn is_zlib_header(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && first >> 4 <= 7 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}

fn inflate(stream: &mut Decompress, name: &str, input: &[u8], output: &mut [u8]) -> Result<Ran> {
    let (before_in, before_out) = (stream.total_in(), stream.total_out());
    let status = stream
        .decompress(input, output, FlushDecompress::None)
        .map_err(|error| failed(format!("The {name} body is corrupt")).with_source(error))?;
    Ok(Ran {
        consumed: moved(stream.total_in() - before_in),
        produced: moved(stream.total_out() - before_out),
        ended: status == Status::StreamEnd,
    })
}

/// A count of bytes of one slice, which fits.
fn moved(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
