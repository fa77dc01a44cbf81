use bytes::{Bytes, BytesMut};
use h2::server::Builder;
use httparallel_proto::Kind;

use super::http2::{get, post};
use super::peer::Peer;
use super::response;
use crate::pump::Event;

const MEGABYTE: usize = 1 << 20;

#[test]
fn an_upload_larger_than_the_window_goes_as_the_peer_reads() {
    let content: Vec<u8> = (0..=250).cycle().take(MEGABYTE).collect();
    for bytewise in [false, true] {
        let (mut client, mut peer) = Peer::pair(&Builder::new(), bytewise);
        let stream = post(&mut client);
        assert_eq!(client.capacity(stream, 10).unwrap(), 10);
        let (mut sent, mut received, mut most, mut ended) = (0, BytesMut::new(), 0, false);
        let mut asked = None;
        while !ended {
            let taken = client.data(stream, &content[sent..], true).unwrap();
            (sent, most) = (sent + taken, most.max(taken));
            peer.talk(&mut client);
            let (piece, end) = asked.get_or_insert_with(|| peer.asked()).read();
            assert!(taken > 0 || !piece.is_empty(), "stalled after {sent} bytes");
            received.extend_from_slice(&piece);
            ended = end;
            peer.talk(&mut client);
        }
        // RFC 9113 section 6.9.2: the windows begin with 65,535 bytes.
        assert_eq!((sent, most), (MEGABYTE, 65_535));
        assert_eq!(received, content);
        assert!(client.data(stream, b"", true).is_err());
    }
}

#[test]
fn the_end_counts_only_with_all_of_the_piece() {
    let (mut client, mut peer) = Peer::pair(&Builder::new(), false);
    let stream = post(&mut client);
    assert_eq!(client.data(stream, &vec![0; 70_000], true).unwrap(), 65_535);
    peer.talk(&mut client);
    let mut asked = peer.asked();
    let (first, ended) = asked.read();
    assert_eq!((first.len(), ended), (65_535, false));
    peer.talk(&mut client);
    assert_eq!(client.data(stream, &[0; 4_465], false).unwrap(), 4_465);
    assert_eq!(client.data(stream, b"", true).unwrap(), 0);
    peer.talk(&mut client);
    let (rest, ended) = asked.read();
    assert_eq!((rest.len(), ended), (4_465, true));
}

#[test]
fn a_download_waits_until_it_is_taken() {
    let (mut client, mut peer) = Peer::pair(Builder::new().max_send_buffer_size(8 * MEGABYTE), false);
    let stream = get(&mut client);
    peer.talk(&mut client);
    let content = Bytes::from(vec![7; 5 * MEGABYTE]);
    let mut asked = peer.asked();
    asked.answer(200, false).send_data(content.clone(), true).unwrap();
    peer.talk(&mut client);
    assert!(matches!(client.event(stream), Ok(Some(Event::Head(_)))));
    let mut received = BytesMut::new();
    let mut rounds = Vec::new();
    let ended = loop {
        let before = received.len();
        let ended = loop {
            match client.event(stream).unwrap() {
                Some(Event::Body(piece)) => received.extend_from_slice(&piece),
                Some(Event::End { .. }) => break true,
                Some(other) => panic!("{other:?}"),
                None => break false,
            }
        };
        rounds.push(received.len() - before);
        if ended || rounds.len() > 10 {
            break ended;
        }
        peer.talk(&mut client);
    };
    assert!(ended);
    assert_eq!(received, content);
    // The peer was held up by the window of the stream.
    assert_eq!(rounds[0], 2 * MEGABYTE);
}

#[test]
fn a_stream_that_is_given_up_gives_its_window_back() {
    let (mut client, mut peer) = Peer::pair(Builder::new().max_send_buffer_size(8 * MEGABYTE), false);
    for _ in 0..20 {
        let stream = get(&mut client);
        peer.talk(&mut client);
        let mut asked = peer.asked();
        let mut body = asked.answer(200, false);
        body.send_data(Bytes::from(vec![0; 2 * MEGABYTE]), false).unwrap();
        peer.talk(&mut client);
        assert!(matches!(client.event(stream), Ok(Some(Event::Head(_)))));
        client.reset(stream);
        peer.talk(&mut client);
    }
    let stream = get(&mut client);
    peer.talk(&mut client);
    let mut asked = peer.asked();
    asked.answer(200, false).send_data(Bytes::from_static(b"through"), true).unwrap();
    peer.talk(&mut client);
    assert_eq!(response(|| client.event(stream)).unwrap().body, "through");
}

#[test]
fn a_peer_that_has_answered_may_refuse_the_rest_of_the_request() {
    let (mut client, mut peer) = Peer::pair(&Builder::new(), true);
    let stream = post(&mut client);
    peer.talk(&mut client);
    let mut asked = peer.asked();
    asked.answer(413, true);
    peer.talk(&mut client);
    // RFC 9113 section 8.1: a complete response may be followed by RST_STREAM with NO_ERROR.
    asked.reply.send_reset(h2::Reason::NO_ERROR);
    peer.talk(&mut client);
    let error = client.capacity(stream, 10).unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Protocol, "The server takes no more of the request"));
    assert_eq!(response(|| client.event(stream)).unwrap().head.status, 413);
}
