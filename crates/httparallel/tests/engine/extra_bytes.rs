//! Bytes that nobody asked for never become the next response (RFC 9112 section 9.2).

use httparallel::{Content, Engine};
use httparallel_testserver::{Script, ScriptedServer};

use crate::common::{DRIVERS, Driver, LIMIT, count, engine, eventually, get, play_each, request, send};

const EVIL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL";

fn good() -> Script {
    Script::new().expect_request().send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood").forever()
}

#[track_caller]
fn next_is_answered_by_a_fresh_connection(engine: &Engine, server: &ScriptedServer, driver: Driver) {
    let answer = send(engine, get(&server.url()), driver).unwrap();
    assert_eq!(answer.text(), "good");
    assert_eq!(server.received().len(), 2, "the old connection was used");
}

#[test]
fn in_the_same_segment_they_close_the_connection() {
    for driver in DRIVERS {
        for (method, answer) in [
            ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
            ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
            ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
            ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n"),
            ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
        ] {
            let first = Script::new().expect_request().send(format!("{answer}{EVIL}")).hang();
            let server = play_each(vec![first, good()]);
            let engine = engine();
            send(&engine, request(method, &server.url(), Content::Empty), driver).unwrap();
            next_is_answered_by_a_fresh_connection(&engine, &server, driver);
            assert!(server.wait_finished(LIMIT, 1), "the first connection is still open");
        }
    }
}

#[test]
fn on_an_idle_connection_they_close_it() {
    for driver in DRIVERS {
        let first = Script::new()
            .expect_request()
            .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .wait("idle")
            .send(EVIL)
            .hang();
        let server = play_each(vec![first, good()]);
        let engine = engine();
        send(&engine, get(&server.url()), driver).unwrap();
        assert_eq!(count(&engine, "IDLE"), 1);
        server.signal("idle");
        if driver == Driver::IoThread {
            eventually("the idle connection is closed", || engine.connections().is_empty());
        } else {
            // Nobody watches it: it is looked at when it is to be used. The bytes take a moment to get there.
            std::thread::sleep(crate::common::millis(20));
        }
        next_is_answered_by_a_fresh_connection(&engine, &server, driver);
    }
}

#[test]
fn they_are_seen_when_the_drivers_change() {
    for (first_driver, second_driver) in
        [(Driver::Caller, Driver::IoThread), (Driver::IoThread, Driver::Caller)]
    {
        let first = Script::new()
            .expect_request()
            .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .wait("idle")
            .send(EVIL)
            .hang();
        let server = play_each(vec![first, good()]);
        let engine = engine();
        send(&engine, get(&server.url()), first_driver).unwrap();
        server.signal("idle");
        std::thread::sleep(crate::common::millis(20));
        next_is_answered_by_a_fresh_connection(&engine, &server, second_driver);
    }
}
