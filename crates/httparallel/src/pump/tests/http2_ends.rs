use bytes::Bytes;
use h2::Reason;
use h2::server::Builder;
use httparallel_proto::{Error, Kind};

use super::http2::{get, post};
use super::peer::{Asked, Peer};
use super::response;
use crate::pump::{Event, Http2, Refusal};

/// SETTINGS without a setting.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

fn go_away(last_stream: u8, reason: u8) -> Vec<u8> {
    vec![0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, last_stream, 0, 0, 0, reason]
}

/// A client that has asked once.
fn asked() -> (Http2, Peer, u32, Asked) {
    let (mut client, mut peer) = Peer::pair(&Builder::new(), false);
    let stream = get(&mut client);
    peer.talk(&mut client);
    let asked = peer.asked();
    (client, peer, stream, asked)
}

fn failure(client: &mut Http2, stream: u32) -> (Error, Refusal) {
    let error = client.event(stream).unwrap_err();
    let again = client.event(stream).unwrap_err();
    assert_eq!(error.message(), again.message());
    (error, client.refusal(stream))
}

#[test]
fn a_request_that_is_given_up_is_cancelled() {
    let (mut client, mut peer, stream, mut asked) = asked();
    asked.answer(200, false);
    peer.talk(&mut client);
    assert!(matches!(client.event(stream), Ok(Some(Event::Head(_)))));
    client.reset(stream);
    assert_eq!((client.open_streams(), client.can_open()), (0, true));
    peer.talk(&mut client);
    assert_eq!(asked.was_reset(), Some(Reason::CANCEL));
    assert!(client.event(stream).is_err());
}

#[test]
fn a_request_that_was_never_written_is_not_left_half_sent() {
    let (mut client, mut peer) = Peer::pair(&Builder::new(), false);
    let stream = post(&mut client);
    client.data(stream, b"half", false).unwrap();
    client.reset(stream);
    peer.talk(&mut client);
    assert_eq!(get(&mut client), 3);
    peer.talk(&mut client);
    assert!(!client.is_closed());
}

#[test]
fn a_reset_says_whether_and_how_a_request_may_be_sent_again() {
    for (reason, expected) in [
        (Reason::REFUSED_STREAM, Refusal::Unprocessed),
        (Reason::HTTP_1_1_REQUIRED, Refusal::Http1Required),
        (Reason::INTERNAL_ERROR, Refusal::Failed),
    ] {
        let (mut client, mut peer, stream, mut asked) = asked();
        asked.reply.send_reset(reason);
        peer.talk(&mut client);
        let (error, refusal) = failure(&mut client, stream);
        assert_eq!((error.kind(), refusal), (Kind::Protocol, expected));
        assert_eq!((client.open_streams(), client.can_open()), (0, true));
        client.reset(stream);
        assert!(client.outgoing().is_empty());
    }
}

#[test]
fn a_reset_within_the_response_ends_that_stream_only() {
    let (mut client, mut peer, stream, mut asked) = asked();
    let mut body = asked.answer(200, false);
    body.send_data(Bytes::from_static(b"hal"), false).unwrap();
    peer.talk(&mut client);
    body.send_reset(Reason::REFUSED_STREAM);
    peer.talk(&mut client);
    assert!(matches!(client.event(stream), Ok(Some(Event::Head(_)))));
    assert!(matches!(client.event(stream), Ok(Some(Event::Body(_)))));
    let (_, refusal) = failure(&mut client, stream);
    assert_eq!(refusal, Refusal::Failed, "the peer had begun to answer");
    let next = get(&mut client);
    peer.talk(&mut client);
    peer.asked().answer(200, true);
    peer.talk(&mut client);
    assert_eq!(response(|| client.event(next)).unwrap().head.status, 200);
}

#[test]
fn a_peer_that_goes_away_finishes_what_it_has_begun() {
    let (mut client, mut peer, stream, mut asked) = asked();
    peer.go_away();
    peer.talk(&mut client);
    assert!(client.is_going_away() && !client.is_closed() && !client.can_open());
    let error = client.open(b"GET", b"https", b"a", b"/", &super::headers(&[]), true).unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidRequest);
    asked.answer(200, false).send_data(Bytes::from_static(b"bye"), true).unwrap();
    peer.talk(&mut client);
    assert_eq!(response(|| client.event(stream)).unwrap().body, "bye");
    client.reset(stream);
    peer.talk(&mut client);
    assert!(client.is_closed() && client.is_going_away());
}

#[test]
fn streams_above_the_last_one_of_goaway_were_not_processed() {
    for (reason, expected) in [
        (0, Refusal::Unprocessed),
        (2, Refusal::Unprocessed),
        (11, Refusal::Failed),
        (13, Refusal::Http1Required),
    ] {
        let mut client = Http2::new().unwrap();
        client.receive(SETTINGS).unwrap();
        let (first, second) = (get(&mut client), get(&mut client));
        for byte in go_away(1, reason) {
            client.receive(&[byte]).unwrap();
        }
        let (error, refusal) = failure(&mut client, second);
        assert_eq!((error.kind(), refusal), (Kind::Protocol, expected));
        assert!(client.event(first).unwrap().is_none());
        client.receive(b"").unwrap();
        let (error, refusal) = failure(&mut client, first);
        assert_eq!((error.kind(), refusal), (Kind::Incomplete, Refusal::Failed));
    }
}

#[test]
fn goaway_after_the_head_leaves_no_doubt_that_the_request_was_processed() {
    let (mut client, mut peer, stream, mut asked) = asked();
    asked.answer(200, false);
    peer.talk(&mut client);
    client.receive(&go_away(0, 0)).unwrap();
    assert!(matches!(client.event(stream), Ok(Some(Event::Head(_)))));
    let (error, refusal) = failure(&mut client, stream);
    assert_eq!((error.kind(), refusal), (Kind::Protocol, Refusal::Failed));
}

#[test]
fn a_peer_that_closes_leaves_responses_incomplete() {
    let (mut client, mut peer, stream, mut asked) = asked();
    asked.answer(200, false).send_data(Bytes::from_static(b"hal"), false).unwrap();
    peer.talk(&mut client);
    client.receive(b"").unwrap();
    assert!(client.is_closed() && !client.is_going_away() && !client.can_open());
    assert!(matches!(client.event(stream), Ok(Some(Event::Head(_)))));
    assert!(matches!(client.event(stream), Ok(Some(Event::Body(_)))));
    assert_eq!(failure(&mut client, stream).0.kind(), Kind::Incomplete);
    client.receive(b"too late").unwrap();
}

#[test]
fn a_complete_response_outlives_its_connection() {
    let (mut client, mut peer) = Peer::pair(&Builder::new(), false);
    let stream = post(&mut client);
    peer.talk(&mut client);
    let mut asked = peer.asked();
    asked.answer(413, false).send_data(Bytes::from_static(b"too large"), true).unwrap();
    peer.talk(&mut client);
    client.receive(b"").unwrap();
    let response = response(|| client.event(stream)).unwrap();
    assert_eq!((response.head.status, &response.body[..]), (413, &b"too large"[..]));
}

#[test]
fn what_is_not_http2_fails_the_connection_and_all_on_it() {
    for garbage in [&b"Wait, this isn't valid HTTP!"[..], b"HTTP/1.1 400 Bad Request\r\n\r\n"] {
        let mut client = Http2::new().unwrap();
        let stream = get(&mut client);
        client.outgoing();
        let error = client.receive(garbage).unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol);
        assert_eq!(client.outgoing()[3], 7, "GOAWAY");
        assert!(client.is_closed() && !client.is_going_away() && !client.can_open());
        let (error, refusal) = failure(&mut client, stream);
        assert_eq!((error.kind(), refusal), (Kind::Protocol, Refusal::Failed));
    }
}

#[test]
fn shutting_down_resets_streams_and_says_goaway() {
    let (mut client, mut peer, stream, mut asked) = asked();
    client.shut_down();
    assert!(client.is_closed() && !client.can_open());
    assert_eq!(client.open_streams(), 0);
    peer.talk(&mut client);
    assert_eq!(asked.was_reset(), Some(Reason::CANCEL));
    drop(asked);
    peer.talk(&mut client);
    assert!(peer.is_ended());
    assert_eq!(failure(&mut client, stream).0.kind(), Kind::Protocol);
    client.shut_down();
    assert!(client.outgoing().is_empty());
}

#[test]
fn an_idle_connection_shuts_down_with_goaway_alone() {
    let (mut client, _) = Peer::pair(&Builder::new(), false);
    client.shut_down();
    assert_eq!(client.outgoing()[..], go_away(0, 0)[..]);
}
