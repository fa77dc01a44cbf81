//! One coding of a chain: where its stream stands, whatever the format.
//!
//! ```text
//!   Empty ──► Within ──► Ended ──► Padding
//!               ▲          │
//!               └──────────┘ another member or frame
//! ```

use super::brotli::Brotli;
use super::flate::{Deflate, Gzip};
use super::zstandard::Zstandard;
use crate::Result;

use super::failed;

/// A compression format as a state machine over slices.
pub(super) trait Codec: Send {
    /// Moves bytes from `input` to `output`, which is not empty, as far as either goes.
    fn run(&mut self, input: &[u8], output: &mut [u8]) -> Result<Ran>;

    /// Whether `byte`, after the end of a stream, begins another; if so, the codec is ready for it.
    fn restart(&mut self, byte: u8) -> Result<bool>;
}

/// What one [`Codec::run`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ran {
    pub(super) consumed: usize,
    pub(super) produced: usize,
    /// The stream is over, and wholly in the output.
    pub(super) ended: bool,
}

/// A codec and the state of its stream.
pub(super) struct Stage {
    name: &'static str,
    codec: Box<dyn Codec>,
    position: Position,
    /// The last run filled its output, so the codec may hold more without further input.
    is_draining: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    Empty,
    Within,
    Ended,
    Padding,
}

impl Stage {
    /// The stage for a coding's name; `None` if it is unknown.
    pub(super) fn for_coding(coding: &[u8]) -> Result<Option<Self>> {
        let (name, codec): (_, Box<dyn Codec>) = match coding.to_ascii_lowercase().as_slice() {
            // RFC 9110 section 8.4.1.3: "A recipient SHOULD consider "x-gzip" to be equivalent to "gzip"."
            b"gzip" | b"x-gzip" => ("gzip", Box::new(Gzip::new())),
            b"deflate" => ("deflate", Box::new(Deflate::new())),
            b"br" => ("br", Box::new(Brotli::new())),
            b"zstd" => ("zstd", Box::new(Zstandard::new()?)),
            _ => return Ok(None),
        };
        Ok(Some(Self { name, codec, position: Position::Empty, is_draining: false }))
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the stream may end here.
    pub(super) fn is_complete(&self) -> bool {
        self.position != Position::Within
    }

    /// Decodes from `input`, appending at most `room` bytes to `out`; tells how much it took and gave.
    pub(super) fn run(&mut self, input: &[u8], out: &mut Vec<u8>, room: usize) -> Result<(usize, usize)> {
        if room == 0 || (input.is_empty() && !self.is_draining) {
            return Ok((0, 0));
        }
        match (self.position, input.first()) {
            (Position::Within, _) => {}
            (_, None) => return Ok((0, 0)),
            (Position::Empty, _) => self.position = Position::Within,
            (Position::Ended, Some(&byte)) if self.codec.restart(byte)? => {
                self.position = Position::Within;
            }
            (Position::Ended | Position::Padding, _) => return self.skip_padding(input),
        }
        let start = out.len();
        out.resize(start + room, 0);
        let ran = self.codec.run(input, &mut out[start..]);
        out.truncate(start + ran.as_ref().map_or(0, |ran| ran.produced));
        let ran = ran?;
        self.is_draining = ran.produced == room && !ran.ended;
        if ran.ended {
            self.position = Position::Ended;
        }
        Ok((ran.consumed, ran.produced))
    }

    fn skip_padding(&mut self, input: &[u8]) -> Result<(usize, usize)> {
        self.position = Position::Padding;
        if input.iter().any(|&byte| byte != 0) {
            return Err(failed(format!("The {} body goes on after its end", self.name)));
        }
        Ok((input.len(), 0))
    }
}
