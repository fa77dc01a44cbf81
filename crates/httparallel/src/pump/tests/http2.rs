use bytes::Bytes;
use h2::Reason;
use h2::server::Builder;
use httparallel_proto::Kind;

use super::peer::Peer;
use super::*;
use crate::pump::Http2;

pub(super) fn get(client: &mut Http2) -> u32 {
    client.open(b"GET", b"https", b"a.example", b"/x?y", &headers(&[("Accept", "*/*")]), true).unwrap()
}

pub(super) fn post(client: &mut Http2) -> u32 {
    client.open(b"POST", b"https", b"a.example", b"/", &Headers::new(), false).unwrap()
}

/// The limit on concurrent streams, which has a default of its own in HTTP/2: none.
fn limited(streams: u32) -> Builder {
    let mut builder = Builder::new();
    builder.max_concurrent_streams(streams);
    builder
}

#[test]
fn a_request_gets_its_response_in_pieces_of_any_size() {
    for bytewise in [false, true] {
        let (mut client, mut peer) = Peer::pair(&Builder::new(), bytewise);
        let stream = get(&mut client);
        assert_eq!(client.open_streams(), 1);
        assert!(client.event(stream).unwrap().is_none());
        peer.talk(&mut client);
        let mut asked = peer.asked();
        assert_eq!(asked.head.uri(), "https://a.example/x?y");
        assert_eq!(asked.head.headers()["accept"], "*/*");
        asked.inform(103);
        let mut body = asked.answer(200, false);
        body.send_data(Bytes::from_static(b"hello"), true).unwrap();
        peer.talk(&mut client);
        let response = response(|| client.event(stream)).unwrap();
        assert_eq!((response.interims, response.head.status), (vec![103], 200));
        assert_eq!((response.head.version, &response.body[..]), ("HTTP/2", &b"hello"[..]));
        assert_eq!(response.head.headers.get("x-test").unwrap(), "yes");
        assert_eq!((response.head.stream_id, client.open_streams()), (Some(stream), 0));
        client.reset(stream);
        assert!(client.outgoing().is_empty());
    }
}

#[test]
fn streams_do_not_wait_for_each_other() {
    let (mut client, mut peer) = Peer::pair(&Builder::new(), false);
    let streams: Vec<u32> = (0..50).map(|_| get(&mut client)).collect();
    peer.talk(&mut client);
    let mut asked: Vec<_> = streams.iter().map(|_| peer.asked()).collect();
    for asked in asked.iter_mut().rev() {
        asked.answer(204, true);
        peer.talk(&mut client);
    }
    for stream in streams {
        assert_eq!(response(|| client.event(stream)).unwrap().head.status, 204);
        client.reset(stream);
    }
    assert_eq!(client.open_streams(), 0);
}

#[test]
fn the_peers_limit_on_streams_is_kept() {
    let mut client = Http2::new().unwrap();
    assert_eq!((client.max_streams(), client.can_open()), (100, true));
    let mut peer = Peer::new(&limited(1), true);
    peer.talk(&mut client);
    assert_eq!(client.max_streams(), 1);
    for _ in 0..3 {
        let stream = get(&mut client);
        assert!(!client.can_open() && !client.is_closed());
        let refused = client.open(b"GET", b"https", b"a", b"/", &Headers::new(), true).unwrap_err();
        assert_eq!(refused.kind(), Kind::InvalidRequest);
        peer.talk(&mut client);
        peer.asked().answer(200, true);
        peer.talk(&mut client);
        response(|| client.event(stream)).unwrap();
        assert!(client.can_open());
        client.reset(stream);
    }
}

#[test]
fn a_response_without_a_request_in_full_still_takes_its_place() {
    let (mut client, mut peer) = Peer::pair(&limited(1), false);
    let stream = post(&mut client);
    peer.talk(&mut client);
    let mut asked = peer.asked();
    asked.answer(200, true);
    peer.talk(&mut client);
    response(|| client.event(stream)).unwrap();
    assert_eq!((client.open_streams(), client.can_open()), (1, false));
    client.reset(stream);
    peer.talk(&mut client);
    assert_eq!(asked.was_reset(), Some(Reason::CANCEL));
    assert!(client.can_open());
}

#[test]
fn an_invalid_head_opens_nothing() {
    let (mut client, _) = Peer::pair(&Builder::new(), false);
    let mut refused = |method: &[u8], authority: &[u8], pairs| {
        let opened = client.open(method, b"https", authority, b"/", &headers(pairs), true);
        assert_eq!(opened.unwrap_err().kind(), Kind::InvalidRequest);
        assert_eq!((client.outgoing().len(), client.open_streams()), (0, 0));
    };
    refused(b"GET", b"a", &[("a b", "c")]);
    refused(b"GET", b"a", &[("a", "\r\n")]);
    refused(b"G T", b"a", &[]);
    refused(b"GET", b"a b", &[]);
    assert_eq!(get(&mut client), 1);
}

#[test]
fn fields_of_a_connection_stay_behind() {
    let (mut client, mut peer) = Peer::pair(&Builder::new(), false);
    let sent = headers(&[("Host", "other"), ("Connection", "close"), ("TE", "gzip"), ("X-Kept", "yes")]);
    client.open(b"GET", b"https", b"a.example", b"/", &sent, true).unwrap();
    peer.talk(&mut client);
    let asked = peer.asked();
    let names: Vec<_> = asked.head.headers().keys().map(http::HeaderName::as_str).collect();
    assert_eq!(names, ["x-kept"]);
    assert_eq!(asked.head.uri().authority().unwrap(), "a.example");
}

#[test]
fn a_stream_that_is_not_there_is_no_stream() {
    let (mut client, _) = Peer::pair(&Builder::new(), false);
    assert_eq!(client.event(1).unwrap_err().kind(), Kind::InvalidRequest);
    assert!(client.data(7, b"x", true).is_err());
    assert!(client.capacity(7, 1).is_err());
    client.reset(1);
    assert!(client.outgoing().is_empty());
}
