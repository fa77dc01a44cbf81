//! HTTP/2: many requests on one connection, and the limits that the peer sets.

use std::time::Instant;

use httparallel::{Config, Engine, Kind, Limits, Phase, Protocols, Timeouts, Verify};

use crate::common::{
    DRIVERS, Driver, assert_fails, assert_took, count, eventually, finish, get, h2c, millis, post, send,
    send_with, server, settings, streaming, wait, within,
};

fn both(server: &httparallel_testserver::TestServer) -> [(Config, String); 2] {
    let tls = Config {
        verify: Verify::Roots(server.ca_pem().into_bytes()),
        protocols: Protocols { http1: true, http2: true },
        ..Config::default()
    };
    [(h2c(), server.http_url()), (tls, server.https_url())]
}

fn with_connections(config: Config, max: usize) -> Config {
    Config { limits: Limits { max_connections: Some(max), ..Limits::default() }, ..config }
}

#[test]
fn requests_and_bodies_go_both_ways() {
    let server = server();
    for (config, base) in both(&server) {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            let answer = send(&engine, get(&base), driver).unwrap();
            assert_eq!((answer.head.version, answer.text()), ("HTTP/2", "Hello, world!"));
            let body = vec![7; 3_000_000];
            let echoed = send(&engine, post(&format!("{base}/echo-body"), body.clone()), driver).unwrap();
            assert_eq!(echoed.body, body);
            assert_eq!(engine.connections().len(), 1);
            assert_eq!(engine.connections()[0].protocol, Some("HTTP/2"));
        }
    }
}

#[test]
fn two_hundred_requests_share_one_connection() {
    let server = server();
    for (config, base) in both(&server) {
        server.reset_stats();
        let engine = Engine::new(config);
        let url = format!("{base}/delay/30");
        let running: Vec<_> =
            (0..200).map(|_| engine.start(get(&url), settings(Driver::IoThread), None).unwrap()).collect();
        for operation in &running {
            assert_eq!(finish(operation).unwrap().status(), 200);
        }
        let stats = server.stats();
        assert_eq!((stats.connections_opened, stats.h2_streams), (1, 200));
    }
}

#[test]
fn more_connections_are_opened_when_their_streams_are_full() {
    let server = server();
    let engine = Engine::new(with_connections(h2c(), 3));
    let url = format!("{}/delay/20", server.limited_url());
    let running: Vec<_> =
        (0..30).map(|_| engine.start(get(&url), settings(Driver::IoThread), None).unwrap()).collect();
    for operation in &running {
        assert_eq!(finish(operation).unwrap().status(), 200);
    }
    let stats = server.stats();
    assert_eq!((stats.connections_opened, stats.requests_peak), (3, 6));
}

#[test]
fn waiting_for_a_stream_is_limited_by_the_pool_timeout() {
    let server = server();
    for driver in DRIVERS {
        let engine = Engine::new(with_connections(h2c(), 1));
        let hang = format!("{}/hang", server.limited_url());
        let busy: Vec<_> =
            (0..2).map(|_| engine.start(get(&hang), settings(Driver::IoThread), None).unwrap()).collect();
        let active = server.stats().requests_active;
        eventually("both streams are busy", || server.stats().requests_active == active.max(2));
        let timeouts = Timeouts { pool: Some(millis(100)), ..Timeouts::NONE };
        let started = Instant::now();
        let outcome = send_with(&engine, get(&server.limited_url()), within(driver, timeouts));
        assert_fails(outcome, Kind::Timeout, Phase::Pool);
        assert_took(started, millis(100));
        busy[0].cancel();
        assert_eq!(send(&engine, get(&server.limited_url()), driver).unwrap().status(), 200);
        busy[1].cancel();
        eventually("the server is rid of them", || server.stats().requests_active == 0);
    }
}

#[test]
fn requests_before_the_settings_come_wait_for_their_turn_and_not_for_a_response() {
    let server = server();
    let engine = Engine::new(with_connections(h2c(), 1));
    // All are assigned before the peer has said that it takes two at a time.
    let limits = Timeouts { read: Some(millis(400)), ..Timeouts::NONE };
    let url = format!("{}/delay/50", server.limited_url());
    let running: Vec<_> =
        (0..40).map(|_| engine.start(get(&url), within(Driver::IoThread, limits), None).unwrap()).collect();
    for operation in &running {
        assert_eq!(finish(operation).unwrap().status(), 200);
    }
    assert_eq!(server.stats().connections_opened, 1);
}

#[test]
fn a_cancelled_request_resets_its_stream_and_the_connection_goes_on() {
    let server = server();
    for (config, base) in both(&server) {
        server.reset_stats();
        let engine = Engine::new(config);
        let other =
            engine.start(get(&format!("{base}/delay/200")), settings(Driver::IoThread), None).unwrap();
        let cancelled = engine.start(get(&format!("{base}/hang")), settings(Driver::IoThread), None).unwrap();
        eventually("both are on their way", || server.stats().requests_active == 2);
        cancelled.cancel();
        eventually("the stream was reset", || server.stats().rst_received == 1);
        assert_eq!(finish(&other).unwrap().status(), 200);
        for driver in DRIVERS {
            assert_eq!(send(&engine, get(&base), driver).unwrap().status(), 200);
        }
        assert_eq!(server.stats().connections_opened, 1);
        assert_eq!(count(&engine, "ACTIVE"), 0);
    }
}

#[test]
fn requests_that_are_cancelled_before_they_are_sent_leave_nothing() {
    let server = server();
    let engine = Engine::new(h2c());
    assert_eq!(send(&engine, get(&server.http_url()), Driver::IoThread).unwrap().status(), 200);
    let hang = format!("{}/hang", server.http_url());
    for _ in 0..500 {
        // The I/O thread is told of the first, and may or may not have come to the second.
        let first = engine.start(get(&hang), settings(Driver::IoThread), None).unwrap();
        let second = engine.start(get(&hang), settings(Driver::IoThread), None).unwrap();
        second.cancel();
        first.cancel();
        assert_fails(finish(&first), Kind::Cancelled, Phase::Total);
        assert_fails(finish(&second), Kind::Cancelled, Phase::Total);
    }
    assert_eq!(count(&engine, "ACTIVE"), 0);
    eventually("the server is rid of them", || server.stats().requests_active == 0);
    assert_eq!(send(&engine, get(&server.http_url()), Driver::IoThread).unwrap().status(), 200);
    assert_eq!(server.stats().connections_opened, 1);
}

#[test]
fn a_reader_that_is_behind_does_not_hold_up_others() {
    let server = server();
    let engine = Engine::new(h2c());
    let url = format!("{}/bytes/{}", server.http_url(), 32 << 20);
    let slow = engine.start(get(&url), streaming(Driver::IoThread), None).unwrap();
    wait(&slow);
    std::thread::sleep(millis(50));
    let url = format!("{}/bytes/{}", server.http_url(), 8 << 20);
    for driver in DRIVERS {
        assert_eq!(send(&engine, get(&url), driver).unwrap().body.len(), 8 << 20);
    }
    assert_eq!(crate::common::read_body(&slow).unwrap().len(), 32 << 20);
    assert_eq!(engine.connections().len(), 1);
}

#[test]
fn an_early_413_is_delivered() {
    let server = server();
    for driver in DRIVERS {
        let url = format!("{}/early-413", server.http_url());
        let engine = Engine::new(h2c());
        assert_eq!(send(&engine, post(&url, vec![1; 32 << 20]), driver).unwrap().status(), 413);
        assert_eq!(send(&engine, get(&server.http_url()), driver).unwrap().status(), 200);
        assert_eq!(count(&engine, "ACTIVE"), 0);
    }
}

#[test]
fn a_long_upload_uses_up_no_read_timeout() {
    let server = server();
    for driver in DRIVERS {
        let limits = Timeouts { read: Some(millis(100)), ..Timeouts::NONE };
        let upload = std::sync::Arc::new(httparallel::Upload::default());
        let url = format!("{}/upload", server.http_url());
        let engine = Engine::new(h2c());
        let request = crate::common::request("POST", &url, httparallel::Content::Stream);
        let operation = engine.start(request, within(driver, limits), Some(upload.clone())).unwrap();
        for _ in 0..3 {
            assert!(upload.push(bytes::Bytes::from_static(b"12345")));
            std::thread::sleep(millis(100));
        }
        upload.end();
        assert!(finish(&operation).unwrap().text().contains("\"length\": 15"));
    }
}
