//! Time limits: the right one, at about the right time.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Instant;

use httparallel::{Config, Content, Engine, Kind, Phase, Timeouts};
use httparallel_testserver::Script;
use socket2::{Domain, Socket, Type};

use crate::common::{
    DRIVERS, assert_fails, assert_took, count, engine, get, h2c, limited, millis, play, post, send_with,
    server, settings, within,
};

/// A listener that accepts nothing and whose queue is full, so that Linux drops every SYN.
pub(crate) struct Unreachable {
    address: SocketAddr,
    _listener: Socket,
    _queued: Vec<TcpStream>,
}

fn unreachable() -> Unreachable {
    unreachable_at((Ipv4Addr::LOCALHOST, 0).into())
}

pub(crate) fn unreachable_at(address: SocketAddr) -> Unreachable {
    let listener = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    if address.is_ipv6() {
        listener.set_only_v6(true).unwrap();
    }
    listener.bind(&address.into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, millis(200)) {
        queued.push(stream);
    }
    Unreachable { address, _listener: listener, _queued: queued }
}

#[test]
fn connecting_is_limited() {
    let nowhere = unreachable();
    for config in [Config::default(), h2c()] {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            let timeouts = Timeouts { connect: Some(millis(100)), ..Timeouts::NONE };
            let started = Instant::now();
            let outcome =
                send_with(&engine, get(&format!("http://{}/", nowhere.address)), within(driver, timeouts));
            assert_fails(outcome, Kind::Timeout, Phase::Connect);
            assert_took(started, millis(100));
            assert!(engine.connections().is_empty());
        }
    }
}

#[test]
fn a_limit_shorter_than_the_quickest_connection_is_kept() {
    let server = server();
    for driver in DRIVERS {
        let timeouts = Timeouts { connect: Some(std::time::Duration::from_nanos(1)), ..Timeouts::NONE };
        let engine = Engine::new(Config::default());
        assert_fails(
            send_with(&engine, get(&server.http_url()), within(driver, timeouts)),
            Kind::Timeout,
            Phase::Connect,
        );
    }
}

#[test]
fn the_total_limit_ends_connecting() {
    let nowhere = unreachable();
    for driver in DRIVERS {
        let engine = engine();
        let timeouts = Timeouts { total: Some(millis(100)), ..Timeouts::NONE };
        let started = Instant::now();
        let outcome =
            send_with(&engine, get(&format!("http://{}/", nowhere.address)), within(driver, timeouts));
        assert_fails(outcome, Kind::Timeout, Phase::Total);
        assert_took(started, millis(100));
        assert!(engine.connections().is_empty(), "{:?}", engine.connections());
    }
}

#[test]
fn a_tls_handshake_that_is_not_answered_is_limited() {
    let server = play(Script::new().hang());
    for driver in DRIVERS {
        let timeouts = Timeouts { connect: Some(millis(100)), ..Timeouts::NONE };
        let url = server.url().replace("http:", "https:");
        let config = Config { verify: httparallel::Verify::DangerousNone, ..Config::default() };
        let started = Instant::now();
        let outcome = send_with(&Engine::new(config), get(&url), within(driver, timeouts));
        assert_fails(outcome, Kind::Timeout, Phase::Connect);
        assert_took(started, millis(100));
    }
}

#[test]
fn waiting_for_a_connection_is_limited() {
    let server = server();
    for driver in DRIVERS {
        let engine = Engine::new(limited(1));
        let busy = engine
            .start(
                get(&format!("{}/hang", server.http_url())),
                settings(crate::common::Driver::IoThread),
                None,
            )
            .unwrap();
        crate::common::eventually("the only connection is busy", || count(&engine, "ACTIVE") == 1);
        let timeouts = Timeouts { pool: Some(millis(100)), ..Timeouts::NONE };
        let started = Instant::now();
        let outcome = send_with(&engine, get(&server.http_url()), within(driver, timeouts));
        assert_fails(outcome, Kind::Timeout, Phase::Pool);
        assert_took(started, millis(100));
        busy.cancel();
        assert_eq!(crate::common::send(&engine, get(&server.http_url()), driver).unwrap().status(), 200);
    }
}

#[test]
fn waiting_for_a_response_is_limited() {
    let server = server();
    for config in [Config::default(), h2c()] {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            let timeouts = Timeouts { read: Some(millis(100)), ..Timeouts::NONE };
            let started = Instant::now();
            let outcome =
                send_with(&engine, get(&format!("{}/hang", server.http_url())), within(driver, timeouts));
            assert_fails(outcome, Kind::Timeout, Phase::Read);
            assert_took(started, millis(100));
            assert_eq!(count(&engine, "ACTIVE"), 0);
        }
    }
}

#[test]
fn sending_to_a_server_that_does_not_read_is_limited() {
    for driver in DRIVERS {
        let server = play(Script::new().expect_head().wait("never"));
        let timeouts = Timeouts { write: Some(millis(150)), ..Timeouts::NONE };
        let started = Instant::now();
        let outcome =
            send_with(&engine(), post(&server.url(), vec![b'x'; 64 << 20]), within(driver, timeouts));
        assert_fails(outcome, Kind::Timeout, Phase::Write);
        assert!(started.elapsed() >= millis(145), "{:?}", started.elapsed());
        assert!(started.elapsed() < millis(3000), "{:?}", started.elapsed());
    }
}

#[test]
fn a_dripping_body_keeps_within_the_read_limit_and_ends_at_the_total_one() {
    let server = server();
    for config in [Config::default(), h2c()] {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            let timeouts = Timeouts { read: Some(millis(200)), total: Some(millis(500)), ..Timeouts::NONE };
            let url = format!("{}/drip?bytes=100&interval_ms=20", server.http_url());
            let started = Instant::now();
            let outcome = send_with(&engine, get(&url), within(driver, timeouts));
            assert_fails(outcome, Kind::Timeout, Phase::Total);
            assert_took(started, millis(500));
            assert_eq!(count(&engine, "ACTIVE"), 0);
        }
    }
}

#[test]
fn a_dripping_head_ends_at_the_total_limit() {
    for driver in DRIVERS {
        let head =
            Script::new().expect_request().send_slowly("HTTP/1.1 200 OK\r\nA: bcdefghijklmnopq", millis(20));
        let server = play(head.hang());
        let timeouts = Timeouts { read: Some(millis(400)), total: Some(millis(300)), ..Timeouts::NONE };
        let started = Instant::now();
        let outcome = send_with(&engine(), get(&server.url()), within(driver, timeouts));
        assert_fails(outcome, Kind::Timeout, Phase::Total);
        assert_took(started, millis(300));
    }
}

#[test]
fn a_producer_that_takes_its_time_uses_up_no_limit_but_the_total_one() {
    let server = server();
    for config in [Config::default(), h2c()] {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            let upload = std::sync::Arc::new(httparallel::Upload::default());
            let request =
                crate::common::request("POST", &format!("{}/upload", server.http_url()), Content::Stream);
            let limits = Timeouts::phases(millis(100));
            let operation = engine.start(request, within(driver, limits), Some(upload.clone())).unwrap();
            for _ in 0..3 {
                assert!(upload.push(bytes::Bytes::from_static(b"piece")));
                std::thread::sleep(millis(150));
            }
            upload.end();
            let answer = crate::common::finish(&operation).unwrap();
            assert!(answer.text().contains("\"length\": 15"), "{}", answer.text());
        }
    }
}

#[test]
fn a_later_request_with_an_earlier_limit_is_in_time() {
    let server = server();
    for driver in DRIVERS {
        let engine = engine();
        // The first one sets the connection's timer to a moment far away.
        crate::common::send(&engine, get(&server.http_url()), driver).unwrap();
        let timeouts = Timeouts { read: Some(millis(100)), ..Timeouts::NONE };
        let started = Instant::now();
        let outcome =
            send_with(&engine, get(&format!("{}/hang", server.http_url())), within(driver, timeouts));
        assert_fails(outcome, Kind::Timeout, Phase::Read);
        assert_took(started, millis(100));
    }
}
