//! Which path the header fields of a request ask for (RFC 7541).

use loona_hpack::Decoder;

use crate::connection::Bad;

/// One connection's header compression.
///
/// Undoing it costs more than all else that is done for a request, and a client that asks for one path a thousand times
/// soon sends the same bytes each time. As long as those leave the table of the compression alone, they mean the same.
#[derive(Default)]
pub(crate) struct Paths {
    decoder: Decoder<'static>,
    /// The last block, if it can be trusted, and its path.
    block: Vec<u8>,
    path: Vec<u8>,
}

impl Paths {
    /// The path in a block of header fields; empty if there is none.
    pub(crate) fn of(&mut self, block: &[u8]) -> Result<&[u8], Bad> {
        if block != self.block {
            self.path.clear();
            self.block.clear();
            let Self { decoder, path, .. } = self;
            decoder
                .decode_with_cb(block, |name, value| {
                    if *name == *b":path" {
                        path.extend_from_slice(&value);
                    }
                })
                .map_err(|_| Bad)?;
            if leaves_the_table(block) == Some(true) {
                self.block.extend_from_slice(block);
            }
        }
        Ok(&self.path)
    }
}

/// Whether no field of the block changes the table; `None` if the block is cut short.
fn leaves_the_table(mut block: &[u8]) -> Option<bool> {
    while let Some(first) = block.first() {
        if first & 0x80 != 0 {
            // 6.1: an indexed field.
            integer(&mut block, 7)?;
        } else if first & 0xe0 != 0 {
            // 6.2.1 adds a field to the table, 6.3 sets its size.
            return Some(false);
        } else {
            // 6.2.2, 6.2.3: a literal field, its name in the table or not.
            if integer(&mut block, 4)? == 0 {
                skip_string(&mut block)?;
            }
            skip_string(&mut block)?;
        }
    }
    Some(true)
}

fn skip_string(block: &mut &[u8]) -> Option<()> {
    let length = integer(block, 7)?;
    *block = block.get(length..)?;
    Some(())
}

/// 5.1: a number that begins in the lower bits of a byte.
fn integer(block: &mut &[u8], bits: u8) -> Option<usize> {
    let (first, mut rest) = block.split_first()?;
    let most = (1 << bits) - 1;
    let mut number = usize::from(first & most);
    if number == usize::from(most) {
        for shift in (0..28).step_by(7) {
            let (byte, after) = rest.split_first()?;
            rest = after;
            number += usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                *block = rest;
                return Some(number);
            }
        }
        return None;
    }
    *block = rest;
    Some(number)
}
