//! Servers that want a request over HTTP/1.1, or on another connection.

use httparallel::{Config, Engine, Kind, Phase, Protocols, Upload, Verify};
use httparallel_testserver::{Script, ScriptedServer, TestServer, Transport};

use crate::common::{
    DRIVERS, Driver, assert_fails, finish, get, h2c, play_each, post, send, server, settings, streaming, wait,
};
use crate::frames::{DATA, GOAWAY, HEADERS, RST_STREAM, goaway, good, ok, preface};

const HTTP_1_1_REQUIRED: [u8; 4] = [0, 0, 0, 13];

/// `:status: 421` as a literal with the indexed name 8, never to be indexed.
const STATUS_421: [u8; 5] = [0x18, 3, b'4', b'2', b'1'];

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const MISDIRECTED: &str = "HTTP/1.1 421 Misdirected Request\r\nContent-Length: 5\r\n\r\nwrong";

/// An engine that prefers HTTP/2, and a server that plays one script for each connection, over TLS.
fn secure(authority: &TestServer, scripts: Vec<Script>) -> (Engine, ScriptedServer) {
    let verify = Verify::Roots(authority.ca_pem().into_bytes());
    let protocols = Protocols { http1: true, http2: true };
    let engine = Engine::new(Config { verify, protocols, ..Config::default() });
    (engine, ScriptedServer::start_tls(authority, Transport::TlsH2, scripts).unwrap())
}

fn requiring_http1() -> Script {
    preface().expect_frame(HEADERS).send_frame(RST_STREAM, 0, 1, HTTP_1_1_REQUIRED).hang()
}

fn http1() -> Script {
    Script::new().expect_request().send(OK).forever()
}

fn misdirected(script: Script, stream: u32) -> Script {
    script.send_frame(HEADERS, 4, stream, STATUS_421).send_frame(DATA, 1, stream, b"wrong")
}

#[test]
fn a_server_that_requires_http_1_gets_it_for_this_request_and_all_that_follow() {
    let authority = server();
    for driver in DRIVERS {
        for method in ["GET", "POST"] {
            let (engine, server) = secure(&authority, vec![requiring_http1(), http1()]);
            let url = server.https_url();
            let request = if method == "GET" { get(&url) } else { post(&url, "content") };
            for _ in 0..2 {
                let answer = send(&engine, request.clone(), driver).unwrap();
                assert_eq!((answer.head.version, answer.text()), ("HTTP/1.1", "ok"), "{method}");
            }
            assert_eq!(server.received().len(), 2);
        }
    }
}

#[test]
fn a_connection_may_end_because_it_requires_http_1() {
    let authority = server();
    for driver in DRIVERS {
        let leaving = preface().expect_frame(HEADERS).send_frame(GOAWAY, 0, 0, goaway(0, 13)).hang();
        let (engine, server) = secure(&authority, vec![leaving, http1()]);
        let answer = send(&engine, post(&server.https_url(), "content"), driver).unwrap();
        assert_eq!(answer.head.version, "HTTP/1.1");
    }
}

#[test]
fn all_requests_that_were_told_to_speak_http_1_are_sent_again() {
    let authority = server();
    let mut script = preface().expect_frame(HEADERS).expect_frame(HEADERS).expect_frame(HEADERS);
    for stream in [1, 3, 5] {
        script = script.send_frame(RST_STREAM, 0, stream, HTTP_1_1_REQUIRED);
    }
    let (engine, server) = secure(&authority, vec![script.hang(), http1()]);
    let start = || engine.start(get(&server.https_url()), settings(Driver::IoThread), None).unwrap();
    for operation in [start(), start(), start()] {
        assert_eq!(finish(&operation).unwrap().head.version, "HTTP/1.1");
    }
}

#[test]
fn without_http_1_the_demand_for_it_is_the_outcome() {
    for driver in DRIVERS {
        let server = play_each(vec![requiring_http1(), good()]);
        let outcome = send(&Engine::new(h2c()), get(&server.url()), driver);
        assert_fails(outcome, Kind::Protocol, Phase::Read);
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn content_that_is_gone_is_not_sent_again_over_http_1() {
    let authority = server();
    let script = preface().expect_frame(DATA).send_frame(RST_STREAM, 0, 1, HTTP_1_1_REQUIRED).hang();
    let (engine, server) = secure(&authority, vec![script, http1()]);
    let upload = std::sync::Arc::new(Upload::default());
    assert!(upload.push(bytes::Bytes::from_static(b"once")));
    upload.end();
    let request = crate::common::request("PUT", &server.https_url(), httparallel::Content::Stream);
    let operation = engine.start(request, settings(Driver::IoThread), Some(upload)).unwrap();
    assert_fails(finish(&operation), Kind::Protocol, Phase::Read);
    assert_eq!(server.received().len(), 1);
}

#[test]
fn what_a_used_http_2_connection_misdirects_is_sent_again_on_another_one() {
    for driver in DRIVERS {
        let wrong = misdirected(ok(preface().expect_frame(HEADERS), 1).expect_frame(HEADERS), 3).hang();
        let right = ok(ok(preface().expect_frame(HEADERS), 1).expect_frame(HEADERS), 3).hang();
        let server = play_each(vec![wrong, right]);
        let engine = Engine::new(h2c());
        assert_eq!(send(&engine, get(&server.url()), driver).unwrap().text(), "ok");
        for _ in 0..2 {
            let answer = send(&engine, post(&server.url(), "content"), driver).unwrap();
            assert_eq!((answer.status(), answer.text()), (200, "ok"));
        }
        assert_eq!(server.received().len(), 2);
        assert_eq!(engine.connections().len(), 1, "the wrong connection is kept");
    }
}

#[test]
fn a_connection_that_misdirects_finishes_what_is_on_it() {
    let script = preface().expect_frame(HEADERS).send_frame(HEADERS, 4, 1, [0x88]).expect_frame(HEADERS);
    let script = misdirected(script, 3).wait("finish").send_frame(DATA, 1, 1, b"slow").hang();
    let server = play_each(vec![script, good()]);
    let engine = Engine::new(h2c());
    let slow = engine.start(get(&server.url()), streaming(Driver::IoThread), None).unwrap();
    wait(&slow);
    assert_eq!(send(&engine, get(&server.url()), Driver::IoThread).unwrap().text(), "ok");
    server.signal("finish");
    assert_eq!(finish(&slow).unwrap().text(), "slow");
}

#[test]
fn what_a_used_http_1_connection_misdirects_is_sent_again_on_another_one() {
    for driver in DRIVERS {
        let wrong = Script::new().expect_request().send(OK).expect_request().send(MISDIRECTED).hang();
        let server = play_each(vec![wrong, http1()]);
        let engine = crate::common::engine();
        for _ in 0..2 {
            let answer = send(&engine, post(&server.url(), "content"), driver).unwrap();
            assert_eq!((answer.status(), answer.text()), (200, "ok"));
        }
        assert_eq!(server.received().len(), 2);
    }
}

#[test]
fn a_fresh_connection_that_misdirects_has_the_last_word() {
    for driver in DRIVERS {
        let server = play_each(vec![misdirected(preface().expect_frame(HEADERS), 1).hang()]);
        let answer = send(&Engine::new(h2c()), get(&server.url()), driver).unwrap();
        assert_eq!((answer.status(), answer.text()), (421, "wrong"));
        let server = play_each(vec![Script::new().expect_request().send(MISDIRECTED).forever()]);
        let engine = crate::common::engine();
        for connections in [1, 2] {
            let answer = send(&engine, get(&server.url()), driver).unwrap();
            assert_eq!((answer.status(), answer.text()), (421, "wrong"));
            assert_eq!(server.received().len(), connections);
        }
    }
}
