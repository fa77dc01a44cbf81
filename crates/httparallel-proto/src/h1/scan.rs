//! Finds the end of a head or of trailers as bytes arrive, looking at each byte once.
//!
//! httparse starts over on every call; a head that trickles in would cost quadratic time. So the end is
//! found first, with the limits kept on the way, and httparse sees only complete heads.

use memchr::memchr_iter;

use super::Limits;
use crate::{Error, Result};

/// What is scanned: its name for messages, and its own bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// A status line with header fields.
    Head,
    /// The trailers of a chunked body.
    Trailers,
}

/// How far a section was looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner {
    section: Section,
    scanned: usize,
    line_start: usize,
    lines: usize,
    ending: Option<LineEnding>,
    folded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnding {
    CrLf,
    Lf,
}

impl Scanner {
    pub(super) fn new(section: Section) -> Self {
        // Chunked framing has no tolerance for a bare LF, and its trailers are part of it.
        let ending = (section == Section::Trailers).then_some(LineEnding::CrLf);
        Self { section, scanned: 0, line_start: 0, lines: 0, ending, folded: false }
    }

    /// Whether a field goes on in a continuation line (obs-fold).
    pub(super) fn is_folded(&self) -> bool {
        self.folded
    }

    /// Complete lines so far, the status line included.
    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    /// The length of the section, its empty line included, once that has arrived.
    ///
    /// `input` begins with the section at every call; bytes seen by an earlier call are not looked at again.
    pub(super) fn find_end(&mut self, input: &[u8], limits: &Limits) -> Result<Option<usize>> {
        let from = self.scanned;
        for newline in memchr_iter(b'\n', &input[from..]) {
            let end = from + newline + 1;
            if self.end_line(input, end, limits)? {
                return Ok(Some(end));
            }
        }
        self.scanned = input.len();
        self.check_size(input.len(), limits)?;
        self.check_line(input.len() - self.line_start, limits)?;
        Ok(None)
    }

    /// Takes in the line that ends before `end`; says whether it is the empty one.
    fn end_line(&mut self, input: &[u8], end: usize, limits: &Limits) -> Result<bool> {
        self.check_size(end, limits)?;
        self.check_line(end - self.line_start, limits)?;
        let line = &input[self.line_start..end - 1];
        let (line, ending) = match line.strip_suffix(b"\r") {
            Some(line) => (line, LineEnding::CrLf),
            None => (line, LineEnding::Lf),
        };
        // RFC 9112 section 2.2: "a recipient MAY recognize a single LF as a line terminator". Some old servers
        // use nothing else. A head that has both has an LF inside of a value.
        if *self.ending.get_or_insert(ending) != ending {
            return Err(Error::protocol(format!("The {} mixes CR LF with bare LF", self.name())));
        }
        if let [b' ' | b'\t', ..] = line {
            self.fold()?;
        }
        self.line_start = end;
        self.scanned = end;
        if line.is_empty() {
            return Ok(true);
        }
        self.lines += 1;
        if self.lines > limits.head_lines + usize::from(self.section == Section::Head) {
            return Err(self.too_large(&format!("has more than {} lines", limits.head_lines)));
        }
        Ok(false)
    }

    fn fold(&mut self) -> Result<()> {
        // RFC 9112 section 2.2: white space between the status line and the first header field must not be
        // taken for a continuation. In trailers, nobody needs folding.
        if self.section == Section::Trailers || self.lines < 2 {
            return Err(Error::protocol(format!("The {} has a stray continuation line", self.name())));
        }
        self.folded = true;
        Ok(())
    }

    fn check_size(&self, size: usize, limits: &Limits) -> Result<()> {
        let bound = match self.section {
            Section::Head => limits.head_bytes,
            Section::Trailers => limits.trailer_bytes,
        };
        if size > bound { Err(self.too_large(&format!("has more than {bound} bytes"))) } else { Ok(()) }
    }

    fn check_line(&self, length: usize, limits: &Limits) -> Result<()> {
        let bound = limits.line_bytes;
        if length > bound {
            Err(self.too_large(&format!("has a line of more than {bound} bytes")))
        } else {
            Ok(())
        }
    }

    fn too_large(&self, what: &str) -> Error {
        Error::protocol(format!("The {} {what}", self.name()))
    }

    fn name(&self) -> &'static str {
        match self.section {
            Section::Head => "response head",
            Section::Trailers => "trailer section",
        }
    }
}
