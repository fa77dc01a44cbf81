//! A sound session with one byte changed: whatever comes out, the client ends it in order.

use super::http2::{get, post};
use super::response;
use crate::pump::Http2;

/// One frame.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// SETTINGS, PING, and answers to a GET on stream 1 and a POST on stream 3.
fn session() -> Vec<u8> {
    [
        frame(4, 0, 0, &[0, 3, 0, 0, 0, 100]),
        frame(4, 1, 0, &[]),
        frame(6, 0, 0, &[7; 8]),
        // 103, then 200.
        frame(1, 4, 1, &[0x08, 3, b'1', b'0', b'3']),
        frame(1, 4, 1, &[0x88]),
        // With padding.
        frame(0, 9, 1, &[2, b'h', b'i', 0, 0]),
        frame(8, 0, 3, &[0, 1, 0, 0]),
        frame(1, 5, 3, &[0x89]),
        frame(3, 0, 3, &[0, 0, 0, 0]),
        frame(7, 0, 0, &[0, 0, 0, 3, 0, 0, 0, 0]),
    ]
    .concat()
}

/// Plays what a server said. Says how many of the two requests got a response in full.
fn play(said: &[u8], size: usize) -> usize {
    let mut client = Http2::new().unwrap();
    let streams = [get(&mut client), post(&mut client)];
    client.outgoing();
    for piece in said.chunks(size) {
        // What follows an error of the connection is of no use, and does no harm.
        let _ = client.receive(piece);
    }
    let _ = client.data(streams[1], b"more", true);
    client.outgoing();
    client.receive(b"").unwrap();
    assert!(client.is_closed() && !client.can_open());
    let complete = streams.map(|stream| response(|| client.event(stream)).is_ok());
    for stream in streams {
        client.reset(stream);
    }
    assert_eq!(client.open_streams(), 0);
    client.outgoing();
    complete.into_iter().filter(|&complete| complete).count()
}

#[test]
fn a_changed_byte_is_read_the_same_in_every_way() {
    let sound = session();
    assert_eq!(play(&sound, sound.len()), 2);
    let mut complete = 0;
    for at in 0..sound.len() {
        for change in [0x01, 0x04, 0x80, 0xff] {
            let mut said = sound.clone();
            said[at] ^= change;
            let whole = play(&said, said.len());
            assert_eq!(play(&said, 1), whole, "byte {at}, changed by {change:#x}");
            complete += whole;
        }
    }
    let most = sound.len() * 4 * 2;
    assert!((most / 8..most).contains(&complete), "{complete} of {most}");
}

#[test]
fn a_session_may_end_anywhere() {
    let sound = session();
    let mut before = 0;
    for length in 1..=sound.len() {
        let complete = play(&sound[..length], length);
        assert!(complete >= before, "more bytes made it worse at {length}");
        before = complete;
    }
    assert_eq!(before, 2);
}
