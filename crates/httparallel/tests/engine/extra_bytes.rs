//! Bytes that nobody asked for never become the next response (RFC 9112 section 9.2).

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::Wake;

use httparallel::{Config, Content, Engine, Limits, Listener, Operation};
use httparallel_testserver::{Script, ScriptedServer};

use crate::common::{
    DRIVERS, Driver, LIMIT, count, engine, eventually, finish, get, play, play_each, request, send, settings,
};

const EVIL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL";

fn good() -> Script {
    Script::new().expect_request().send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood").forever()
}

/// Answers, and says something more at the signal.
fn evil_when_idle() -> Script {
    let answered = Script::new().expect_request().send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    answered.wait("idle").send(EVIL).hang()
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
        let server = play_each(vec![evil_when_idle(), good()]);
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
        let server = play_each(vec![evil_when_idle(), good()]);
        let engine = engine();
        send(&engine, get(&server.url()), first_driver).unwrap();
        server.signal("idle");
        std::thread::sleep(crate::common::millis(20));
        next_is_answered_by_a_fresh_connection(&engine, &server, second_driver);
    }
}

/// Keeps the thread that wakes it: it says that it has been woken, and waits.
struct HoldUp {
    woken: Sender<()>,
    go_on: Mutex<Receiver<()>>,
}

impl Wake for HoldUp {
    fn wake(self: Arc<Self>) {
        self.woken.send(()).unwrap();
        self.go_on.lock().unwrap().recv_timeout(LIMIT).unwrap();
    }
}

/// Holds up the I/O thread until something is sent.
fn hold_up(engine: &Engine) -> Sender<()> {
    let answer = "HTTP/1.1 204 No Content\r\n\r\n";
    let server = play(Script::new().expect_request().wait("answer").send(answer).hang());
    let operation = start(engine, &server);
    let ((woken, is_woken), (go_on, goes_on)) = (channel(), channel());
    let waker = Arc::new(HoldUp { woken, go_on: Mutex::new(goes_on) });
    assert!(operation.listen(Listener::Waker(waker.into())));
    server.signal("answer");
    is_woken.recv_timeout(LIMIT).unwrap();
    go_on
}

#[test]
fn a_request_that_is_still_to_be_written_is_not_answered_by_them() {
    let server = play_each(vec![evil_when_idle(), good()]);
    let engine = engine();
    send(&engine, get(&server.url()), Driver::IoThread).unwrap();

    // With that much under way, requests are left to the I/O thread.
    let others = play(Script::new().expect_request().hang());
    let hanging: Vec<_> = (0..8).map(|_| start(&engine, &others)).collect();
    eventually("all are under way", || others.received().len() == 8);
    let go_on = hold_up(&engine);

    let operation = start(&engine, &server);
    server.signal("idle");
    std::thread::sleep(crate::common::millis(20));
    go_on.send(()).unwrap();
    assert_eq!(finish(&operation).unwrap().text(), "good");
    assert_eq!(server.received().len(), 2, "the old connection was used");
    assert_eq!(operation.timings().attempts, 1);
    hanging.iter().for_each(Operation::cancel);
}

fn start(engine: &Engine, server: &ScriptedServer) -> Operation {
    engine.start(get(&server.url()), settings(Driver::IoThread), None).unwrap()
}

#[test]
fn after_a_few_dead_connections_a_fresh_one_is_taken() {
    const NUMBER: usize = 100;
    let once = Script::new()
        .expect_request()
        .wait("first")
        .send("HTTP/1.1 204 No Content\r\n\r\n")
        .wait("all")
        .close();
    let mut scripts = vec![once; NUMBER];
    scripts.push(good());
    let server = play_each(scripts);
    let limits = Limits { max_connections: None, max_keepalive_connections: None, ..Limits::default() };
    let engine = Engine::new(Config { limits, ..Config::default() });
    let first: Vec<_> = (0..NUMBER).map(|_| start(&engine, &server)).collect();
    eventually("each has a connection", || server.received().len() == NUMBER);
    server.signal("first");
    for operation in &first {
        finish(operation).unwrap();
    }
    eventually("all are idle", || count(&engine, "IDLE") == NUMBER);

    let go_on = hold_up(&engine);
    server.signal("all");
    std::thread::sleep(crate::common::millis(50));
    let operation = start(&engine, &server);
    assert!(count(&engine, "IDLE") > NUMBER - 10, "each one was tried");
    go_on.send(()).unwrap();
    assert_eq!(finish(&operation).unwrap().text(), "good");
}
