//! Responses whose framing is wrong, hostile or odd: none is delivered as something it is not.

use httparallel::{Kind, Phase, Result};
use httparallel_testserver::Script;

use crate::common::{Answer, DRIVERS, Driver, assert_fails, engine, get, play, request, send};

/// The outcome of a request that is answered with these bytes, after which the server closes.
fn answered(method: &str, bytes: &[u8], driver: Driver) -> Result<Answer> {
    let server = play(Script::new().expect_request().send(bytes).close());
    send(&engine(), request(method, &server.url(), httparallel::Content::Empty), driver)
}

#[track_caller]
fn fails_with(kind: Kind, bytes: &[u8]) {
    for driver in DRIVERS {
        let error = assert_fails(answered("GET", bytes, driver), kind, Phase::Read);
        assert!(!error.message().is_empty());
    }
}

#[track_caller]
fn is_refused(bytes: &[u8]) {
    fails_with(Kind::Protocol, bytes);
}

/// That the engine refuses an answer that never ends, long before it has read `times` pieces.
#[track_caller]
fn refuses_endless(start: &[u8], piece: &[u8], times: u64) {
    for driver in DRIVERS {
        let script = Script::new().expect_request().send(start).send_repeated(piece, times).hang();
        let server = play(script);
        let outcome = send(&engine(), get(&server.url()), driver);
        assert_fails(outcome, Kind::Protocol, Phase::Read);
        assert!(server.wait_finished(crate::common::LIMIT, 1), "the connection is still open");
    }
}

#[test]
fn chunked_wins_over_content_length_and_the_connection_is_not_reused() {
    for driver in DRIVERS {
        let answer =
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
        let server = play(Script::new().expect_request().send(answer).forever());
        let engine = engine();
        for connections in 1..3 {
            assert_eq!(send(&engine, get(&server.url()), driver).unwrap().text(), "ok");
            assert_eq!(server.received().len(), connections);
        }
    }
}

#[test]
fn refuses_content_lengths_that_differ_or_are_no_numbers() {
    for length in
        ["5\r\nContent-Length: 6", "5, 6", "+5", "-1", "5 5", "0x5", "", "111111111111111111111111111111"]
    {
        is_refused(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nhello").as_bytes());
    }
}

#[test]
fn takes_a_content_length_that_is_repeated_alike() {
    for driver in DRIVERS {
        let answer = answered("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", driver);
        assert_eq!(answer.unwrap().text(), "hello");
    }
}

#[test]
fn refuses_transfer_codings_it_does_not_know() {
    for coding in ["xchunked", "chunked, chunked", "chunked, gzip", "gzip"] {
        let head =
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\nContent-Length: 5\r\n\r\nhello");
        is_refused(head.as_bytes());
    }
}

#[test]
fn refuses_malformed_chunks() {
    for chunks in [
        "5\r\nhelloXX0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
    ] {
        is_refused(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}").as_bytes());
    }
}

#[test]
fn refuses_an_endless_chunk_extension() {
    refuses_endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=", b"xxxxxxxx", 8 << 20);
}

#[test]
fn refuses_endless_trailers() {
    refuses_endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n", 8 << 20);
}

#[test]
fn refuses_endless_headers() {
    refuses_endless(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", 8 << 20);
    refuses_endless(b"HTTP/1.1 200 OK\r\nA: ", b"bbbbbbbb", 8 << 20);
    refuses_endless(b"HTTP/1.1 200 OK\r\n", b"A:\r\n", 100_000);
}

#[test]
fn refuses_endless_interim_responses() {
    refuses_endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 1 << 20);
}

#[test]
fn an_interim_response_is_not_the_answer() {
    let interim =
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    for driver in DRIVERS {
        let answer = answered("GET", interim, driver).unwrap();
        assert_eq!((answer.status(), answer.text()), (200, "ok"));
    }
    fails_with(Kind::Incomplete, b"HTTP/1.1 103 Early Hints\r\n\r\n");
}

#[test]
fn refuses_to_switch_protocols_unasked() {
    is_refused(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
}

#[test]
fn refuses_control_characters_in_headers() {
    for value in ["a\0b", "a\rb", "a\x01b", "a\x7fb"] {
        is_refused(format!("HTTP/1.1 200 OK\r\nA: {value}\r\nContent-Length: 0\r\n\r\n").as_bytes());
    }
}

#[test]
fn a_folded_header_becomes_one_line_or_is_refused() {
    for driver in DRIVERS {
        let outcome = answered("GET", b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n", driver);
        if let Ok(answer) = outcome {
            let value = answer.head.headers.get("a").unwrap();
            assert!(!value.contains(&b'\n') && !value.contains(&b'\r'), "{value:?}");
        }
    }
}

#[test]
fn refuses_bad_header_names() {
    for line in ["A : b", ": b", "A b: c", "A"] {
        is_refused(format!("HTTP/1.1 200 OK\r\n{line}\r\nContent-Length: 0\r\n\r\n").as_bytes());
    }
}

#[test]
fn refuses_what_is_not_http_1() {
    for start in ["hello\r\n\r\n", "<html>\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/0.9 200 OK\r\n\r\n"] {
        is_refused(start.as_bytes());
    }
    for status in ["99", "1000", "20", "abc", "+200", "-20"] {
        is_refused(format!("HTTP/1.1 {status} OK\r\nContent-Length: 0\r\n\r\n").as_bytes());
    }
}

#[test]
fn responses_without_content_end_with_their_head() {
    for driver in DRIVERS {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(answered("HEAD", head, driver).unwrap().text(), "");
        for status in ["204 No Content", "304 Not Modified"] {
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\n");
            let server = play(Script::new().expect_request().send(head).hang());
            assert_eq!(send(&engine(), get(&server.url()), driver).unwrap().text(), "");
        }
    }
}

#[test]
fn a_body_without_framing_ends_with_the_connection() {
    for driver in DRIVERS {
        assert_eq!(answered("GET", b"HTTP/1.1 200 OK\r\n\r\nhello", driver).unwrap().text(), "hello");
        assert_eq!(answered("GET", b"HTTP/1.0 200 OK\r\n\r\n", driver).unwrap().text(), "");
    }
}

#[test]
fn an_early_end_is_an_error_that_counts_bytes() {
    fails_with(Kind::Incomplete, b"HTTP/1.1 200 OK\r\nContent-Le");
    fails_with(Kind::Incomplete, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
    fails_with(Kind::Incomplete, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    for driver in DRIVERS {
        let outcome = answered("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", driver);
        let error = assert_fails(outcome, Kind::Incomplete, Phase::Read);
        assert!(error.message().contains("received 4 bytes, expected 10"), "{error}");
    }
}

#[test]
fn a_reset_within_the_body_is_an_error_and_frees_the_connection() {
    for driver in DRIVERS {
        let torn = Script::new()
            .expect_request()
            .send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            .wait("read")
            .reset();
        let server = play(torn);
        let engine = engine();
        let operation = engine.start(get(&server.url()), crate::common::streaming(driver), None).unwrap();
        crate::common::wait(&operation);
        server.signal("read");
        assert_fails(crate::common::read_body(&operation), Kind::Network, Phase::Read);
        assert!(engine.connections().is_empty(), "{:?}", engine.connections());
    }
}

#[test]
fn a_huge_content_length_costs_nothing_before_it_arrives() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\ntiny";
    fails_with(Kind::Incomplete, answer);
}
