//! What a connection keeps for a peer that does not read.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::io::{AsyncWrite, DuplexStream, duplex};

use super::settings;

/// What fits between the two, each way.
const WIRE: usize = 16 * 1024;

fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// Writes until nothing more is taken; says how much was.
fn write(far: &mut DuplexStream, data: &[u8]) -> usize {
    let mut taken = 0;
    while taken < data.len()
        && let Poll::Ready(count) = Pin::new(&mut *far).poll_write(&mut context(), &data[taken..])
    {
        taken += count.unwrap();
    }
    taken
}

/// How much of a flood of this frame is read while nobody reads the acknowledgements.
fn taken_of(frame: &[u8]) -> usize {
    let (near, mut far) = duplex(WIRE);
    let handshake = pin!(settings::builder(1).handshake::<_, Bytes>(near));
    let Poll::Ready(Ok((_send, connection))) = handshake.poll(&mut context()) else { panic!("a handshake") };
    let mut connection = pin!(connection);
    assert_eq!(write(&mut far, &[0, 0, 0, 4, 0, 0, 0, 0, 0]), 9);
    let flood = frame.repeat(2 * WIRE / frame.len());
    let (mut taken, mut offset) = (0, 0);
    for _ in 0..1_000 {
        assert!(connection.as_mut().poll(&mut context()).is_pending());
        // Goes on within the frame where the last write ended.
        let count = write(&mut far, &flood[offset..]);
        if count == 0 {
            return taken;
        }
        taken += count;
        offset = (offset + count) % frame.len();
    }
    panic!("{taken} bytes were read, and no end of it")
}

#[test]
fn nothing_is_read_from_a_peer_that_takes_no_acknowledgements() {
    let ping = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    for frame in [&ping[..], &settings[..]] {
        let taken = taken_of(frame);
        assert!(taken < 8 * WIRE, "{taken}");
    }
}
