//! Lines that end with CR, LF or both, wherever their bytes are cut.

use std::borrow::Cow;

/// "one leading U+FEFF BYTE ORDER MARK character must be ignored if any are present"
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Debug, Default)]
pub(super) struct Lines {
    /// What has come of the line that has not ended.
    unfinished: Vec<u8>,
    /// A line has ended before.
    is_past_first: bool,
    /// The last line ended with a carriage return: nobody shall wait for the line feed that may follow.
    skips_line_feed: bool,
}

impl Lines {
    /// The next line, without its end, taken off the piece; `None` if the piece holds no end of a line.
    pub(super) fn next<'a>(&mut self, piece: &mut &'a [u8]) -> Option<Cow<'a, [u8]>> {
        if self.skips_line_feed && !piece.is_empty() {
            self.skips_line_feed = false;
            *piece = piece.strip_prefix(b"\n").unwrap_or(piece);
        }
        let Some(end) = memchr::memchr2(b'\r', b'\n', piece) else {
            self.unfinished.extend_from_slice(piece);
            *piece = &[];
            return None;
        };
        let (line, rest) = piece.split_at(end);
        self.skips_line_feed = rest[0] == b'\r';
        *piece = &rest[1..];
        let line = if self.unfinished.is_empty() {
            Cow::Borrowed(line)
        } else {
            self.unfinished.extend_from_slice(line);
            Cow::Owned(std::mem::take(&mut self.unfinished))
        };
        let is_first = !std::mem::replace(&mut self.is_past_first, true);
        Some(if is_first { without_mark(line) } else { line })
    }

    /// How many bytes have come of the line that has not ended.
    pub(super) fn unfinished(&self) -> usize {
        let length = self.unfinished.len();
        if self.is_past_first {
            return length;
        }
        // What may still become the mark does not count yet.
        let marked = &self.unfinished[..length.min(BYTE_ORDER_MARK.len())];
        if BYTE_ORDER_MARK.starts_with(marked) { length - marked.len() } else { length }
    }
}

fn without_mark(line: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    match line {
        Cow::Borrowed(line) => Cow::Borrowed(line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)),
        Cow::Owned(mut line) => {
            if line.starts_with(BYTE_ORDER_MARK) {
                line.drain(..BYTE_ORDER_MARK.len());
            }
            Cow::Owned(line)
        }
    }
}
