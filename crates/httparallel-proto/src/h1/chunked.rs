//! Chunked bodies (RFC 9112 section 7.1).
//!
//! ```text
//!   Size ──► Data ──► DataEnd ──► Size …
//!     └─ size 0 ──► Trailers ──► Done
//! ```
//!
//! Lines end in CR LF here and in nothing else: what one recipient takes for a chunk's end and another for
//! its data is how chunked bodies get smuggled.

use bytes::{Buf, BytesMut};
use memchr::memchr;

use super::Limits;
use super::head::parse_trailers;
use super::scan::{Scanner, Section};
use crate::headers::Headers;
use crate::{Error, Result};

/// Reads the frame around chunk data; the data itself stays with the caller.
#[derive(Clone, Debug)]
pub(super) struct ChunkedReader {
    state: State,
    /// Bytes of chunk lines beyond what sizes need, against data: see [`Self::count_extension`].
    extension_bytes: u64,
    data_bytes: u64,
}

#[derive(Clone, Debug)]
enum State {
    Size { scanned: usize },
    Data { remaining: u64 },
    DataEnd,
    Trailers(Scanner),
    Done,
}

/// What the front of the input is.
#[derive(Debug)]
pub(super) enum Piece {
    /// The frame goes on beyond the input.
    NeedMore,
    /// This many bytes are data. They are taken as consumed.
    Data(usize),
    /// The body is over.
    End(Option<Headers>),
}

impl ChunkedReader {
    pub(super) fn new() -> Self {
        Self { state: State::Size { scanned: 0 }, extension_bytes: 0, data_bytes: 0 }
    }

    /// Data bytes told so far.
    pub(super) fn data_bytes(&self) -> u64 {
        self.data_bytes
    }

    /// Takes frame bytes off `input` up to the next data, the end, or the end of the input.
    pub(super) fn next(&mut self, input: &mut BytesMut, limits: &Limits) -> Result<Piece> {
        loop {
            match &mut self.state {
                State::Size { scanned } => {
                    let Some(end) = find_line(input, scanned, limits)? else { return Ok(Piece::NeedMore) };
                    let (size, extension) = parse_size(&input[..end - 2])?;
                    self.count_extension(extension, limits)?;
                    input.advance(end);
                    self.state = match size {
                        0 => State::Trailers(Scanner::new(Section::Trailers)),
                        remaining => State::Data { remaining },
                    };
                }
                State::Data { remaining: 0 } => self.state = State::DataEnd,
                State::Data { remaining } => return Ok(data(input, remaining, &mut self.data_bytes)),
                State::DataEnd => {
                    if !take_line_end(input)? {
                        return Ok(Piece::NeedMore);
                    }
                    self.state = State::Size { scanned: 0 };
                }
                State::Trailers(scanner) => {
                    let Some(end) = scanner.find_end(input, limits)? else { return Ok(Piece::NeedMore) };
                    let trailers = match scanner.lines() {
                        0 => None,
                        lines => Some(parse_trailers(&input[..end], lines)?),
                    };
                    input.advance(end);
                    self.state = State::Done;
                    return Ok(Piece::End(trailers));
                }
                State::Done => return Ok(Piece::End(None)),
            }
        }
    }

    /// RFC 9112 section 7.1.1: a recipient "ought to limit the total length of chunk extensions received". A
    /// flood is known by their outgrowing the data: signed chunks of a long body must pass.
    fn count_extension(&mut self, extension: usize, limits: &Limits) -> Result<()> {
        self.extension_bytes += extension as u64;
        if self.extension_bytes > self.data_bytes + limits.chunk_line_bytes as u64 {
            return Err(Error::protocol("The chunked body has more extensions than data"));
        }
        Ok(())
    }
}

fn data(input: &BytesMut, remaining: &mut u64, total: &mut u64) -> Piece {
    if input.is_empty() {
        return Piece::NeedMore;
    }
    let length = usize::try_from(*remaining).unwrap_or(usize::MAX).min(input.len());
    *remaining -= length as u64;
    *total += length as u64;
    Piece::Data(length)
}

/// The length of the line at the front of `input`, its CR LF included, once that has arrived.
fn find_line(input: &[u8], scanned: &mut usize, limits: &Limits) -> Result<Option<usize>> {
    let newline = memchr(b'\n', &input[*scanned..]).map(|index| *scanned + index);
    *scanned = input.len();
    let bound = limits.chunk_line_bytes;
    if newline.map_or(input.len(), |newline| newline + 1) > bound {
        return Err(Error::protocol(format!("A chunk's size line has more than {bound} bytes")));
    }
    let Some(newline) = newline else { return Ok(None) };
    if newline == 0 || input[newline - 1] != b'\r' {
        return Err(Error::protocol("A chunk's size line ends in a bare LF"));
    }
    Ok(Some(newline + 1))
}

/// The size, and the number of bytes that extensions take.
fn parse_size(line: &[u8]) -> Result<(u64, usize)> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (digits, rest) = line.split_at(digits);
    let size = hexadecimal(digits).ok_or_else(|| Error::protocol("A chunk's size is not a number"))?;
    let blanks = rest.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
    let extension = &rest[blanks..];
    let is_clean = extension.iter().all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f));
    if is_clean && matches!(extension, [] | [b';', ..]) {
        return Ok((size, rest.len()));
    }
    Err(Error::protocol("A chunk's size line holds more than a size and extensions"))
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, &byte| {
        let digit = char::from(byte).to_digit(16)?;
        number.checked_mul(16)?.checked_add(u64::from(digit))
    })
}

/// Takes the CR LF that ends chunk data; false if it has not arrived whole.
fn take_line_end(input: &mut BytesMut) -> Result<bool> {
    match &input[..] {
        [b'\r', b'\n', ..] => {
            input.advance(2);
            Ok(true)
        }
        [] | [b'\r'] => Ok(false),
        _ => Err(Error::protocol("A chunk's data does not end in CR LF")),
    }
}
