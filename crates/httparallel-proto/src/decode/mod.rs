//! Content codings: a body as sent becomes the body as meant. gzip, deflate, br, zstd, and chains of them.
//!
//! ```text
//!   Content-Encoding: br, gzip           the last coding was applied last, so it is undone first
//!
//!   bytes ──► [ gzip ] ──► link, at most 16 KiB ──► [ br ] ──► out, at most as much as asked for
//! ```
//!
//! A decoder gives out no more than it is asked for and keeps no more than a link per coding, so a small body
//! that expands without end costs nothing until somebody asks for the expansion. [`Guard`] says how much may
//! be asked for.
//!
//! Nothing that is wrong with the coded bytes passes silently: a stream that ends early, that is corrupt, or
//! that goes on after its end is an error. Two things after the end are in order: another gzip member or
//! zstd frame (RFC 1952 section 2.2, RFC 8878 section 3), and zero bytes, with which some writers pad.

mod brotli;
mod flate;
mod guard;
mod stage;
mod whole;
mod zstandard;

#[cfg(test)]
mod tests;

use std::fmt;
use std::mem::MaybeUninit;

pub use guard::Guard;
use stage::Stage;

use crate::{Error, Headers, Kind, Phase, Result};

/// The codings this module undoes, as an `Accept-Encoding` value.
pub const ACCEPT_ENCODING: &str = "gzip, deflate, br, zstd";

/// More codings than this on one body serve only to multiply work.
const MAX_CODINGS: usize = 5;

/// What lies between two codings of a chain.
const LINK_BYTES: usize = 16 * 1024;

/// The least and the most that one step makes room for in the output.
const STEP_BYTES: (usize, usize) = (4 * 1024, 64 * 1024);

/// The most that is reserved for a body because of what it says of itself.
const MAX_RESERVED: usize = 4 * 1024 * 1024;

/// What a byte of deflate stands for at most.
const MAX_EXPANSION: usize = 1032;

/// Bodies of less than this are put together first: a decoder that is given all at once keeps no window.
const JOINED_BELOW: usize = 1024 * 1024;

/// Undoes the content codings of one body.
///
/// ```
/// use httparallel_proto::decode::{Decoder, Guard};
///
/// let coded = b"\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15";
/// let mut decoder = Decoder::for_encodings(["deflate"])?.expect("a known coding");
/// let mut body = Vec::new();
/// decoder.decode(coded, &mut body, &Guard::default())?;
/// decoder.finish()?;
/// assert_eq!(body, b"hello");
/// # Ok::<(), httparallel_proto::Error>(())
/// ```
pub struct Decoder {
    stages: Vec<Stage>,
    links: Vec<Link>,
    total_in: u64,
    total_out: u64,
}

/// Why [`Decoder::decode_some`] stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The input is used up, and all it stands for is in the output.
    NeedInput,
    /// As much as was asked for is in the output; there may be more.
    OutputFull,
}

#[derive(Default)]
struct Link {
    bytes: Vec<u8>,
    taken: usize,
}

impl Decoder {
    /// A decoder for a body with these `Content-Encoding` values, one per header line; each may list several.
    ///
    /// `None` if the body is to be left as it is: there is no coding but `identity`, or one of them is unknown.
    /// Undoing only some of a chain would give bytes that are neither what was sent nor what was meant.
    ///
    /// Fails with [`Kind::Decode`] if there are more than five codings.
    pub fn for_encodings<V: AsRef<[u8]>>(values: impl IntoIterator<Item = V>) -> Result<Option<Self>> {
        let mut stages = Vec::new();
        let (mut listed, mut known) = (0, true);
        for value in values {
            let codings = value.as_ref().split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
            for coding in codings.filter(|coding| !coding.is_empty()) {
                listed += 1;
                if listed > MAX_CODINGS {
                    return Err(failed(format!("The body has more than {MAX_CODINGS} content codings")));
                }
                if !coding.eq_ignore_ascii_case(b"identity") {
                    let stage = Stage::for_coding(coding)?;
                    known &= stage.is_some();
                    stages.extend(stage);
                }
            }
        }
        if stages.is_empty() || !known {
            return Ok(None);
        }
        stages.reverse();
        let links = (1..stages.len()).map(|_| Link::default()).collect();
        Ok(Some(Self { stages, links, total_in: 0, total_out: 0 }))
    }

    /// A decoder for a response with these headers: see [`for_encodings`](Self::for_encodings).
    pub fn for_headers(headers: &Headers) -> Result<Option<Self>> {
        Self::for_encodings(headers.get_all("content-encoding"))
    }

    /// Decodes all of `input`, appending to `out`, as long as `guard` allows.
    ///
    /// Fails with [`Kind::Decode`] on bytes that do not decode, and with [`Kind::BodyTooLarge`] soon after the
    /// output passed the guard's bound: at most 64 KiB later, or what `out` has room for. What was decoded until then
    /// stays in `out`.
    pub fn decode(&mut self, mut input: &[u8], out: &mut Vec<u8>, guard: &Guard) -> Result<()> {
        loop {
            let reserved = out.capacity() - out.len();
            let progress = self.decode_some(&mut input, out, STEP_BYTES.1.max(reserved))?;
            guard.check(self.total_in, self.total_out)?;
            if progress == Progress::NeedInput {
                return Ok(());
            }
        }
    }

    /// Decodes a whole body, which came in these pieces. Fails as [`decode`](Self::decode) and
    /// [`finish`](Self::finish) do.
    pub fn decode_whole<B: AsRef<[u8]>>(&mut self, pieces: &[B], guard: &Guard) -> Result<Vec<u8>> {
        let size = self.announced(pieces, guard);
        let mut out = Vec::with_capacity(size);
        if let Some(decoded) = self.decode_whole_into(pieces, &mut out.spare_capacity_mut()[..size], guard)? {
            return Ok(decoded);
        }
        // SAFETY: there is room for as many bytes, and all of it has been written.
        unsafe { out.set_len(size) };
        Ok(out)
    }

    /// [`decode_whole`](Self::decode_whole) into memory of the caller's, which is as large as was
    /// [`announced`](Self::announced).
    ///
    /// `None` says that the body fills `room`. Otherwise here it is, and what is in the room means nothing.
    pub fn decode_whole_into<B: AsRef<[u8]>>(
        &mut self,
        pieces: &[B],
        room: &mut [MaybeUninit<u8>],
        guard: &Guard,
    ) -> Result<Option<Vec<u8>>> {
        let pieces: Vec<&[u8]> = pieces.iter().map(AsRef::as_ref).collect();
        let joined =
            if pieces.len() > 1 && length(&pieces) < JOINED_BELOW { pieces.concat() } else { Vec::new() };
        let pieces = if joined.is_empty() { pieces } else { vec![&joined[..]] };
        if let [coded] = pieces[..]
            && !room.is_empty()
            && whole::gzip(coded, room)
        {
            self.total_in += coded.len() as u64;
            self.total_out += room.len() as u64;
            return Ok(None);
        }
        // Where there was room for what is announced, that was not the whole truth.
        let mut out = Vec::with_capacity(if room.is_empty() { self.reserved(&pieces, guard) } else { 0 });
        pieces.iter().try_for_each(|piece| self.decode(piece, &mut out, guard))?;
        self.finish()?;
        Ok(Some(out))
    }

    /// How large a whole body says that it is, if it may be decoded at once into as much room; otherwise 0.
    ///
    /// Only gzip says so. It is at most 4 MiB, as that room is made on a server's word.
    pub fn announced<B: AsRef<[u8]>>(&self, pieces: &[B], guard: &Guard) -> usize {
        let told = self.told(pieces);
        let is_allowed = guard.check(length(pieces) as u64, told as u64).is_ok();
        if is_allowed && told <= MAX_RESERVED { told } else { 0 }
    }

    /// How much is reserved for a whole body that is decoded as a stream.
    fn reserved<B: AsRef<[u8]>>(&self, pieces: &[B], guard: &Guard) -> usize {
        let limit = guard.max_body.and_then(|max| usize::try_from(max).ok()).unwrap_or(MAX_RESERVED);
        self.told(pieces).min(limit).min(MAX_RESERVED)
    }

    /// What the size of a whole body will be if it is one gzip member; 0 if it does not say, or cannot be true.
    fn told<B: AsRef<[u8]>>(&self, pieces: &[B]) -> usize {
        let is_gzip = matches!(&self.stages[..], [stage] if stage.name() == "gzip");
        // RFC 1952 section 2.3.1: ISIZE, the size "modulo 2^32", is the last thing in a member.
        let last = pieces.last().and_then(|piece| piece.as_ref().last_chunk());
        let told = last.filter(|_| is_gzip).map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize);
        if told <= length(pieces).saturating_mul(MAX_EXPANSION) { told } else { 0 }
    }

    /// Decodes from the front of `input`, which it advances, until at most `max` bytes were appended to `out`.
    ///
    /// After [`Progress::OutputFull`] the next call goes on, also with an empty input. Fails with
    /// [`Kind::Decode`] on bytes that do not decode; the decoder must not be used then.
    pub fn decode_some(&mut self, input: &mut &[u8], out: &mut Vec<u8>, max: usize) -> Result<Progress> {
        let end = out.len().saturating_add(max);
        while out.len() < end {
            if !self.step(input, out, end - out.len())? {
                return Ok(Progress::NeedInput);
            }
        }
        Ok(Progress::OutputFull)
    }

    /// Says that the body is over. Fails with [`Kind::Decode`] if the coded stream is not: it was truncated.
    ///
    /// To be called after [`Progress::NeedInput`]. A body without any byte is in order: a response may name a
    /// coding and have nothing to apply it to.
    pub fn finish(&self) -> Result<()> {
        match self.stages.iter().find(|stage| !stage.is_complete()) {
            None => Ok(()),
            Some(stage) => Err(failed(format!("The {} body ends early", stage.name()))),
        }
    }

    /// Coded bytes taken in so far.
    pub fn total_in(&self) -> u64 {
        self.total_in
    }

    /// Decoded bytes given out so far.
    pub fn total_out(&self) -> u64 {
        self.total_out
    }

    /// Lets every stage run once, the last first, for it makes room for the others; says whether any moved.
    fn step(&mut self, input: &mut &[u8], out: &mut Vec<u8>, room: usize) -> Result<bool> {
        let mut moved = false;
        for (index, stage) in self.stages.iter_mut().enumerate().rev() {
            let (before, after) = self.links.split_at_mut(index);
            let source = before.last_mut();
            let coded = source.as_ref().map_or(*input, |link| &link.bytes[link.taken..]);
            let is_last = after.is_empty();
            let (target, room) = match after.first_mut() {
                Some(link) => link.target(),
                None => (&mut *out, room),
            };
            let (least, most) = STEP_BYTES;
            let reserved = target.capacity() - target.len();
            let room = room.min(coded.len().saturating_mul(4).clamp(least, most).max(reserved));
            let (consumed, produced) = stage.run(coded, target, room)?;
            if let Some(link) = source {
                link.taken += consumed;
            } else {
                *input = &input[consumed..];
                self.total_in += consumed as u64;
            }
            if is_last {
                self.total_out += produced as u64;
            }
            moved |= consumed + produced > 0;
        }
        Ok(moved)
    }
}

impl Link {
    /// Where the stage before this link writes, and how much it may.
    fn target(&mut self) -> (&mut Vec<u8>, usize) {
        if self.taken == self.bytes.len() {
            self.bytes.clear();
            self.taken = 0;
        }
        let room = LINK_BYTES - self.bytes.len();
        (&mut self.bytes, room)
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codings: Vec<_> = self.stages.iter().map(Stage::name).collect();
        f.debug_struct("Decoder")
            .field("codings", &codings)
            .field("total_in", &self.total_in)
            .field("total_out", &self.total_out)
            .finish_non_exhaustive()
    }
}

/// Bytes of all pieces.
fn length<B: AsRef<[u8]>>(pieces: &[B]) -> usize {
    pieces.iter().map(|piece| piece.as_ref().len()).sum()
}

fn failed(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::Decode, Phase::Read, message)
}
