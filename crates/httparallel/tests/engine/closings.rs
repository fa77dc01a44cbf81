//! Why connections are closed, as the pool tells.

use httparallel::pool::{CloseReason, Closed, Dropped};
use httparallel::{Config, Engine, Limits};
use httparallel_testserver::Script;

use crate::common::{
    DRIVERS, Driver, engine, eventually, get, h2c, millis, play, play_each, send, server, settings,
};

fn assert_closed(engine: &Engine, why: Closed) {
    eventually(why.explain(), || engine.closings() == [(why, 1)]);
    assert!(!engine.connections().iter().any(|connection| connection.state == "ACTIVE"));
}

#[test]
fn a_connection_that_goes_on_was_closed_for_no_reason() {
    let server = server();
    for driver in DRIVERS {
        let engine = engine();
        send(&engine, get(&server.http_url()), driver).unwrap();
        assert_eq!(engine.closings(), []);
    }
}

#[test]
fn a_server_that_asks_for_it_is_the_reason() {
    for driver in DRIVERS {
        let engine = engine();
        let server =
            play(Script::new().expect_request().send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"));
        send(&engine, get(&server.url()), driver).unwrap();
        assert_closed(&engine, Closed::Unfit(CloseReason::ConnectionClose));
    }
}

#[test]
fn a_server_that_closes_an_idle_connection_is_the_reason() {
    for driver in DRIVERS {
        let engine = engine();
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        let closing = Script::new().expect_request().send(ok).wait("idle").close();
        let server = play_each(vec![closing, Script::new().expect_request().send(ok).forever()]);
        send(&engine, get(&server.url()), driver).unwrap();
        server.signal("idle");
        eventually("the connection is closed", || server.finished() == 1);
        send(&engine, get(&server.url()), driver).unwrap();
        assert_closed(&engine, Closed::Stale);
    }
}

#[test]
fn idling_too_long_is_the_reason() {
    let server = server();
    for driver in DRIVERS {
        let limits = Limits { keepalive_expiry: Some(millis(20)), ..Limits::default() };
        let engine = Engine::new(Config { limits, ..Config::default() });
        send(&engine, get(&server.http_url()), driver).unwrap();
        assert_closed(&engine, Closed::Dropped(Dropped::Expired));
    }
}

#[test]
fn a_cancelled_request_is_the_reason_on_http_1_only() {
    let server = server();
    for (config, expected) in [(Config::default(), vec![(Closed::Cancelled, 1)]), (h2c(), vec![])] {
        server.reset_stats();
        let engine = Engine::new(config);
        let url = format!("{}/hang", server.http_url());
        let operation = engine.start(get(&url), settings(Driver::IoThread), None).unwrap();
        eventually("the request is there", || server.stats().requests == 1);
        operation.cancel();
        send(&engine, get(&server.http_url()), Driver::IoThread).unwrap();
        assert_eq!(engine.closings(), expected);
    }
}

#[test]
fn closing_the_pool_is_the_reason() {
    let server = server();
    for driver in DRIVERS {
        let engine = engine();
        send(&engine, get(&server.http_url()), driver).unwrap();
        engine.close();
        assert_closed(&engine, Closed::Dropped(Dropped::PoolClosed));
    }
}
