//! Servers that say much and mean nothing: what is bounded ends the connection, and what is only answered holds up
//! nobody.
//!
//! They keep the I/O thread busy, and so have a process of their own: other tests count on milliseconds.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "engine/common.rs"]
#[expect(dead_code, reason = "it has what the tests of the engine need")]
mod common;
#[path = "engine/frames.rs"]
#[expect(dead_code, reason = "it has what the tests of the engine need")]
mod frames;

use h2::Reason;
use httparallel::{Config, Engine, Error, Kind, Phase, Timeouts, Verify};
use httparallel_testserver::{Script, ScriptedServer, Transport};

use crate::common::{
    DRIVERS, Driver, LIMIT, assert_fails, eventually, finish, get, h2c, millis, play, play_each, send,
    send_with, server, settings, wait, within,
};
use crate::frames::{
    DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM, SETTINGS, STATUS_200, good, ok, preface,
};

/// As often as it is listened to.
const ENDLESS: u64 = u64::MAX;
/// More than fits into any buffer on the way.
const MANY: u64 = 100_000;

/// What `h2` calls an attack.
const CALM: Option<Reason> = Some(Reason::ENHANCE_YOUR_CALM);

const PRIORITY: u8 = 2;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const UNKNOWN: u8 = 0xfa;

/// One frame: RFC 9113 section 4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn asked() -> Script {
    preface().expect_frame(HEADERS)
}

/// The request fails, and the connection is closed although the server has more to say. The reason is what `h2`
/// found, if it was `h2` that did.
fn assert_closed(script: &Script, reason: Option<Reason>) {
    for driver in DRIVERS {
        let server = play(script.clone());
        let engine = Engine::new(h2c());
        let error = assert_fails(send(&engine, get(&server.url()), driver), Kind::Protocol, Phase::Read);
        assert_eq!(found(&error), reason, "{error:?}");
        assert!(server.wait_finished(LIMIT, 1), "the connection is still open");
        eventually("the connection is forgotten", || engine.connections().is_empty());
    }
}

fn found(error: &Error) -> Option<Reason> {
    std::error::Error::source(error)?.downcast_ref::<h2::Error>()?.reason()
}

/// The request is answered all the same.
fn assert_answered(script: &Script) {
    for driver in DRIVERS {
        let server = play(script.clone());
        assert_eq!(send(&Engine::new(h2c()), get(&server.url()), driver).unwrap().text(), "ok");
    }
}

#[test]
fn continuations_without_end_close_the_connection() {
    // A literal field whose value never comes to its end, and nothing at all.
    let value = [&[0x00, 1, b'x', 0x7f, 0x80, 0x80, 0x80, 0x01][..], &[b'v'; 16_000]].concat();
    for (first, piece) in [(&value[..], &value[100..]), (&value, &value[100..101]), (&STATUS_200, &[])] {
        let begun = asked().send_frame(HEADERS, 0, 1, first);
        assert_closed(&begun.send_repeated(frame(CONTINUATION, 0, 1, piece), ENDLESS), CALM);
    }
}

#[test]
fn headers_that_expand_too_much_close_the_connection() {
    // A field of 4000 bytes that goes into the table, and references to it of one byte each.
    let field = [&[0x40, 1, b'x', 0x7f, 0xa1, 0x1e][..], &[b'v'; 4000]].concat();
    let bomb = [&STATUS_200[..], &field, &[0xbe; 10_000]].concat();
    assert_closed(&asked().send_frame(HEADERS, END_HEADERS, 1, bomb).hang(), CALM);
    // `cookie: a`, in the same way: what counts is their number.
    let crumbs = [&STATUS_200[..], &[0x60, 1, b'a'], &[0xbe; 16_000]].concat();
    assert_closed(&asked().send_frame(HEADERS, END_HEADERS, 1, crumbs).hang(), CALM);
}

#[test]
fn headers_that_are_somewhat_too_large_fail_their_request_alone() {
    let crumbs = [&STATUS_200[..], &[0x60, 1, b'a'], &[0xbe; 2_000]].concat();
    for driver in DRIVERS {
        let script = asked().send_frame(HEADERS, END_HEADERS, 1, &crumbs).expect_frame(HEADERS);
        let server = play(ok(script, 3).hang());
        let engine = Engine::new(h2c());
        assert_fails(send(&engine, get(&server.url()), driver), Kind::Protocol, Phase::Read);
        assert_eq!(send(&engine, get(&server.url()), driver).unwrap().text(), "ok");
    }
}

#[test]
fn a_table_that_changes_its_size_all_the_time_costs_nothing_but_time() {
    // To nothing and back to 4096, as often as fits into a frame.
    let changes = [&[0x20, 0x3f, 0xe1, 0x1f].repeat(4_000), &STATUS_200[..]].concat();
    let answer = asked().send_frame(HEADERS, END_HEADERS, 1, &changes);
    assert_answered(&answer.send_frame(DATA, END_STREAM, 1, b"ok").hang());
    // One larger than ours is a mistake.
    assert_closed(
        &asked().send_frame(HEADERS, END_HEADERS, 1, [0x3f, 0xe2, 0x1f, 0x88]).hang(),
        Some(Reason::PROTOCOL_ERROR),
    );
}

#[test]
fn empty_data_without_end_closes_the_connection() {
    let begun = || asked().send_frame(HEADERS, END_HEADERS, 1, STATUS_200);
    assert_closed(&begun().send_repeated(frame(DATA, 0, 1, []), ENDLESS), CALM);
    // Padding is no content either.
    assert_closed(&begun().send_repeated(frame(DATA, 8, 1, [255; 256]), ENDLESS), CALM);
}

#[test]
fn interim_responses_without_end_fail_the_request() {
    // `:status: 103` as a literal.
    let interim = frame(HEADERS, END_HEADERS, 1, [0x08, 3, b'1', b'0', b'3']);
    for driver in DRIVERS {
        let server = play(asked().send_repeated(&interim, ENDLESS));
        let engine = Engine::new(h2c());
        assert_fails(send(&engine, get(&server.url()), driver), Kind::Protocol, Phase::Read);
    }
    assert_answered(&ok(asked().send_repeated(&interim, 32), 1).hang());
}

#[test]
fn a_body_in_many_small_pieces_is_kept_in_fewer() {
    const PIECES: usize = 100_000;
    let begun = asked().send_frame(HEADERS, END_HEADERS, 1, STATUS_200);
    let script = begun.send_repeated(frame(DATA, 0, 1, b"x"), PIECES as u64);
    let server = play(script.send_frame(DATA, END_STREAM, 1, []).hang());
    let engine = Engine::new(h2c());
    let operation = engine.start(get(&server.url()), settings(Driver::IoThread), None).unwrap();
    wait(&operation);
    let pieces = operation.take_body().unwrap().unwrap();
    assert_eq!(pieces.iter().map(bytes::Bytes::len).sum::<usize>(), PIECES);
    assert!(pieces.len() < PIECES / 10, "{}", pieces.len());
}

/// Frames that oblige to nothing but to be read, or to an acknowledgement.
fn chatter() -> [(&'static str, Vec<u8>); 8] {
    [
        ("PING", frame(PING, 0, 0, [7; 8])),
        ("SETTINGS", frame(SETTINGS, 0, 0, [])),
        ("a table size", frame(SETTINGS, 0, 0, [0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 16, 0])),
        ("WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, 0, [0, 0, 0, 1])),
        ("WINDOW_UPDATE of a stream", frame(WINDOW_UPDATE, 0, 1, [0, 0, 0, 1])),
        ("PRIORITY", frame(PRIORITY, 0, 1, [0, 0, 0, 0, 1])),
        ("an unknown frame", frame(UNKNOWN, 0, 1, [])),
        ("RST_STREAM of a stream that is over", frame(RST_STREAM, 0, 1, [0, 0, 0, 8])),
    ]
}

#[test]
fn a_request_is_answered_in_the_midst_of_chatter() {
    for (name, frame) in chatter() {
        println!("{name}");
        let first = ok(asked(), 1).expect_frame(HEADERS);
        let script = ok(first.send_repeated(frame, MANY), 3).hang();
        let server = play(script);
        let engine = Engine::new(h2c());
        for _ in 0..2 {
            assert_eq!(send(&engine, get(&server.url()), Driver::IoThread).unwrap().text(), "ok", "{name}");
        }
    }
}

#[test]
fn time_limits_hold_in_the_midst_of_chatter() {
    let read = Timeouts { read: Some(millis(100)), ..Timeouts::NONE };
    let total = Timeouts { total: Some(millis(100)), ..Timeouts::NONE };
    for (name, frame) in chatter() {
        if name.starts_with("RST") {
            continue;
        }
        for (limits, phase) in [(read, Phase::Read), (total, Phase::Total)] {
            for driver in DRIVERS {
                println!("{name} {phase:?} {driver:?}");
                let server = play(asked().send_repeated(&frame, ENDLESS));
                let outcome = send_with(&Engine::new(h2c()), get(&server.url()), within(driver, limits));
                assert_fails(outcome, Kind::Timeout, phase);
            }
        }
    }
}

#[test]
fn chatter_holds_up_no_other_connection() {
    let (quiet, engine) = (server(), Engine::new(h2c()));
    let noisy: Vec<_> = chatter().map(|(_, frame)| play(asked().send_repeated(frame, ENDLESS))).into();
    let start = |url: &str| engine.start(get(url), settings(Driver::IoThread), None).unwrap();
    let waiting: Vec<_> = noisy.iter().map(|server| start(&server.url())).collect();
    for driver in DRIVERS {
        for _ in 0..20 {
            assert_eq!(send(&engine, get(&quiet.http_url()), driver).unwrap().status(), 200);
        }
    }
    waiting.iter().for_each(httparallel::Operation::cancel);
}

#[test]
fn what_belongs_to_no_response_closes_the_connection_in_the_end() {
    let payload = [0; 16_000];
    assert_closed(&asked().send_repeated(frame(UNKNOWN, 0, 1, payload), ENDLESS), None);
    assert_closed(&asked().send_repeated(frame(UNKNOWN, 0, 0, payload), ENDLESS), None);
    for driver in DRIVERS {
        // `h2` knows for a while that the stream was reset, and reads on for nobody.
        let late = frame(DATA, 0, 1, payload);
        let server =
            play_each(vec![ok(asked(), 1).expect_frame(HEADERS).send_repeated(late, ENDLESS), good()]);
        let engine = Engine::new(h2c());
        assert_eq!(send(&engine, get(&server.url()), driver).unwrap().text(), "ok");
        assert_fails(send(&engine, get(&server.url()), driver), Kind::Protocol, Phase::Read);
        assert!(server.wait_finished(LIMIT, 1), "the connection is still open");
        assert_eq!(send(&engine, get(&server.url()), driver).unwrap().text(), "ok");
    }
}

#[test]
fn frames_that_force_resets_close_the_connection() {
    // More streams than `h2` remembers: what comes for one that is over has to be answered with RST_STREAM.
    const STREAMS: u32 = 60;
    for late in [frame(DATA, 0, 1, b"late"), frame(HEADERS, END_HEADERS, 1, STATUS_200)] {
        let on = |number: u32| {
            let mut late = late.clone();
            late[5..9].copy_from_slice(&(2 * number + 1).to_be_bytes());
            late
        };
        let storm: Vec<u8> = (0..STREAMS).flat_map(on).collect();
        for driver in DRIVERS {
            let answers = (0..STREAMS)
                .fold(preface(), |script, number| ok(script.expect_frame(HEADERS), 2 * number + 1));
            let server = play(answers.expect_frame(HEADERS).send_repeated(&storm, ENDLESS));
            let engine = Engine::new(h2c());
            for _ in 0..STREAMS {
                assert_eq!(send(&engine, get(&server.url()), driver).unwrap().text(), "ok");
            }
            let outcome = send(&engine, get(&server.url()), driver);
            assert_eq!(found(&assert_fails(outcome, Kind::Protocol, Phase::Read)), CALM);
            assert!(server.wait_finished(LIMIT, 1), "the connection is still open");
        }
    }
}

#[test]
fn a_server_that_resets_every_stream_fails_every_request_and_no_more() {
    let mut script = preface();
    for number in 0..50 {
        script = script.expect_frame(HEADERS).send_frame(RST_STREAM, 0, 2 * number + 1, [0, 0, 0, 8]);
    }
    let server = play(ok(script.expect_frame(HEADERS), 101).hang());
    let engine = Engine::new(h2c());
    let start = || engine.start(get(&server.url()), settings(Driver::IoThread), None).unwrap();
    let running: Vec<_> = (0..50).map(|_| start()).collect();
    for operation in running {
        assert_fails(finish(&operation), Kind::Protocol, Phase::Read);
    }
    assert_eq!(send(&engine, get(&server.url()), Driver::IoThread).unwrap().text(), "ok");
    assert_eq!(server.received().len(), 1);
}

#[test]
fn time_limits_hold_while_small_chunks_flood() {
    let script = Script::new()
        .expect_request()
        .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        .send_repeated("1\r\nx\r\n", u64::MAX);
    let authority = server();
    let verify = Verify::Roots(authority.ca_pem().into_bytes());
    let total = Timeouts { total: Some(millis(100)), ..Timeouts::NONE };
    for driver in DRIVERS {
        let secure = ScriptedServer::start_tls(&authority, Transport::Tls, vec![script.clone()]).unwrap();
        let plain = play(script.clone());
        for url in [plain.url(), secure.https_url()] {
            let engine = Engine::new(Config { verify: verify.clone(), ..Config::default() });
            assert_fails(send_with(&engine, get(&url), within(driver, total)), Kind::Timeout, Phase::Total);
        }
    }
}
