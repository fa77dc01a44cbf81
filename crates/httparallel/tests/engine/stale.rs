//! Connections that die while they idle, and connections that die at once.

use httparallel::{Kind, Phase};
use httparallel_testserver::Script;

use crate::common::{
    DRIVERS, Driver, assert_fails, count, engine, eventually, finish, get, play, play_each, post, send,
    settings, with_header,
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// The first connection answers one request and takes a second one without an answer.
fn stale_then_good() -> Vec<Script> {
    let stale = Script::new().expect_request().send(OK).expect_request().close();
    vec![stale, Script::new().expect_request().send(OK).forever()]
}

#[test]
fn a_get_lost_on_a_reused_connection_is_sent_again_on_a_fresh_one() {
    for driver in DRIVERS {
        let server = play_each(stale_then_good());
        let engine = engine();
        for _ in 0..2 {
            assert_eq!(send(&engine, get(&server.url()), driver).unwrap().text(), "ok");
        }
        assert_eq!(server.received().len(), 2);
    }
}

#[test]
fn a_get_reset_on_a_reused_connection_is_sent_again_on_a_fresh_one() {
    for driver in DRIVERS {
        let stale = Script::new().expect_request().send(OK).expect_request().reset();
        let server = play_each(vec![stale, Script::new().expect_request().send(OK).forever()]);
        let engine = engine();
        for _ in 0..2 {
            assert_eq!(send(&engine, get(&server.url()), driver).unwrap().text(), "ok");
        }
    }
}

#[test]
fn a_post_lost_on_a_reused_connection_is_not_sent_again() {
    for driver in DRIVERS {
        let server = play_each(stale_then_good());
        let engine = engine();
        send(&engine, get(&server.url()), driver).unwrap();
        assert_fails(send(&engine, post(&server.url(), "once"), driver), Kind::Protocol, Phase::Read);
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn a_post_with_an_idempotency_key_is_sent_again() {
    for driver in DRIVERS {
        let server = play_each(stale_then_good());
        let engine = engine();
        send(&engine, get(&server.url()), driver).unwrap();
        let request = with_header(post(&server.url(), "again"), "Idempotency-Key", "1");
        assert_eq!(send(&engine, request, driver).unwrap().text(), "ok");
        assert_eq!(server.received().len(), 2);
    }
}

#[test]
fn a_post_is_not_even_tried_on_a_connection_that_was_closed_before() {
    for driver in DRIVERS {
        let closing = Script::new().expect_request().send(OK).close();
        let server = play_each(vec![closing, Script::new().expect_request().send(OK).forever()]);
        let engine = engine();
        send(&engine, get(&server.url()), driver).unwrap();
        assert!(server.wait_finished(crate::common::LIMIT, 1));
        assert_eq!(send(&engine, post(&server.url(), "once"), driver).unwrap().text(), "ok");
    }
}

#[test]
fn a_fresh_connection_that_is_closed_unanswered_is_not_tried_again() {
    for driver in DRIVERS {
        let server = play(Script::new().expect_request().close());
        assert_fails(send(&engine(), get(&server.url()), driver), Kind::Protocol, Phase::Read);
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn a_server_that_always_loses_the_second_request_is_given_up() {
    for driver in DRIVERS {
        let server = play(Script::new().expect_request().send(OK).expect_request().close());
        let engine = engine();
        for _ in 0..20 {
            assert_eq!(send(&engine, get(&server.url()), driver).unwrap().text(), "ok");
        }
    }
}

#[test]
fn a_get_is_sent_again_on_a_fresh_connection_however_many_idle_ones_are_stale() {
    for driver in DRIVERS {
        let stale = || Script::new().expect_request().wait("all").send(OK).expect_request().close();
        let good = Script::new().expect_request().send(OK).forever();
        let server = play_each(vec![stale(), stale(), stale(), good]);
        let engine = engine();
        let start = || engine.start(get(&server.url()), settings(Driver::IoThread), None).unwrap();
        let first = [start(), start(), start()];
        server.signal("all");
        for operation in first {
            assert_eq!(finish(&operation).unwrap().text(), "ok");
        }
        eventually("all idle", || count(&engine, "IDLE") == 3);
        assert_eq!(send(&engine, get(&server.url()), driver).unwrap().text(), "ok");
        // One of the three was tried, and the fresh one serves.
        assert_eq!((count(&engine, "IDLE"), server.received().len()), (3, 4));
    }
}
