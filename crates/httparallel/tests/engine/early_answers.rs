//! Answers that come before the request has been sent, and requests that wait for permission to go on.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use httparallel::{Content, Engine, Kind, Listener, Notifier, Operation, Phase, Request, Upload};
use httparallel_testserver::Script;

use crate::common::{
    DRIVERS, Driver, LIMIT, assert_fails, assert_took, engine, finish, millis, play, play_each, post,
    request, send, server, settings, until, with_header,
};

/// Larger than all socket buffers on the way.
const LARGE: usize = 32 << 20;

/// Feeds an upload until nobody wants more, or so many bytes have been taken.
fn feed(upload: &Upload, mut left: usize) {
    let notifier = Arc::new(Notifier::new().unwrap());
    let piece = Bytes::from(vec![b'x'; 64 * 1024]);
    let end = Instant::now() + LIMIT;
    while left > 0 && upload.push(piece.clone()) {
        left = left.saturating_sub(piece.len());
        notifier.clear();
        if upload.listen(Listener::Thread(notifier.clone())) {
            assert!(notifier.wait(&mut until(end)).is_ok(), "the pipe stayed full");
        }
    }
    upload.end();
}

fn start_upload(engine: &Engine, request: Request, driver: Driver) -> (Operation, Arc<Upload>) {
    let upload = Arc::new(Upload::default());
    let operation = engine.start(request, settings(driver), Some(upload.clone())).unwrap();
    (operation, upload)
}

#[test]
fn a_large_body_gets_the_413_that_comes_early() {
    let server = server();
    for driver in DRIVERS {
        let url = format!("{}/early-413", server.http_url());
        let answer = send(&engine(), post(&url, vec![b'x'; LARGE]), driver).unwrap();
        assert_eq!(answer.status(), 413);
    }
}

#[test]
fn a_produced_body_gets_the_413_that_comes_early() {
    let server = server();
    for driver in DRIVERS {
        let url = format!("{}/early-413", server.http_url());
        let engine = engine();
        let (operation, upload) = start_upload(&engine, request("POST", &url, Content::Stream), driver);
        feed(&upload, LARGE);
        assert_eq!(finish(&operation).unwrap().status(), 413);
        assert!(!upload.push(Bytes::from_static(b"x")), "the pipe still takes pieces");
    }
}

#[test]
fn a_produced_body_arrives_whole() {
    let server = server();
    for driver in DRIVERS {
        let url = format!("{}/upload", server.http_url());
        let engine = engine();
        let (operation, upload) = start_upload(&engine, request("POST", &url, Content::Stream), driver);
        feed(&upload, 5 << 20);
        let answer = finish(&operation).unwrap();
        assert!(answer.text().contains(&format!("\"length\": {}", 5 << 20)), "{}", answer.text());
    }
}

#[test]
fn a_large_body_arrives_whole_in_chunks_if_the_headers_say_so() {
    let server = server();
    for driver in DRIVERS {
        let url = format!("{}/upload", server.http_url());
        let request = with_header(post(&url, vec![1; 1 << 20]), "Transfer-Encoding", "chunked");
        let answer = send(&engine(), request, driver).unwrap();
        assert!(answer.text().contains(&format!("\"length\": {}", 1 << 20)), "{}", answer.text());
    }
}

#[test]
fn a_produced_body_shorter_than_announced_is_an_error() {
    let server = server();
    for driver in DRIVERS {
        let url = format!("{}/upload", server.http_url());
        let request = with_header(request("POST", &url, Content::Stream), "Content-Length", "10");
        let engine = engine();
        let (operation, upload) = start_upload(&engine, request, driver);
        upload.push(Bytes::from_static(b"short"));
        upload.end();
        assert_fails(finish(&operation), Kind::InvalidRequest, Phase::Write);
        assert!(engine.connections().is_empty(), "{:?}", engine.connections());
        crate::common::eventually("the server sees the end", || server.stats().connections_open == 0);
    }
}

#[test]
fn content_that_waits_for_continue_is_sent_after_it() {
    let server = server();
    for driver in DRIVERS {
        let url = format!("{}/expect", server.http_url());
        let started = Instant::now();
        let request = with_header(post(&url, "content"), "Expect", "100-continue");
        let answer = send(&engine(), request, driver).unwrap();
        assert!(answer.text().contains("{\"length\": 7}"), "{}", answer.text());
        assert!(started.elapsed() < millis(900), "100 (Continue) was not taken");
    }
}

#[test]
fn content_that_waits_in_vain_for_continue_is_sent_after_a_second() {
    let server = server();
    for driver in DRIVERS {
        let url = format!("{}/expect?silent=1", server.http_url());
        let started = Instant::now();
        let request = with_header(post(&url, "content"), "Expect", "100-continue");
        let answer = send(&engine(), request, driver).unwrap();
        assert!(answer.text().contains("{\"length\": 7}"), "{}", answer.text());
        assert_took(started, millis(1000));
    }
}

#[test]
fn content_is_not_sent_after_a_final_answer_and_the_connection_is_not_reused() {
    for driver in DRIVERS {
        let refusal = Script::new()
            .expect_head()
            .send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\n")
            .pause(millis(1100))
            .send("no")
            .hang();
        let good = Script::new().expect_request().send("HTTP/1.1 204 No Content\r\n\r\n").forever();
        let server = play_each(vec![refusal, good]);
        let engine = engine();
        let request = with_header(post(&server.url(), "SECRET"), "Expect", "100-continue");
        assert_eq!(send(&engine, request, driver).unwrap().status(), 417);
        assert_eq!(send(&engine, post(&server.url(), "second"), driver).unwrap().status(), 204);
        let received = server.received();
        assert_eq!(received.len(), 2, "the connection was reused");
        assert!(!received[0].windows(6).any(|window| window == b"SECRET"), "the content was sent");
    }
}

#[test]
fn a_connection_that_breaks_while_sending_fails_once_and_in_time() {
    for driver in DRIVERS {
        let server = play(Script::new().expect_head().reset());
        let outcome = send(&engine(), post(&server.url(), vec![b'x'; LARGE]), driver);
        // Reading or writing meets the reset, whichever comes first.
        let error = outcome.expect_err("a failure");
        assert_eq!(error.kind(), Kind::Network, "{error:?}");
        assert_eq!(server.received().len(), 1);
    }
}
