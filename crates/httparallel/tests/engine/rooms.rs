//! Large bodies go into one piece of memory, which their owner may give, and which no false announcement gets.

use std::mem::MaybeUninit;
use std::sync::Arc;

use httparallel::{Kind, Operation, Phase, Policy, Result, Room, Settings};
use httparallel_testserver::Script;

use crate::common::{DRIVERS, streaming};
use crate::common::{Driver, assert_fails, engine, eventually, finish, get, play, send, settings, wait};

/// Twice as much gets a room from both drivers.
const PART: usize = 4 * 1024 * 1024;

/// Memory like that of a binding. Somebody holds the other half of `_alive`, to see whether it has been dropped.
#[derive(Debug)]
struct Memory {
    bytes: Box<[MaybeUninit<u8>]>,
    _alive: Arc<()>,
}

impl Room for Memory {
    fn all(&mut self) -> &mut [MaybeUninit<u8>] {
        &mut self.bytes
    }
}

/// An owner that gives what it is asked for.
#[derive(Debug, Default)]
struct Owner {
    asked: Vec<usize>,
    alive: Arc<()>,
}

impl Owner {
    fn give(&mut self, operation: &Operation) {
        operation.give_room(|bytes| {
            self.asked.push(bytes);
            let bytes = Box::new_uninit_slice(bytes);
            Some(Box::new(Memory { bytes, _alive: self.alive.clone() }))
        });
    }

    /// Waits for the response, giving room. The body is in a room, or it is empty.
    fn body(&mut self, operation: &Operation) -> Result<Vec<u8>> {
        while !operation.is_ready() {
            self.give(operation);
            wait(operation);
        }
        let exchange = operation.take_exchange()?;
        let Some(mut room) = exchange.room else { return Ok(Vec::new()) };
        assert!(exchange.body.is_empty(), "in a room and in pieces");
        // SAFETY: the engine has written all of a room that it gives back.
        Ok(room.all().iter().map(|byte| unsafe { byte.assume_init() }).collect())
    }
}

fn giving(settings: Settings) -> Settings {
    Settings { gives_room: true, ..settings }
}

/// Bytes of which no two neighbourhoods are alike.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index ^ (index >> 8) ^ (index >> 16)).to_le_bytes()[0]).collect()
}

fn head(length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")
}

/// An answer that sends the body in three parts: with the head, up to its last byte, and, after a signal, that.
fn in_parts(script: Script, body: &[u8], signal: &str) -> Script {
    let (first, rest) = body.split_at(5000);
    let (middle, last) = rest.split_at(rest.len() - 1);
    let script = script.expect_request().send([head(body.len()).as_bytes(), first].concat());
    script.send(middle).wait(signal).send(last)
}

#[test]
fn a_large_body_arrives_whole_in_its_owners_room() {
    let body = pattern(3 * PART + 123);
    for driver in DRIVERS {
        let script = in_parts(in_parts(Script::new(), &body, "first"), &body, "second");
        let (server, engine) = (play(script.hang()), engine());
        for signal in ["first", "second"] {
            let mut owner = Owner::default();
            let operation = engine.start(get(&server.url()), giving(settings(driver)), None).unwrap();
            wait(&operation);
            owner.give(&operation);
            server.signal(signal);
            assert!(owner.body(&operation).unwrap() == body, "{driver:?}");
            assert_eq!(owner.asked, [body.len()]);
        }
        assert_eq!(server.received().len(), 1, "the connection was not used again");
    }
}

#[test]
fn without_a_given_room_it_arrives_whole_and_in_one_piece() {
    let body = pattern(3 * PART + 123);
    for driver in DRIVERS {
        let server = play(in_parts(Script::new(), &body, "go").hang());
        let engine = engine();
        server.signal("go");
        let operation = engine.start(get(&server.url()), settings(driver), None).unwrap();
        wait(&operation);
        let pieces = operation.take_body().unwrap().unwrap();
        assert_eq!(pieces.len(), 1);
        assert!(pieces[0] == body, "{driver:?}");
    }
}

#[test]
fn an_owner_that_gives_nothing_or_too_little_gets_pieces() {
    let body = pattern(2 * PART);
    for driver in DRIVERS {
        for given in [None, Some(PART)] {
            let server = play(in_parts(Script::new(), &body, "go").hang());
            let engine = engine();
            let operation = engine.start(get(&server.url()), giving(settings(driver)), None).unwrap();
            wait(&operation);
            operation.give_room(|_| {
                let bytes = Box::new_uninit_slice(given?);
                Some(Box::new(Memory { bytes, _alive: Arc::default() }))
            });
            server.signal("go");
            assert!(finish(&operation).unwrap().body == body, "{driver:?}, {given:?}");
        }
    }
}

#[test]
fn the_io_thread_does_not_wait_for_an_owner_that_is_busy() {
    let body = pattern(2 * PART);
    let server = play(in_parts(Script::new(), &body, "go").hang());
    let engine = engine();
    let operation = engine.start(get(&server.url()), giving(settings(Driver::IoThread)), None).unwrap();
    wait(&operation);
    assert!(operation.asks_for_room());
    server.signal("go");
    eventually("the response is there", || operation.is_ready());
    assert!(!operation.asks_for_room());
    assert!(finish(&operation).unwrap().body == body);
}

#[test]
fn what_came_before_an_owner_gave_room_is_moved_there() {
    let body = pattern(2 * PART);
    let (before, after) = body.split_at(PART);
    let script = Script::new().expect_request().send(head(body.len())).send(before);
    let server = play(script.wait("given").send(after).hang());
    let engine = engine();
    let operation = engine.start(get(&server.url()), giving(settings(Driver::IoThread)), None).unwrap();
    wait(&operation);
    let mut owner = Owner::default();
    owner.give(&operation);
    server.signal("given");
    assert!(owner.body(&operation).unwrap() == body);
    assert_eq!(owner.asked, [body.len()]);
}

#[test]
fn a_body_that_ends_early_is_an_error_and_its_room_is_dropped() {
    for driver in DRIVERS {
        let script = Script::new().expect_request().send(head(2 * PART)).send(pattern(PART));
        let server = play(script.wait("go").close().forever());
        let mut owner = Owner::default();
        let engine = engine();
        let operation = engine.start(get(&server.url()), giving(settings(driver)), None).unwrap();
        wait(&operation);
        owner.give(&operation);
        server.signal("go");
        let error = assert_fails(owner.body(&operation), Kind::Incomplete, Phase::Read);
        assert!(error.message().ends_with("received 4194304 bytes, expected 8388608"), "{error}");
        assert_eq!(owner.asked, [2 * PART]);
        eventually("the room is dropped", || Arc::strong_count(&owner.alive) == 1);
        assert_fails(send(&engine, get(&server.url()), driver), Kind::Incomplete, Phase::Read);
    }
}

#[test]
fn a_cancelled_request_drops_its_room() {
    let server = play(Script::new().expect_request().send(head(2 * PART)).send(pattern(PART)).hang());
    let mut owner = Owner::default();
    let engine = engine();
    let operation = engine.start(get(&server.url()), giving(settings(Driver::IoThread)), None).unwrap();
    wait(&operation);
    owner.give(&operation);
    operation.cancel();
    assert_fails(operation.take_exchange(), Kind::Cancelled, Phase::Total);
    drop(operation);
    eventually("the room is dropped", || Arc::strong_count(&owner.alive) == 1);
}

#[test]
fn a_false_announcement_reserves_no_memory() {
    for driver in DRIVERS {
        // One part in 64 has to arrive first of what is more than 64 MiB; here one byte is missing.
        for (announced, sent) in [(usize::MAX, 2 * PART), (128 * PART, 2 * PART - 1)] {
            let script = Script::new().expect_request().send(head(announced)).send(pattern(sent)).close();
            let server = play(script.forever());
            let mut owner = Owner::default();
            let engine = engine();
            let operation = engine.start(get(&server.url()), giving(settings(driver)), None).unwrap();
            assert_fails(owner.body(&operation), Kind::Incomplete, Phase::Read);
            assert_eq!(owner.asked, [0; 0], "{driver:?}, {announced}");
            assert_fails(send(&engine, get(&server.url()), driver), Kind::Incomplete, Phase::Read);
        }
        let script = Script::new().expect_request().send(head(128 * PART)).send(pattern(2 * PART));
        let server = play(script.wait("go").close());
        let mut owner = Owner::default();
        let engine = engine();
        let operation = engine.start(get(&server.url()), giving(settings(driver)), None).unwrap();
        wait(&operation);
        owner.give(&operation);
        server.signal("go");
        assert_fails(owner.body(&operation), Kind::Incomplete, Phase::Read);
        assert_eq!(owner.asked, [128 * PART], "{driver:?}");
    }
}

#[test]
fn bodies_that_are_small_coded_streamed_or_redirected_have_no_room() {
    let answer = |fields: &str, length: usize| {
        format!("HTTP/1.1 {fields}\r\nContent-Length: {length}\r\n\r\n{}", "x".repeat(length))
    };
    let following = |driver| Settings {
        policy: Policy { follow_redirects: true, ..Policy::default() },
        ..settings(driver)
    };
    for driver in DRIVERS {
        let cases = [
            (answer("200 OK", 512 * 1024 - 1), settings(driver)),
            (answer("200 OK\r\nContent-Encoding: gzip", 2 * PART), settings(driver)),
            (answer("200 OK", 2 * PART), streaming(driver)),
            (answer("302 Found\r\nLocation: /", 2 * PART) + &answer("200 OK", 2), following(driver)),
        ];
        for (answers, settings) in cases {
            let (first, second) = answers.split_at(answers.rfind("HTTP/1.1").unwrap());
            let script = [first, second].into_iter().filter(|part| !part.is_empty());
            let server = play(script.fold(Script::new(), |script, part| script.expect_request().send(part)));
            let engine = engine();
            let operation = engine.start(get(&server.url()), giving(settings), None).unwrap();
            finish(&operation).unwrap();
            operation.give_room(|bytes| panic!("{bytes} bytes were asked for"));
            assert!(operation.take_exchange().is_ok_and(|exchange| exchange.room.is_none()));
        }
    }
}
