//! Server-sent events of both clients.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures_lite::StreamExt;
use futures_lite::future::block_on;
use httparallel::{Client, Event, Kind, blocking};
use httparallel_testserver::{Options, Script, ScriptedServer, TestServer};

fn server() -> TestServer {
    TestServer::start(Options::default()).unwrap()
}

fn numbers(events: Vec<Event>) -> Vec<String> {
    events.into_iter().map(|event| format!("{} {} {}", event.event, event.id, event.data)).collect()
}

#[test]
fn events_come_in_order_from_both_clients() {
    let server = server();
    let url = server.http_url() + "/events/3";
    let expected = ["tick 1 1", "tick 2 2", "tick 3 3"];
    let events = blocking::Client::new().get(&url).events().unwrap();
    assert_eq!(events.response().status(), 200);
    assert_eq!(numbers(events.map(Result::unwrap).collect()), expected);
    let received: Vec<_> = block_on(async {
        let events = Client::new().get(&url).events().await.unwrap();
        events.map(Result::unwrap).collect().await
    });
    assert_eq!(numbers(received), expected);
}

#[test]
fn an_event_comes_before_the_stream_ends() {
    let head =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n\r\ndata: now\n\n";
    let scripted = ScriptedServer::start(Script::new().expect_request().send(head).hang()).unwrap();
    let mut events = blocking::Client::new().get(scripted.url()).events().unwrap();
    assert_eq!(events.next_event().unwrap().unwrap().data, "now");
}

#[test]
fn the_request_asks_for_events_unless_told_otherwise() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n";
    let scripted = ScriptedServer::start(Script::new().expect_request().send(answer).forever()).unwrap();
    let client = blocking::Client::new();
    client.get(scripted.url()).events().unwrap();
    client.get(scripted.url()).header("cache-control", "no-cache").events().unwrap();
    let received = String::from_utf8(scripted.received().concat()).unwrap();
    assert_eq!(received.matches("Accept: text/event-stream\r\n").count(), 2);
    assert_eq!(received.matches("Cache-Control: no-store\r\n").count(), 1);
    assert_eq!(received.matches("cache-control: no-cache\r\n").count(), 1);
}

#[test]
fn another_response_is_no_event_stream() {
    let server = server();
    let error = blocking::Client::new().get(server.http_url()).events().unwrap_err();
    assert_eq!(error.kind(), Kind::EventStream);
    assert!(error.message().contains("'text/plain'"), "{error}");
}

#[test]
fn an_event_that_is_too_large_is_the_last() {
    let server = server();
    let url = server.http_url() + "/events/10";
    let mut events = blocking::Client::new().get(&url).events().unwrap().max_event_size(24);
    let failed = events.by_ref().find_map(Result::err).unwrap();
    // From the tenth event on, identifiers have two digits.
    assert_eq!((failed.kind(), events.last_event_id()), (Kind::EventStream, "9"));
    assert!(events.next().is_none());
}
