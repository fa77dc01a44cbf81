//! MD5 (RFC 1321), which Digest authentication names and nothing else here needs.

/// The per-step left rotations, four to a round.
const ROTATIONS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// The digest in lower-case hexadecimal.
pub(super) fn hexadecimal(message: &[u8]) -> String {
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() - message.len() < 9 {
        padded.resize(padded.len() + 64, 0);
    }
    let end = padded.len();
    padded[end - 8..].copy_from_slice(&(message.len() as u64 * 8).to_le_bytes());
    let state = padded.chunks_exact(64).fold(START, block);
    // The digest is the words in little-endian order; `swap_bytes` lets each be printed as one number.
    let [a, b, c, d] = state.map(u32::swap_bytes);
    format!("{a:08x}{b:08x}{c:08x}{d:08x}")
}

fn block(state: [u32; 4], block: &[u8]) -> [u32; 4] {
    let words: Vec<u32> =
        block.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
    let [mut a, mut b, mut c, mut d] = state;
    for step in 0..64 {
        let (mix, word) = match step / 16 {
            0 => ((b & c) | (!b & d), step),
            1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
            2 => (b ^ c ^ d, (3 * step + 5) % 16),
            _ => (c ^ (b | !d), (7 * step) % 16),
        };
        let sum = a.wrapping_add(mix).wrapping_add(sine(step)).wrapping_add(words[word]);
        (a, d, c) = (d, c, b);
        b = b.wrapping_add(sum.rotate_left(ROTATIONS[step / 16][step % 4]));
    }
    [state[0].wrapping_add(a), state[1].wrapping_add(b), state[2].wrapping_add(c), state[3].wrapping_add(d)]
}

/// RFC 1321 3.4: "the integer part of 4294967296 times abs(sin(i)), where i is in radians", from 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the product lies between 0 and 2^32, and step is below 64"
)]
fn sine(step: usize) -> u32 {
    (((step + 1) as f64).sin().abs() * 4_294_967_296.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_test_suite_of_the_rfc() {
        assert_eq!(hexadecimal(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(hexadecimal(b"abc"), "900150983cd24fb0d6963f7d28e17f72");
        let digits = b"12345678901234567890123456789012345678901234567890123456789012345678901234567890";
        assert_eq!(hexadecimal(digits), "57edf4a22be3c955ac49da2e2107b67a");
    }

    #[test]
    fn pads_over_the_edge_of_a_block() {
        assert_eq!(hexadecimal(&[b'a'; 56]), "3b0c8ac703f828b04c6c197006d17218");
    }
}
