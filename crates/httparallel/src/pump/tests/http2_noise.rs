//! Peers that say much and mean nothing.

use std::error::Error as _;

use h2::Reason;
use httparallel_proto::{Error, Kind};

use super::http2::{get, post};
use super::response;
use crate::pump::{Event, Http2};

const MIB: usize = 1024 * 1024;

/// One frame: RFC 9113 section 4.1.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

fn greeted() -> Http2 {
    let mut client = Http2::new().unwrap();
    client.receive(&frame(4, 0, 0, &[])).unwrap();
    client
}

/// Hears this over and over, acknowledges what there is to acknowledge, and says after how many bytes it had enough.
fn heard(client: &mut Http2, said: &[u8], limit: usize) -> Result<(), (usize, Error)> {
    let said = said.repeat(64 * 1024 / said.len());
    for count in 0..limit / said.len() {
        client.receive(&said).map_err(|error| (count * said.len(), error))?;
        client.outgoing();
    }
    Ok(())
}

fn chatter() -> [Vec<u8>; 5] {
    [
        frame(6, 0, 0, &[7; 8]),
        frame(4, 0, 0, &[]),
        frame(2, 0, 1, &[0, 0, 0, 0, 1]),
        frame(0xfa, 0, 1, &[0; 16_000]),
        frame(0xfa, 0, 0, &[]),
    ]
}

#[test]
fn what_belongs_to_no_response_ends_the_connection_in_the_end() {
    for said in chatter() {
        let mut client = greeted();
        let [complete, cut] = [get(&mut client), post(&mut client)];
        client.receive(&frame(1, 5, 1, &[0x88])).unwrap();
        let (count, error) = heard(&mut client, &said, 40 * MIB).unwrap_err();
        assert!(count > 31 * MIB && error.kind() == Kind::Protocol, "{count} {error}");
        assert!(client.is_closed() && !client.can_open() && !client.is_going_away());
        assert_eq!(response(|| client.event(complete)).unwrap().head.status, 200);
        assert_eq!(client.event(cut).unwrap_err().message(), error.message());
        client.reset(cut);
        assert_eq!(client.open_streams(), 0);
    }
}

#[test]
fn a_connection_that_gets_on_may_be_as_noisy_as_it_likes() {
    let [said, ..] = chatter();
    let mut client = greeted();
    let (down, up) = (get(&mut client), post(&mut client));
    client.receive(&frame(1, 4, 1, &[0x88])).unwrap();
    assert!(matches!(client.event(down).unwrap(), Some(Event::Head(_))));
    for _ in 0..3 {
        heard(&mut client, &said, 20 * MIB).unwrap();
        client.receive(&frame(0, 0, 1, b"x")).unwrap();
        assert!(matches!(client.event(down).unwrap(), Some(Event::Body(_))));
        heard(&mut client, &said, 20 * MIB).unwrap();
        assert_eq!(client.data(up, b"x", false).unwrap(), 1);
    }
}

#[test]
fn interim_responses_without_end_fail_their_request_alone() {
    let interim = frame(1, 4, 1, &[0x08, 3, b'1', b'0', b'3']);
    for (count, passes) in [(32, true), (33, false)] {
        let mut client = greeted();
        let (stream, other) = (get(&mut client), get(&mut client));
        client.receive(&interim.repeat(count)).unwrap();
        client.receive(&frame(1, 5, 1, &[0x88])).unwrap();
        let outcome = response(|| client.event(stream));
        assert_eq!(outcome.is_ok(), passes);
        if let Err(error) = outcome {
            let cause = error.source().unwrap().downcast_ref::<h2::Error>().unwrap();
            assert_eq!(cause.reason(), Some(Reason::ENHANCE_YOUR_CALM));
        }
        client.receive(&frame(1, 5, 3, &[0x88])).unwrap();
        assert_eq!(response(|| client.event(other)).unwrap().head.status, 200);
    }
}
