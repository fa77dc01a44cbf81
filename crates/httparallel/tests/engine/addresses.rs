//! Where connections go to and come from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::PathBuf;
use std::time::Instant;

use httparallel::{Config, Engine, Kind, Phase, Timeouts};
use httparallel_testserver::{Options, Script, ScriptedServer, TestServer};

use crate::common::{
    DRIVERS, LIMIT, assert_fails, engine, get, millis, play, send, send_with, server, within,
};
use crate::timeouts::unreachable_at;

fn port_that_refuses() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

#[test]
fn a_refused_connection_is_an_error_of_the_network() {
    for driver in DRIVERS {
        let engine = engine();
        let outcome = send(&engine, get(&format!("http://127.0.0.1:{}/", port_that_refuses())), driver);
        assert_fails(outcome, Kind::Network, Phase::Connect);
        assert!(engine.connections().is_empty());
    }
}

#[test]
fn a_name_that_does_not_exist_is_an_error_of_the_network() {
    for driver in DRIVERS {
        let outcome = send(&engine(), get("http://no-such-name.invalid/"), driver);
        let error = outcome.expect_err("a failure");
        assert_eq!(error.phase(), Phase::Connect, "{error:?}");
    }
}

#[test]
fn one_failed_connection_fails_each_waiting_request_once() {
    let engine = engine();
    let url = format!("http://127.0.0.1:{}/", port_that_refuses());
    let running: Vec<_> = (0..50)
        .map(|_| engine.start(get(&url), crate::common::settings(DRIVERS[1]), None).unwrap())
        .collect();
    for operation in &running {
        assert_fails(crate::common::finish(operation), Kind::Network, Phase::Connect);
    }
}

#[test]
fn a_unix_socket_serves_every_host() {
    let path = std::env::temp_dir().join(format!("httparallel-test-{}.sock", std::process::id()));
    let server = TestServer::start(Options { uds: Some(path.clone()), ..Options::default() }).unwrap();
    for driver in DRIVERS {
        let engine = Engine::new(Config { uds: Some(path.clone()), ..Config::default() });
        for _ in 0..3 {
            let answer = send(&engine, get("http://anything.test/echo"), driver).unwrap();
            assert!(answer.text().contains("anything.test"), "{}", answer.text());
        }
    }
    assert_eq!(server.stats().connections_opened, 2);
}

#[test]
fn a_missing_unix_socket_is_an_error_of_the_network() {
    for driver in DRIVERS {
        let uds = Some(PathBuf::from("/nonexistent/httparallel.sock"));
        let engine = Engine::new(Config { uds, ..Config::default() });
        assert_fails(send(&engine, get("http://a.test/"), driver), Kind::Network, Phase::Connect);
    }
}

#[test]
fn an_address_of_version_6_is_reached() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return;
    }
    let server = server();
    for driver in DRIVERS {
        let url = server.http_url().replace("127.0.0.1", "[::1]");
        assert_eq!(send(&engine(), get(&url), driver).unwrap().status(), 200);
    }
}

#[test]
fn a_name_is_reached_by_whichever_family_answers() {
    // It listens on 127.0.0.1 only; `localhost` may resolve to `::1` first.
    let server = play(Script::new().expect_request().send("HTTP/1.1 204 No Content\r\n\r\n").forever());
    for driver in DRIVERS {
        let url = server.url().replace("127.0.0.1", "localhost");
        let started = Instant::now();
        assert_eq!(send(&engine(), get(&url), driver).unwrap().status(), 204);
        assert!(started.elapsed() < millis(1500), "{:?}", started.elapsed());
    }
}

#[test]
fn an_address_that_does_not_answer_holds_up_the_next_one_for_a_quarter_second() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return;
    }
    let server = play(Script::new().expect_request().send("HTTP/1.1 204 No Content\r\n\r\n").forever());
    let _unreachable = unreachable_at((Ipv6Addr::LOCALHOST, server.addr().port()).into());
    for driver in DRIVERS {
        let url = server.url().replace("127.0.0.1", "localhost");
        let started = Instant::now();
        let limits = Timeouts { connect: Some(millis(2000)), ..Timeouts::NONE };
        assert_eq!(send_with(&engine(), get(&url), within(driver, limits)).unwrap().status(), 204);
        assert!(started.elapsed() < millis(1000), "{:?}", started.elapsed());
    }
}

#[test]
fn connections_come_from_the_local_address() {
    let server = server();
    for driver in DRIVERS {
        for local in [Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED] {
            let config = Config { local_address: Some(IpAddr::V4(local)), ..Config::default() };
            let url = server.http_url().replace("127.0.0.1", "localhost");
            assert_eq!(send(&Engine::new(config), get(&url), driver).unwrap().status(), 200);
        }
        let elsewhere = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
        let engine = Engine::new(Config { local_address: elsewhere, ..Config::default() });
        assert_fails(send(&engine, get(&server.http_url()), driver), Kind::Network, Phase::Connect);
    }
}

#[test]
fn a_local_address_chooses_the_family() {
    let server = server();
    let local_address = Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    let engine = Engine::new(Config { local_address, ..Config::default() });
    assert_fails(send(&engine, get(&server.http_url()), DRIVERS[0]), Kind::Network, Phase::Connect);
}

#[test]
fn a_failed_attempt_to_connect_is_repeated_as_configured() {
    for driver in DRIVERS {
        let port = port_that_refuses();
        let engine = Engine::new(Config { connect_retries: 2, ..Config::default() });
        let url = format!("http://127.0.0.1:{port}/");
        let operation = engine.start(get(&url), crate::common::settings(driver), None).unwrap();
        // The first repetition follows at once, the second after half a second: by then something listens.
        std::thread::sleep(millis(100));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let server = std::thread::spawn(move || {
            use std::io::{Read, Write};
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 1024];
            assert!(stream.read(&mut buffer).unwrap() > 0);
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        });
        assert_eq!(crate::common::finish(&operation).unwrap().status(), 204);
        server.join().unwrap();
    }
}

#[test]
fn many_requests_open_connections_side_by_side() {
    let script = Script::new().expect_request().pause(millis(100)).send("HTTP/1.1 204 No Content\r\n\r\n");
    let server: ScriptedServer = play(script);
    let engine = engine();
    let started = Instant::now();
    let limits = within(DRIVERS[1], Timeouts::NONE);
    let running: Vec<_> =
        (0..20).map(|_| engine.start(get(&server.url()), limits.clone(), None).unwrap()).collect();
    for operation in &running {
        assert_eq!(crate::common::finish(operation).unwrap().status(), 204);
    }
    assert!(started.elapsed() < millis(1500), "{:?}", started.elapsed());
    assert!(server.wait_finished(LIMIT, 20));
    let outcome = send_with(&engine, get(&server.url()), limits);
    assert_eq!(outcome.unwrap().status(), 204);
}
