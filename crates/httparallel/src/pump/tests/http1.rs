use httparallel_proto::h1::CloseReason;
use httparallel_proto::{Kind, Phase};

use super::*;
use crate::pump::{Http1, Http1Limits};

fn connection() -> Http1 {
    Http1::new(&Http1Limits::default())
}

fn asked(method: &[u8], extra: &[(&'static str, &'static str)]) -> Http1 {
    let mut connection = connection();
    let all: Vec<_> = [&[("Host", "a")], extra].concat();
    connection.start(method, b"/", &headers(&all)).unwrap();
    connection.end().unwrap();
    connection
}

/// The response to a GET, which must be the same when its bytes come one by one.
fn get(bytes: &[u8], closes: bool) -> Result<Response> {
    let read = |piece: usize| {
        let mut connection = asked(b"GET", &[]);
        let mut events = std::collections::VecDeque::new();
        for piece in bytes.chunks(piece).chain(closes.then_some(&b""[..])) {
            connection.receive(piece);
            while let Some(event) = connection.event()? {
                let over = matches!(event, Event::End { .. });
                events.push_back(event);
                if over {
                    break;
                }
            }
        }
        response(|| Ok(events.pop_front()))
    };
    let (whole, bytewise) = (read(bytes.len()), read(1));
    match (&whole, &bytewise) {
        (Ok(one), Ok(other)) => assert_eq!((one.head.status, &one.body), (other.head.status, &other.body)),
        (Err(one), Err(other)) => assert_eq!(one.kind(), other.kind()),
        _ => panic!("{whole:?} is not {bytewise:?}"),
    }
    whole
}

#[test]
fn a_connection_serves_one_request_after_another() {
    let mut connection = connection();
    for _ in 0..3 {
        let head = connection.start(b"GET", b"/x?y", &headers(&[("Host", "a")])).unwrap();
        assert_eq!(head, "GET /x?y HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(connection.end().unwrap(), "");
        connection.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        let response = response(|| connection.event()).unwrap();
        assert_eq!((&response.body[..], response.reuse), (&b"hi"[..], Reuse::Yes));
    }
}

#[test]
fn responses_are_framed_in_every_way() {
    let counted = get(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false).unwrap();
    let chunked =
        get(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false).unwrap();
    let closed = get(b"HTTP/1.0 200 OK\r\n\r\nhello", true).unwrap();
    for response in [&counted, &chunked, &closed] {
        assert_eq!(response.body, "hello");
    }
    assert_eq!((counted.head.version, closed.head.version), ("HTTP/1.1", "HTTP/1.0"));
    assert_eq!(closed.reuse, Reuse::No(CloseReason::UntilClose));
}

#[test]
fn interim_responses_come_before_the_response() {
    let bytes =
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 OK\r\n\r\n";
    let response = get(bytes, false).unwrap();
    assert_eq!((response.interims, response.head.status), (vec![100, 103], 204));
}

#[test]
fn what_a_peer_can_do_wrong_is_told_apart() {
    let silent = get(b"HTTP/1.1 100 Continue\r\n\r\n", true).unwrap_err();
    assert_eq!(silent.kind(), Kind::Incomplete);
    let garbage = get(b"Wait, this isn't valid HTTP!", false).unwrap_err();
    assert_eq!(garbage.kind(), Kind::Protocol);
    let cut = get(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", true).unwrap_err();
    assert_eq!(cut.kind(), Kind::Incomplete);
    let mut connection = asked(b"GET", &[]);
    connection.receive(b"");
    let nothing = connection.event().unwrap_err();
    assert_eq!(nothing.message(), "Server disconnected without sending a response.");
}

#[test]
fn a_failed_connection_serves_no_more_requests() {
    let mut connection = asked(b"GET", &[]);
    connection.receive(b"HTTP/9");
    connection.event().unwrap_err();
    let error = connection.start(b"GET", b"/", &headers(&[("Host", "a")])).unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidRequest);
    connection.event().unwrap_err();
}

#[test]
fn bytes_that_nobody_asked_for_bar_the_connection() {
    let mut connection = connection();
    connection.receive(b"HTTP/1.1 408 Request Timeout\r\n\r\n");
    assert!(connection.start(b"GET", b"/", &headers(&[("Host", "a")])).is_err());
    assert_eq!(connection.event().unwrap_err().kind(), Kind::Protocol);

    let extra = get(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP", false);
    assert_eq!(extra.unwrap().reuse, Reuse::No(CloseReason::ExtraBytes));
}

#[test]
fn an_invalid_head_leaves_the_connection_as_it_was() {
    let mut connection = connection();
    for bad in [&[("Host", "\0")][..], &[("Host", "a"), ("b c", "")], &[], &[("Host", "a"), ("Host", "b")]] {
        let error = connection.start(b"GET", b"/", &headers(bad)).unwrap_err();
        assert_eq!((error.kind(), error.phase()), (Kind::InvalidRequest, Phase::Build));
    }
    assert!(connection.data(b"x").is_err());
    assert!(connection.end().is_err());
    connection.start(b"GET", b"/", &headers(&[("Host", "a")])).unwrap();
}

#[test]
fn a_second_request_waits_for_the_end_of_the_first() {
    let mut connection = asked(b"GET", &[]);
    assert!(connection.start(b"GET", b"/", &headers(&[("Host", "a")])).is_err());
    connection.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    response(|| connection.event()).unwrap();
    connection.start(b"GET", b"/", &headers(&[("Host", "a")])).unwrap();
}

#[test]
fn bodies_are_held_to_what_was_announced() {
    let mut chunked = connection();
    chunked.start(b"POST", b"/", &headers(&[("Host", "a"), ("Transfer-Encoding", "chunked")])).unwrap();
    assert!(!chunked.is_raw());
    assert_eq!(chunked.data(b"hello").unwrap(), "5\r\nhello\r\n");
    assert_eq!(chunked.data(b"").unwrap(), "");
    assert_eq!(chunked.end().unwrap(), "0\r\n\r\n");
    assert!(chunked.data(b"more").is_err());
    assert!(chunked.end().is_err());

    let mut counted = connection();
    counted.start(b"POST", b"/", &headers(&[("Host", "a"), ("Content-Length", "5")])).unwrap();
    assert!(counted.is_raw());
    assert_eq!(counted.data(b"hel").unwrap(), "hel");
    assert!(counted.end().is_err());
    assert!(counted.advance(3).is_err());
    counted.advance(2).unwrap();
    counted.end().unwrap();
    assert!(!counted.is_raw());
}

#[test]
fn a_response_before_the_end_of_the_request_is_the_last_one() {
    let mut connection = connection();
    connection.start(b"POST", b"/", &headers(&[("Host", "a"), ("Content-Length", "9")])).unwrap();
    connection.receive(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    let early = response(|| connection.event()).unwrap();
    assert_eq!(early.reuse, Reuse::No(CloseReason::RequestUnfinished));
    assert!(connection.start(b"GET", b"/", &headers(&[("Host", "a")])).is_err());
}

#[test]
fn what_follows_an_upgrade_is_not_read_as_http() {
    let upgrade: &[(&str, &str)] = &[("Connection", "upgrade"), ("Upgrade", "custom")];
    let mut connection = asked(b"GET", upgrade);
    connection.receive(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: custom\r\n\r\nfoo");
    assert!(connection.trailing().is_empty());
    let response = response(|| connection.event()).unwrap();
    assert_eq!(response.head.status, 101);
    assert_eq!(response.reuse, Reuse::No(CloseReason::UpgradedOrTunnel));
    assert!(connection.is_upgraded());
    connection.receive(b"bar");
    assert_eq!(connection.trailing(), "foobar");
    assert_eq!(connection.trailing(), "");

    let mut tunnel = self::connection();
    tunnel.start(b"CONNECT", b"a:443", &headers(&[("Host", "a:443")])).unwrap();
    tunnel.receive(b"HTTP/1.1 200 OK\r\n\r\n\x16\x03");
    assert!(matches!(tunnel.event(), Ok(Some(Event::Head(_)))));
    assert_eq!(tunnel.trailing(), "\x16\x03");
}
