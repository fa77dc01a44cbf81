//! Cancellation at any moment leaves nothing behind.

use std::time::Instant;

use httparallel::{Config, Engine, Kind, Limits, Operation, Phase, Protocols, Request, Verify};
use httparallel_testserver::TestServer;

use crate::common::{
    DRIVERS, Driver, Random, assert_fails, count, engine, eventually, get, h2c, limited, millis, post,
    read_body, send, server, settings, streaming, wait,
};

const ROUNDS: u64 = 1000;

fn any_request(random: &mut Random, base: &str) -> Request {
    match random.below(6) {
        0 => get(&format!("{base}/small")),
        1 => get(&format!("{base}/delay/{}", random.below(20))),
        2 => get(&format!("{base}/bytes/2000000")),
        3 => post(&format!("{base}/upload"), vec![b'x'; 2_000_000]),
        4 => get(&format!("{base}/hang")),
        _ => get(&format!("{base}/drip?bytes=10&interval_ms=5")),
    }
}

/// Starts requests without end and cancels each at a random moment; 30 are on their way at a time.
fn churn(engine: &Engine, base: &str, seed: u64) {
    let mut random = Random(seed);
    let mut running: Vec<Operation> = Vec::new();
    for _ in 0..ROUNDS {
        let settings =
            if random.below(2) == 0 { settings(Driver::IoThread) } else { streaming(Driver::IoThread) };
        running.push(engine.start(any_request(&mut random, base), settings, None).unwrap());
        if running.len() > 30 || random.below(3) == 0 {
            let chosen = usize::try_from(random.below(running.len() as u64)).unwrap();
            running.swap_remove(chosen).cancel();
        }
        let end = Instant::now() + std::time::Duration::from_micros(random.below(400));
        while Instant::now() < end {
            std::hint::spin_loop();
        }
    }
    running.iter().for_each(Operation::cancel);
}

fn assert_clean(engine: &Engine, base: &str) {
    // One that was being given a connection at that moment gives it back by itself.
    eventually("all places are free", || count(engine, "ACTIVE") == 0);
    for _ in 0..10 {
        for driver in DRIVERS {
            assert_eq!(send(engine, get(&format!("{base}/small")), driver).unwrap().status(), 200);
        }
    }
    eventually("nothing is being connected", || count(engine, "CONNECTING") == 0);
}

fn trusting(server: &TestServer, protocols: Protocols) -> Config {
    Config { verify: Verify::Roots(server.ca_pem().into_bytes()), protocols, ..limited(10) }
}

#[test]
fn a_thousand_times_on_http_1() {
    let server = server();
    let engine = Engine::new(limited(10));
    churn(&engine, &server.http_url(), 1);
    assert_clean(&engine, &server.http_url());
    eventually("the server is rid of the others", || server.stats().connections_open <= 10);
}

#[test]
fn a_thousand_times_on_http_1_with_tls() {
    let server = server();
    let engine = Engine::new(trusting(&server, Protocols::default()));
    churn(&engine, &server.https_url(), 2);
    assert_clean(&engine, &server.https_url());
}

#[test]
fn a_thousand_times_on_http_2() {
    let server = server();
    let engine =
        Engine::new(Config { limits: Limits { max_connections: Some(10), ..Limits::default() }, ..h2c() });
    churn(&engine, &server.http_url(), 3);
    assert_clean(&engine, &server.http_url());
}

#[test]
fn a_thousand_times_on_http_2_with_tls() {
    let server = server();
    let engine = Engine::new(trusting(&server, Protocols { http1: true, http2: true }));
    churn(&engine, &server.https_url(), 4);
    assert_clean(&engine, &server.https_url());
}

#[test]
fn from_another_thread_while_the_caller_waits() {
    let server = server();
    let engine = Engine::new(limited(2));
    let mut random = Random(5);
    for round in 0..100 {
        let url = if round % 2 == 0 { format!("{}/hang", server.http_url()) } else { server.http_url() };
        let operation = engine.start(get(&url), settings(Driver::Caller), None).unwrap();
        let other = operation.clone();
        let pause = std::time::Duration::from_micros(random.below(1500));
        let canceller = std::thread::spawn(move || {
            std::thread::sleep(pause);
            other.cancel();
        });
        let started = Instant::now();
        wait(&operation);
        assert!(started.elapsed() < millis(2000), "the waiting thread was not woken");
        canceller.join().unwrap();
        if let Err(error) = operation.head() {
            assert_eq!(error.kind(), Kind::Cancelled, "{error:?}");
        }
        eventually("its place is free", || count(&engine, "ACTIVE") == 0);
    }
    assert_clean(&engine, &server.http_url());
}

#[test]
fn of_a_caller_that_never_waited() {
    let server = server();
    let engine = Engine::new(limited(1));
    for _ in 0..20 {
        let operation = engine.start(get(&server.http_url()), settings(Driver::Caller), None).unwrap();
        operation.cancel();
        assert_fails(operation.head(), Kind::Cancelled, Phase::Total);
    }
    assert_clean(&engine, &server.http_url());
}

#[test]
fn of_a_caller_that_was_given_a_connection_but_sent_nothing_keeps_it() {
    let server = server();
    let engine = Engine::new(limited(1));
    send(&engine, get(&server.http_url()), Driver::Caller).unwrap();
    for _ in 0..5 {
        engine.start(get(&server.http_url()), settings(Driver::Caller), None).unwrap().cancel();
    }
    send(&engine, get(&server.http_url()), Driver::Caller).unwrap();
    assert_eq!(server.stats().connections_opened, 1);
}

#[test]
fn by_an_interrupt_of_the_wait() {
    let server = server();
    for driver in DRIVERS {
        let engine = engine();
        let url = format!("{}/hang", server.http_url());
        let operation = engine.start(get(&url), settings(driver), None).unwrap();
        assert!(operation.wait(&mut || Err(())).is_err());
        assert_fails(operation.head(), Kind::Cancelled, Phase::Total);
        assert_eq!(count(&engine, "ACTIVE"), 0);
    }
}

#[test]
fn of_something_that_is_over_changes_nothing() {
    let server = server();
    for driver in DRIVERS {
        let engine = engine();
        let answer = send(&engine, get(&server.http_url()), driver).unwrap();
        answer.operation.cancel();
        assert_eq!(answer.operation.head().unwrap().status, 200);
        assert_eq!(count(&engine, "IDLE"), 1);
    }
}

#[test]
fn closing_the_client_fails_what_is_on_its_way() {
    let server = server();
    for config in [limited(1), h2c()] {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            let url = format!("{}/hang", server.http_url());
            let on_its_way = engine.start(get(&url), settings(Driver::IoThread), None).unwrap();
            let second = engine.start(get(&url), settings(driver), None).unwrap();
            eventually("the first is on its way", || count(&engine, "ACTIVE") == 1);
            engine.close();
            for operation in [on_its_way, second] {
                wait(&operation);
                assert_fails(operation.head(), Kind::Closed, Phase::Build);
            }
            assert!(engine.connections().is_empty());
            assert_fails(send(&engine, get(&url), driver), Kind::Closed, Phase::Build);
        }
    }
}

#[test]
fn closing_the_client_ends_a_callers_wait() {
    let server = server();
    let engine = std::sync::Arc::new(engine());
    let url = format!("{}/hang", server.http_url());
    let operation = engine.start(get(&url), settings(Driver::Caller), None).unwrap();
    let other = engine.clone();
    let closer = std::thread::spawn(move || {
        eventually("the request is on its way", || count(&other, "ACTIVE") == 1);
        other.close();
    });
    wait(&operation);
    assert_fails(operation.head(), Kind::Closed, Phase::Build);
    closer.join().unwrap();
    let late = engine.start(get(&url), streaming(Driver::Caller), None).unwrap();
    assert_fails(read_body(&late), Kind::Closed, Phase::Build);
}
