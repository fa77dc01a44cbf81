//! Sound responses with a few bytes changed: whatever comes out, it is the same for every way of reading.

use super::*;

const SOUND: [&str; 5] = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: 1\r\n\r\n",
    "HTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.0 404 No\r\nX: a\r\n b\r\n\r\nuntil close",
    "HTTP/1.1 204 None\r\nConnection: close\r\n\r\n",
    "HTTP/1.1 200 OK\nContent-Length: 1\n\nxy",
];

/// Bytes that mean something to the codec.
const BYTES: &[u8] = b"\r\n\r\n\0 \t:;,+-x059afHTP/.\x7f\xff";

#[test]
fn changed_bytes_are_read_the_same_in_every_way() {
    let mut random = Random(0x1234_5678_9abc_def1);
    let mut errors = 0;
    for round in 0..600 {
        let mut response = SOUND[round % SOUND.len()].as_bytes().to_vec();
        for _ in 0..=random.below(3) {
            let (at, byte) = (random.below(response.len()), BYTES[random.below(BYTES.len())]);
            match random.below(3) {
                0 => response[at] = byte,
                1 => response.insert(at, byte),
                _ => drop(response.remove(at)),
            }
        }
        let transcript = Exchange::get(&response).then_closed().run();
        assert!(transcript.ended != transcript.error.is_some(), "{transcript:?}");
        errors += usize::from(transcript.error.is_some());
    }
    assert!((100..500).contains(&errors), "the changes should both break and spare responses: {errors}");
}
