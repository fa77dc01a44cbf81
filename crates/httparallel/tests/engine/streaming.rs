//! Bodies that are taken piece by piece.

use httparallel::{Config, Kind, Limits, Phase, Timeouts};
use httparallel_testserver::Script;

use crate::common::{
    Answer, DRIVERS, Driver, assert_fails, count, engine, eventually, finish, get, h2c, limited, millis,
    play, read_body, send, send_with, server, streaming, wait,
};
use httparallel::Engine;

fn assert_alphabet(answer: &Answer, length: usize) {
    assert_eq!(answer.body.len(), length);
    let right = answer.body.iter().zip((b'a'..=b'z').cycle()).all(|(found, wanted)| *found == wanted);
    assert!(right, "the body is not what was sent");
}

#[test]
fn bodies_of_any_size_and_framing_arrive_whole() {
    let server = server();
    for config in [Config::default(), h2c()] {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            // Around the size at which a connection pauses, among others.
            for length in [0, 1, 262_143, 262_144, 262_145, 1 << 20, 5_000_001] {
                for route in ["bytes", "chunked"] {
                    if (length, route) == (0, "chunked") {
                        continue;
                    }
                    let url = format!("{}/{route}/{length}?size=8192", server.http_url());
                    for settings in [streaming(driver), crate::common::settings(driver)] {
                        let answer = send_with(&engine, get(&url), settings).unwrap();
                        assert_alphabet(&answer, length);
                    }
                }
            }
            assert_eq!(engine.connections().len(), 1, "{:?}", engine.connections());
        }
    }
}

#[test]
fn a_body_that_ends_while_the_reader_is_behind_is_delivered_to_its_end() {
    for driver in DRIVERS {
        // The last piece that fits fills the buffer: what follows waits in memory, not in the socket.
        let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for _ in 0..33 {
            answer.extend_from_slice(b"2000\r\n");
            answer.extend_from_slice(&[b'x'; 0x2000]);
            answer.extend_from_slice(b"\r\n");
        }
        answer.extend_from_slice(b"0\r\n\r\n");
        let server = play(Script::new().expect_request().send(&answer).hang());
        let engine = engine();
        let operation = engine.start(get(&server.url()), streaming(driver), None).unwrap();
        wait(&operation);
        // The reader comes late: all that can be read has been read.
        std::thread::sleep(millis(50));
        assert_eq!(read_body(&operation).unwrap().len(), 33 * 0x2000);
    }
}

#[test]
fn a_server_can_send_no_more_than_the_reader_takes() {
    let piece = vec![b'x'; 64 * 1024];
    let script = Script::new()
        .expect_request()
        .send(b"HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n")
        .send_repeated(piece, 1024)
        .hang();
    for driver in DRIVERS {
        let server = play(script.clone());
        let engine = engine();
        let operation = engine.start(get(&server.url()), streaming(driver), None).unwrap();
        wait(&operation);
        std::thread::sleep(millis(50));
        let first: usize = operation.take_body().unwrap().unwrap().iter().map(bytes::Bytes::len).sum();
        assert!(first < 1 << 20, "{first} bytes were held in memory");
        assert_eq!(first + read_body(&operation).unwrap().len(), 64 << 20);
    }
}

#[test]
fn a_reader_that_takes_its_time_uses_up_no_read_timeout() {
    let server = server();
    for config in [Config::default(), h2c()] {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            let timeouts = Timeouts { read: Some(millis(100)), ..Timeouts::NONE };
            let settings = httparallel::Settings { timeouts, ..streaming(driver) };
            let url = format!("{}/bytes/{}", server.http_url(), 16 << 20);
            let operation = engine.start(get(&url), settings, None).unwrap();
            wait(&operation);
            let taken = operation.take_body().unwrap().unwrap().iter().map(bytes::Bytes::len).sum::<usize>();
            std::thread::sleep(millis(250));
            assert_eq!(taken + read_body(&operation).unwrap().len(), 16 << 20);
        }
    }
}

#[test]
fn a_response_given_up_half_way_frees_its_place() {
    let server = server();
    for driver in DRIVERS {
        let engine = Engine::new(limited(1));
        let url = format!("{}/bytes/{}", server.http_url(), 64 << 20);
        for _ in 0..5 {
            let operation = engine.start(get(&url), streaming(driver), None).unwrap();
            wait(&operation);
            operation.cancel();
            assert_eq!(count(&engine, "ACTIVE"), 0);
            assert_fails(read_body(&operation), Kind::Cancelled, Phase::Total);
            assert_eq!(send(&engine, get(&server.http_url()), driver).unwrap().status(), 200);
        }
        eventually("the server sees the ends", || server.stats().connections_open <= 1);
    }
}

#[test]
fn the_total_limit_holds_while_nobody_reads() {
    let server = server();
    for config in
        [limited(1), Config { limits: Limits { max_connections: Some(1), ..Limits::default() }, ..h2c() }]
    {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            let timeouts = Timeouts { total: Some(millis(150)), ..Timeouts::NONE };
            let settings = httparallel::Settings { timeouts, ..streaming(driver) };
            let url = format!("{}/bytes/{}", server.http_url(), 64 << 20);
            let operation = engine.start(get(&url), settings, None).unwrap();
            wait(&operation);
            eventually("the total limit is reached", || operation.is_over());
            assert_fails(read_body(&operation), Kind::Timeout, Phase::Total);
            eventually("its place is free", || count(&engine, "ACTIVE") == 0);
        }
    }
}

#[test]
fn a_head_stays_readable_when_its_body_fails() {
    for driver in DRIVERS {
        let script =
            Script::new().expect_request().send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").close();
        let server = play(script);
        let engine = engine();
        let operation = engine.start(get(&server.url()), streaming(driver), None).unwrap();
        assert_fails(finish(&operation), Kind::Incomplete, Phase::Read);
        assert_eq!(operation.head().unwrap().status, 200);
    }
}

#[test]
fn a_closed_client_fails_a_streamed_response() {
    let server = server();
    for driver in [Driver::IoThread, Driver::Caller] {
        let engine = engine();
        let url = format!("{}/drip?bytes=1000&interval_ms=20", server.http_url());
        let operation = engine.start(get(&url), streaming(driver), None).unwrap();
        wait(&operation);
        engine.close();
        assert_fails(read_body(&operation), Kind::Closed, Phase::Build);
    }
}

/// A response that has arrived in full on the engine's only connection, and of which nothing has been read.
fn unread(engine: &Engine, url: &str, driver: Driver) -> httparallel::Operation {
    let operation = engine.start(get(url), streaming(driver), None).unwrap();
    wait(&operation);
    if driver == Driver::IoThread {
        eventually("all of the response is there", || operation.is_over());
    }
    operation
}

#[test]
fn an_unread_response_keeps_its_connection() {
    let server = server();
    for driver in DRIVERS {
        let engine = Engine::new(limited(1));
        let first = unread(&engine, &server.http_url(), driver);
        assert_eq!(count(&engine, "ACTIVE"), 1);
        let timeouts = Timeouts { pool: Some(millis(20)), ..Timeouts::NONE };
        let settings = httparallel::Settings { timeouts, ..streaming(driver) };
        assert_fails(send_with(&engine, get(&server.http_url()), settings), Kind::Timeout, Phase::Pool);
        assert_eq!(read_body(&first).unwrap(), "Hello, world!");
        assert_eq!(count(&engine, "ACTIVE"), 0);
    }
}

#[test]
fn an_unread_responses_connection_serves_the_next_request_once_it_is_read_given_up_or_forgotten() {
    type End = fn(httparallel::Operation);
    let ends: [End; 3] = [|first| drop(read_body(&first)), |first| first.cancel(), drop];
    let server = server();
    for driver in DRIVERS {
        for end in ends {
            let engine = Engine::new(limited(1));
            server.reset_stats();
            let first = unread(&engine, &server.http_url(), driver);
            let second = engine.start(get(&server.http_url()), streaming(driver), None).unwrap();
            assert!(!second.is_ready());
            end(first);
            assert_eq!(finish(&second).unwrap().text(), "Hello, world!");
            assert_eq!(server.stats().connections_opened, 1);
        }
    }
}

#[test]
fn an_unread_response_can_be_read_after_its_connection_was_lost() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
    for driver in DRIVERS {
        let server = play(Script::new().expect_request().send(answer).close());
        let engine = Engine::new(limited(1));
        let first = unread(&engine, &server.url(), driver);
        if driver == Driver::IoThread {
            eventually("the end of the connection is seen", || engine.connections().is_empty());
        }
        assert_eq!(read_body(&first).unwrap(), "body");
        assert_eq!(
            finish(&engine.start(get(&server.url()), streaming(driver), None).unwrap()).unwrap().status(),
            200
        );
    }
}
