//! HTTP/2 servers that go away, refuse, reset or die.

use httparallel::{Engine, Kind, Phase, Result};
use httparallel_testserver::{Script, ScriptedServer, TestServer};

use crate::common::{
    Answer, DRIVERS, Driver, assert_fails, count, finish, get, h2c, millis, play, play_each, post, send,
    server, settings, wait,
};
use crate::frames::{
    DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RST_STREAM, STATUS_200, goaway, good, ok, preface,
};

fn either(server: &ScriptedServer, method: &str, driver: Driver) -> Result<Answer> {
    let request = if method == "GET" { get(&server.url()) } else { post(&server.url(), "content") };
    send(&Engine::new(h2c()), request, driver)
}

#[test]
fn what_a_goaway_says_was_not_processed_is_sent_again() {
    for driver in DRIVERS {
        for method in ["GET", "POST"] {
            let leaving = preface().expect_frame(HEADERS).send_frame(GOAWAY, 0, 0, goaway(0, 0)).hang();
            let server = play_each(vec![leaving, good()]);
            assert_eq!(either(&server, method, driver).unwrap().text(), "ok", "{method}");
            assert_eq!(server.received().len(), 2);
        }
    }
}

#[test]
fn what_a_goaway_leaves_open_is_finished_there() {
    for driver in DRIVERS {
        let leaving =
            preface().expect_frame(HEADERS).send_frame(GOAWAY, 0, 0, goaway(1, 0)).pause(millis(30));
        let server = play_each(vec![ok(leaving, 1).hang(), good()]);
        let engine = Engine::new(h2c());
        assert_eq!(send(&engine, post(&server.url(), "content"), driver).unwrap().text(), "ok");
        assert_eq!(server.received().len(), 1);
        assert_eq!(send(&engine, post(&server.url(), "content"), driver).unwrap().text(), "ok");
        assert_eq!(server.received().len(), 2, "the connection that was going away was used");
    }
}

#[test]
fn a_request_left_open_by_a_goaway_and_then_lost_is_not_sent_again() {
    for driver in DRIVERS {
        let leaving =
            preface().expect_frame(HEADERS).send_frame(GOAWAY, 0, 0, goaway(1, 0)).pause(millis(30));
        let server = play_each(vec![leaving.close(), good()]);
        assert!(either(&server, "POST", driver).is_err());
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn servers_that_keep_going_away_are_given_up() {
    for driver in DRIVERS {
        let server = play(preface().expect_frame(HEADERS).send_frame(GOAWAY, 0, 0, goaway(0, 0)).hang());
        assert!(either(&server, "GET", driver).is_err());
        assert_eq!(server.received().len(), 3);
    }
}

#[test]
fn a_request_that_comes_as_its_connection_ends_is_sent_on_another_one() {
    let server: TestServer = server();
    let url = format!("{}/small?goaway=1", server.http_url());
    for driver in DRIVERS {
        let engine = Engine::new(h2c());
        std::thread::scope(|threads| {
            for _ in 0..6 {
                threads.spawn(|| {
                    for _ in 0..100 {
                        assert_eq!(send(&engine, post(&url, "content"), driver).unwrap().status(), 200);
                    }
                });
            }
        });
    }
}

#[test]
fn a_goaway_with_an_error_is_the_outcome() {
    for driver in DRIVERS {
        // ENHANCE_YOUR_CALM
        let server = play(preface().expect_frame(HEADERS).send_frame(GOAWAY, 0, 0, goaway(0, 11)).close());
        assert_fails(either(&server, "POST", driver), Kind::Protocol, Phase::Read);
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn a_refused_stream_is_sent_again_a_few_times() {
    let server: TestServer = server();
    for driver in DRIVERS {
        let engine = Engine::new(h2c());
        for (id, method) in [("get", "GET"), ("post", "POST")] {
            let url = format!("{}/refuse-first?id={id}-{driver:?}", server.http_url());
            let request = if method == "GET" { get(&url) } else { post(&url, "content") };
            assert_eq!(send(&engine, request, driver).unwrap().status(), 200, "{method}");
        }
        let url = format!("{}/refuse-first?id=always-{driver:?}&times=100", server.http_url());
        server.reset_stats();
        assert!(send(&engine, get(&url), driver).is_err());
        assert_eq!(server.stats().requests, 3);
        assert_eq!(count(&engine, "ACTIVE"), 0);
    }
}

#[test]
fn other_resets_are_the_outcome() {
    for driver in DRIVERS {
        // INTERNAL_ERROR, CANCEL, ENHANCE_YOUR_CALM
        for code in [2, 8, 11] {
            let reset = preface().expect_frame(HEADERS).send_frame(RST_STREAM, 0, 1, [0, 0, 0, code]).hang();
            let server = play(reset);
            assert_fails(either(&server, "GET", driver), Kind::Protocol, Phase::Read);
            assert_eq!(server.received().len(), 1);
        }
    }
}

#[test]
fn a_stream_that_is_reset_half_way_fails_alone() {
    let server = server();
    for driver in DRIVERS {
        let engine = Engine::new(h2c());
        let other = engine
            .start(get(&format!("{}/delay/100", server.http_url())), settings(Driver::IoThread), None)
            .unwrap();
        let outcome = send(&engine, get(&format!("{}/close-after-head", server.http_url())), driver);
        assert_fails(outcome, Kind::Protocol, Phase::Read);
        assert_eq!(finish(&other).unwrap().status(), 200);
        assert_eq!(engine.connections().len(), 1);
    }
}

#[test]
fn a_server_that_dies_fails_all_requests_on_it_and_the_next_one_finds_another() {
    for driver in DRIVERS {
        let head = preface().expect_frame(HEADERS).send_frame(HEADERS, END_HEADERS, 1, STATUS_200);
        let dying = head.send_frame(DATA, 0, 1, b"half").expect_frame(DATA).wait("die").close();
        let server = play_each(vec![dying, good()]);
        let engine = Engine::new(h2c());
        let streamed =
            engine.start(get(&server.url()), crate::common::streaming(Driver::IoThread), None).unwrap();
        wait(&streamed);
        let unanswered = engine.start(post(&server.url(), "content"), settings(driver), None).unwrap();
        assert!(server.wait_received(crate::common::LIMIT, |all| {
            all[0].windows(7).any(|window| window == b"content")
        }));
        server.signal("die");
        assert!(crate::common::read_body(&streamed).is_err());
        assert_fails(finish(&unanswered), Kind::Network, Phase::Read);
        assert_eq!(send(&engine, get(&server.url()), driver).unwrap().text(), "ok");
    }
}

#[test]
fn a_get_lost_with_a_reused_connection_is_sent_again() {
    for driver in DRIVERS {
        let stale = ok(preface().expect_frame(HEADERS), 1).expect_frame(HEADERS).close();
        let server = play_each(vec![stale, good()]);
        let engine = Engine::new(h2c());
        for _ in 0..2 {
            assert_eq!(send(&engine, get(&server.url()), driver).unwrap().text(), "ok");
        }
        assert_eq!(server.received().len(), 2);
    }
}

#[test]
fn a_body_shorter_than_its_length_is_an_error() {
    for driver in DRIVERS {
        // `content-length: 5` as a literal with the indexed name 28.
        let head = [&STATUS_200[..], &[0x0f, 0x0d, 1, b'5']].concat();
        let short = preface().expect_frame(HEADERS).send_frame(HEADERS, END_HEADERS, 1, head);
        let server = play(short.send_frame(DATA, END_STREAM, 1, b"ok").hang());
        assert_fails(either(&server, "GET", driver), Kind::Protocol, Phase::Read);
    }
}

#[test]
fn a_server_that_speaks_http_1_is_refused() {
    for driver in DRIVERS {
        let server = play(Script::new().expect_bytes(24).send("HTTP/1.1 400 Bad Request\r\n\r\n").close());
        let error = either(&server, "GET", driver).expect_err("a failure");
        assert!(matches!(error.kind(), Kind::Protocol | Kind::Network), "{error:?}");
    }
}

#[test]
fn a_head_that_comes_before_the_request_ends_does_not_stop_the_upload() {
    for driver in DRIVERS {
        let script = preface()
            .expect_frame(HEADERS)
            .send_frame(HEADERS, END_HEADERS, 1, STATUS_200)
            .expect_frame(DATA)
            .expect_frame(DATA)
            .send_frame(DATA, END_STREAM, 1, b"ok")
            .hang();
        let server = play(script);
        let upload = std::sync::Arc::new(httparallel::Upload::default());
        let engine = Engine::new(h2c());
        let request = crate::common::request("POST", &server.url(), httparallel::Content::Stream);
        let settings = crate::common::streaming(driver);
        let operation = engine.start(request, settings, Some(upload.clone())).unwrap();
        assert!(upload.push(bytes::Bytes::from_static(b"first")));
        wait(&operation);
        assert!(upload.push(bytes::Bytes::from_static(b"second")));
        upload.end();
        assert_eq!(finish(&operation).unwrap().text(), "ok");
    }
}
