//! Requests that are sent again by a policy: which, how often, and on which connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use httparallel::{
    Block, Config, Content, Engine, Kind, Phase, Policy, Request, Retries, Retry, RetryBudget, Settings,
    Timeouts, Upload,
};
use httparallel_testserver::Script;

use crate::common::{
    DRIVERS, Driver, LIMIT, assert_fails, assert_took, count, engine, eventually, finish, get, h2c, millis,
    next, play, play_each, post, read_body, request, send_with, server, settings, streaming, wait,
    with_header, within,
};

/// Retries without backoff and without a budget.
pub(crate) fn at_once(attempts: u32) -> Retry {
    Retry { attempts, backoff: Duration::ZERO, budget: None, ..Retry::default() }
}

pub(crate) fn retries(policy: Retry) -> Arc<Retries> {
    Arc::new(Retries { policy, budget: Arc::new(RetryBudget::new(Instant::now())) })
}

pub(crate) fn retrying(driver: Driver, policy: Retry) -> Settings {
    Settings { retries: Some(retries(policy)), ..settings(driver) }
}

/// A request that fails as often as it is told, by a name of its own.
pub(crate) fn flaky(base: &str, name: &str, driver: Driver, rest: &str) -> Request {
    get(&format!("{base}/flaky?id={name}-{driver:?}{rest}"))
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
pub(crate) const BUSY: &str = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";

#[test]
fn a_status_is_retried_on_the_same_connection() {
    let server = server();
    for driver in DRIVERS {
        server.reset_stats();
        let engine = engine();
        let request = flaky(&server.http_url(), "same", driver, "&times=2");
        let answer = send_with(&engine, request, retrying(driver, at_once(3))).unwrap();
        assert_eq!((answer.status(), answer.text()), (200, "attempt 3\n"));
        assert!(answer.operation.take_history().is_empty());
        let stats = server.stats();
        assert_eq!((stats.requests, stats.connections_opened), (3, 1), "{driver:?}");
    }
}

#[test]
fn a_status_is_retried_over_http2() {
    let server = server();
    let engine = Engine::new(h2c());
    for driver in DRIVERS {
        server.reset_stats();
        let request = flaky(&server.http_url(), "http2", driver, "&times=2");
        let answer = send_with(&engine, request, retrying(driver, at_once(3))).unwrap();
        assert_eq!((answer.status(), answer.text()), (200, "attempt 3\n"));
        assert_eq!((server.stats().h2_streams, server.stats().rst_received), (3, 0), "{driver:?}");
    }
}

#[test]
fn the_last_response_is_delivered_when_the_attempts_are_used_up() {
    let server = server();
    for driver in DRIVERS {
        server.reset_stats();
        let request = flaky(&server.http_url(), "last", driver, "&times=9");
        let answer = send_with(&engine(), request, retrying(driver, at_once(3))).unwrap();
        assert_eq!((answer.status(), answer.text()), (503, "not yet\n"));
        assert_eq!(server.stats().requests, 3);
    }
}

#[test]
fn a_streamed_response_is_retried_before_its_head_is_delivered() {
    let server = server();
    for driver in DRIVERS {
        let request = flaky(&server.http_url(), "streamed", driver, "&times=2");
        let settings = Settings { retries: Some(retries(at_once(3))), ..streaming(driver) };
        let engine = engine();
        let operation = engine.start(request, settings, None).unwrap();
        wait(&operation);
        assert_eq!(operation.head().unwrap().status, 200);
        assert_eq!(read_body(&operation).unwrap(), "attempt 3\n");
    }
}

#[test]
fn what_a_server_asks_to_wait_is_waited() {
    let server = server();
    for driver in DRIVERS {
        let request = flaky(&server.http_url(), "asked", driver, "&retry_after=0.3");
        let started = Instant::now();
        let answer = send_with(&engine(), request, retrying(driver, at_once(2))).unwrap();
        assert_eq!(answer.status(), 200);
        assert_took(started, millis(300));
    }
}

#[test]
fn a_response_is_delivered_if_the_wait_would_not_end_in_time() {
    let server = server();
    for driver in DRIVERS {
        let request = flaky(&server.http_url(), "deadline", driver, "&retry_after=1000000000");
        let timeouts = Timeouts { total: Some(LIMIT), ..Timeouts::default() };
        let settings = Settings { retries: Some(retries(at_once(3))), ..within(driver, timeouts) };
        let answer = send_with(&engine(), request, settings).unwrap();
        assert_eq!((answer.status(), answer.text()), (503, "not yet\n"));
    }
}

#[test]
fn a_post_is_retried_if_it_was_refused_or_has_a_key() {
    let server = server();
    for driver in DRIVERS {
        for (status, key, expected) in
            [(503, false, 503), (503, true, 200), (429, false, 200), (408, false, 200)]
        {
            let url = format!("{}/flaky?id=post-{driver:?}-{key}&status={status}", server.http_url());
            let mut request = post(&url, "content");
            if key {
                request = with_header(request, "Idempotency-Key", "1");
            }
            let answer = send_with(&engine(), request, retrying(driver, at_once(2))).unwrap();
            assert_eq!(answer.status(), expected, "{status} {key}");
        }
    }
}

#[test]
fn content_is_sent_again_in_full() {
    for driver in DRIVERS {
        let server = play(Script::new().expect_request().send(BUSY).expect_request().send(OK).forever());
        let request = request("PUT", &server.url(), Content::Bytes("0123456789".into()));
        assert_eq!(send_with(&engine(), request, retrying(driver, at_once(2))).unwrap().text(), "ok");
        let received = String::from_utf8(server.received().remove(0)).unwrap();
        assert_eq!(received.matches("\r\n\r\n0123456789").count(), 2);
    }
}

#[test]
fn a_fresh_connection_that_is_closed_unanswered_is_retried_so_often_and_no_more() {
    for driver in DRIVERS {
        let server = play(Script::new().expect_request().close());
        let outcome = send_with(&engine(), get(&server.url()), retrying(driver, at_once(3)));
        assert_fails(outcome, Kind::Protocol, Phase::Read);
        assert_eq!(server.received().len(), 3);
        let outcome = send_with(&engine(), post(&server.url(), "x"), retrying(driver, at_once(3)));
        assert_fails(outcome, Kind::Protocol, Phase::Read);
        assert_eq!(server.received().len(), 4);
    }
}

#[test]
fn resets_and_timeouts_are_retried() {
    for driver in DRIVERS {
        let reset = Script::new().expect_request().reset();
        let server = play_each(vec![reset, Script::new().hang(), Script::new().expect_request().send(OK)]);
        let timeouts = Timeouts { read: Some(millis(50)), ..Timeouts::default() };
        let settings = Settings { retries: Some(retries(at_once(3))), ..within(driver, timeouts) };
        assert_eq!(send_with(&engine(), get(&server.url()), settings).unwrap().text(), "ok");
        assert_eq!(server.received().len(), 3);
    }
}

#[test]
fn connections_that_are_refused_are_tried_again_even_for_a_post() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for driver in DRIVERS {
        let policy = Retry { backoff: millis(1), budget: Some(0.2), ..at_once(8) };
        let settings = retrying(driver, policy);
        let budget = settings.retries.clone().unwrap().budget.clone();
        let outcome = send_with(&engine(), post(&format!("http://{closed}/"), "x"), settings);
        assert_fails(outcome, Kind::Network, Phase::Connect);
        // Seven of the ten that there were.
        let left = std::iter::from_fn(|| budget.withdraw(Instant::now()).then_some(())).take(10).count();
        assert_eq!(left, 3);
    }
}

#[test]
fn a_redirect_is_followed_after_a_retry_and_retried_in_turn() {
    let found = "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";
    for driver in DRIVERS {
        let mut script = Script::new();
        for answer in [BUSY, found, BUSY, OK] {
            script = script.expect_request().send(answer);
        }
        let server = play(script);
        let policy = Policy { follow_redirects: true, ..Policy::default() };
        let settings = Settings { policy, ..retrying(driver, at_once(2)) };
        let answer = send_with(&engine(), get(&server.url()), settings).unwrap();
        assert_eq!(answer.text(), "ok");
        let history = answer.operation.take_history();
        assert_eq!(history.iter().map(|hop| hop.head.status).collect::<Vec<_>>(), [302]);
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn a_body_that_nobody_wants_does_not_hold_up_the_next_attempt() {
    let endless = "HTTP/1.1 503 Busy\r\nContent-Length: 1000000000\r\n\r\n";
    let large = || Script::new().expect_request().send(endless).send_repeated([b'x'; 10_000], 1000).hang();
    let silent = || Script::new().expect_request().send(endless).hang();
    let cut_off = || Script::new().expect_request().send(endless).reset();
    for driver in DRIVERS {
        for script in [large(), silent(), cut_off()] {
            let server = play_each(vec![script, Script::new().expect_request().send(OK)]);
            let timeouts = Timeouts { read: None, ..Timeouts::default() };
            let settings = Settings { retries: Some(retries(at_once(2))), ..within(driver, timeouts) };
            assert_eq!(send_with(&engine(), get(&server.url()), settings).unwrap().text(), "ok");
            assert_eq!(server.received().len(), 2);
        }
    }
}

#[test]
fn a_body_that_nobody_wants_and_that_does_not_end_is_reset_over_http2() {
    let server = server();
    let engine = Engine::new(h2c());
    for driver in DRIVERS {
        server.reset_stats();
        let policy = Retry { statuses: vec![200], ..at_once(2) };
        let url = format!("{}/bytes/10000000", server.http_url());
        let answer = send_with(&engine, get(&url), retrying(driver, policy)).unwrap();
        assert_eq!(answer.body.len(), 10_000_000);
        assert_eq!((server.stats().h2_streams, count(&engine, "IDLE")), (2, 1));
        eventually("the first was reset", || server.stats().rst_received == 1);
    }
}

#[test]
fn content_that_is_produced_waits_for_a_connection_that_can_be_made() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    let url = format!("http://{}/", socket.local_addr().unwrap().as_socket().unwrap());
    let upload = Arc::new(Upload::default());
    upload.push("content".into());
    upload.end();
    let policy = Retry { backoff: millis(20), max_backoff: millis(20), ..at_once(1000) };
    let request = with_header(request("POST", &url, Content::Stream), "Content-Length", "7");
    let engine = engine();
    let operation = engine.start(request, retrying(Driver::IoThread, policy), Some(upload)).unwrap();
    // So that it is refused at least once. If this is too short, the test tests less.
    std::thread::sleep(millis(50));
    socket.listen(1).unwrap();
    socket.set_nonblocking(true).unwrap();
    let listener = std::net::TcpListener::from(socket);
    let mut accepted = None;
    eventually("a connection is made", || {
        accepted = listener.accept().ok();
        accepted.is_some()
    });
    let (mut accepted, _) = accepted.unwrap();
    accepted.set_nonblocking(false).unwrap();
    accepted.set_read_timeout(Some(LIMIT)).unwrap();
    let mut received = Vec::new();
    while !received.ends_with(b"content") {
        let mut buffer = [0; 1000];
        let read = std::io::Read::read(&mut accepted, &mut buffer).unwrap();
        assert!(read > 0);
        received.extend_from_slice(&buffer[..read]);
    }
    std::io::Write::write_all(&mut accepted, OK.as_bytes()).unwrap();
    assert_eq!(finish(&operation).unwrap().text(), "ok");
}

#[test]
fn a_server_that_always_fails_gets_a_fifth_more_requests() {
    let server = server();
    let engine = Engine::new(Config::default());
    let settings = retrying(Driver::IoThread, Retry { budget: Some(0.2), ..at_once(3) });
    let block = Block::new(&engine, Some(20)).unwrap();
    let started = Instant::now();
    for _ in 0..500 {
        let request = get(&format!("{}/status/503", server.http_url()));
        block.submit(request, settings.clone(), None).unwrap();
    }
    let outcomes =
        std::iter::from_fn(|| next(&block)).map(|outcome| outcome.operation.head().unwrap().status);
    assert_eq!(outcomes.filter(|&status| status == 503).count(), 500);
    // Ten at the beginning, and one a second while there are less.
    let most = 500 + 100 + 10 + started.elapsed().as_secs() + 1;
    let sent = server.stats().requests;
    assert!((600..=most).contains(&sent), "{sent}");
}

#[test]
fn a_request_that_is_lost_with_an_idle_connection_costs_no_retry() {
    for driver in DRIVERS {
        let stale = Script::new().expect_request().send(OK).expect_request().close();
        let server = play_each(vec![stale, Script::new().expect_request().send(OK).forever()]);
        let engine = engine();
        // An attempt is all there is.
        let settings = retrying(driver, at_once(1));
        for _ in 0..2 {
            let answer = send_with(&engine, get(&server.url()), settings.clone()).unwrap();
            assert_eq!(answer.text(), "ok");
        }
    }
}
