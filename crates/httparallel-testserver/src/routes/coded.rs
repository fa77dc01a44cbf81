//! Bodies with a content coding.
//!
//! `br` and `zstd` are written as stored blocks, which every decoder must take and no encoder is needed for.

use std::io::Write;

use flate2::write::{GzEncoder, ZlibEncoder};
use flate2::{Compress, Compression, Crc, FlushCompress};

use crate::json;
use crate::reply::Reply;
use crate::request::Request;

/// `/gzip`, `/deflate`, `/br`, `/zstd`
pub(super) fn coded(coding: &str) -> Reply {
    let plain =
        json::object([("coding", json::string(coding)), ("text", json::string(&"é plain text ".repeat(40)))]);
    let bytes = match coding {
        "gzip" => gzip(plain.as_bytes()),
        "deflate" => zlib(plain.as_bytes()),
        "br" => brotli_stored(plain.as_bytes()),
        _ => zstd_stored(plain.as_bytes()),
    };
    Reply::new(200)
        .header("Content-Type", "application/json")
        .header("Content-Encoding", coding)
        .header("Vary", "Accept-Encoding")
        .full(bytes)
}

// Writing to a `Vec` cannot fail, so neither can these encoders.
fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).and_then(|()| encoder.finish()).unwrap_or_default()
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).and_then(|()| encoder.finish()).unwrap_or_default()
}

/// RFC 7932 9.2: bits, least significant first: WBITS 0 (1 bit), ISLAST 0 (1), MNIBBLES 0 for four (2),
/// MLEN - 1 (16), ISUNCOMPRESSED 1 (1), padding; the bytes; then ISLAST 1 and ISLASTEMPTY 1.
fn brotli_stored(plain: &[u8]) -> Vec<u8> {
    let length = u32::try_from(plain.len().saturating_sub(1)).unwrap_or(0) & 0xffff;
    let header = (length << 4) | (1 << 20);
    let mut coded = header.to_le_bytes()[..3].to_vec();
    coded.extend_from_slice(plain);
    coded.push(0b11);
    coded
}

/// RFC 8878 3.1.1: magic, a descriptor for "single segment" with a content size of four bytes, the size, and
/// one raw block, the last, whose header is `size << 3 | raw << 1 | last`.
fn zstd_stored(plain: &[u8]) -> Vec<u8> {
    let length = u32::try_from(plain.len()).unwrap_or(0);
    let mut coded = vec![0x28, 0xb5, 0x2f, 0xfd, 0b1010_0000];
    coded.extend_from_slice(&length.to_le_bytes());
    coded.extend_from_slice(&((length << 3) | 1).to_le_bytes()[..3]);
    coded.extend_from_slice(plain);
    coded
}

/// `/gzip-bomb?mb=N`
pub(super) fn gzip_bomb(request: &Request) -> Reply {
    let megabytes = usize::try_from(request.number("mb", 64)).unwrap_or(64).min(64 * 1024);
    Reply::new(200)
        .header("Content-Type", "application/octet-stream")
        .header("Content-Encoding", "gzip")
        .full(zeros(megabytes))
}

/// So many MiB of zeros as one gzip member, without compressing each of them.
///
/// A full flush ends on a byte boundary and refers to nothing before it, so one compressed MiB can be
/// repeated; the checksum of the whole is combined from that of the part.
fn zeros(megabytes: usize) -> Vec<u8> {
    const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    /// A final block with fixed codes and nothing in it.
    const LAST_BLOCK: [u8; 2] = [0x03, 0x00];
    let plain = vec![0; 1 << 20];
    let mut part = Vec::with_capacity(64 * 1024);
    let mut compress = Compress::new(Compression::best(), false);
    let compressed = compress.compress_vec(&plain, &mut part, FlushCompress::Full);
    debug_assert!(compressed.is_ok() && compress.total_in() == 1 << 20, "the output buffer is large enough");
    let mut part_crc = Crc::new();
    part_crc.update(&plain);
    let mut crc = Crc::new();
    for _ in 0..megabytes {
        crc.combine(&part_crc);
    }
    let mut bomb = GZIP_HEADER.to_vec();
    bomb.extend_from_slice(&part.repeat(megabytes));
    bomb.extend_from_slice(&LAST_BLOCK);
    bomb.extend_from_slice(&crc.sum().to_le_bytes());
    bomb.extend_from_slice(&crc.amount().to_le_bytes());
    bomb
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn the_bomb_is_one_valid_member() {
        let bomb = zeros(3);
        assert!(bomb.len() < 8 * 1024, "{}", bomb.len());
        let mut plain = Vec::new();
        let mut decoder = GzDecoder::new(bomb.as_slice());
        assert_eq!(decoder.read_to_end(&mut plain).ok(), Some(3 << 20));
        assert!(plain.iter().all(|byte| *byte == 0));
        assert!(decoder.into_inner().is_empty());
    }

    #[test]
    fn stored_blocks_hold_the_text() {
        assert_eq!(brotli_stored(b"ab"), [0x10, 0x00, 0x10, b'a', b'b', 3]);
        assert_eq!(zstd_stored(b"ab")[4..], [0xa0, 2, 0, 0, 0, 0x11, 0, 0, b'a', b'b']);
    }
}
