//! Parallel blocks, blocking and async.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use futures_lite::StreamExt;
use futures_lite::future::block_on;
use httparallel::{Client, Kind, Limits, blocking};
use httparallel_testserver::{Options, TestServer};

fn server() -> TestServer {
    TestServer::start(Options::default()).unwrap()
}

fn based(server: &TestServer) -> blocking::Client {
    blocking::Client::builder().base_url(server.http_url()).build().unwrap()
}

fn based_async(server: &TestServer) -> Client {
    Client::builder().base_url(server.http_url()).build().unwrap()
}

/// Waits for the server to see what the client did.
fn eventually(mut seen: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(5);
    while !seen() {
        assert!(Instant::now() < limit, "it was never seen");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn delivers_the_fastest_first() {
    let server = server();
    let client = based(&server);
    let mut parallel = client.parallel();
    for delay in [90, 10, 50] {
        parallel.get(format!("/delay/{delay}")).unwrap();
    }
    assert_eq!(parallel.pending_responses(), 3);
    let paths: Vec<_> = (&mut parallel).into_iter().map(|outcome| outcome.url.path().to_owned()).collect();
    assert_eq!(paths, ["/delay/10", "/delay/50", "/delay/90"]);
    assert!(!parallel.has_pending_responses());
    assert!(parallel.next_response().is_none());
}

#[test]
fn delivers_each_outcome_once() {
    let server = server();
    let client = based(&server);
    let mut parallel = client.parallel();
    let first = parallel.get("/bytes/1").unwrap();
    let second = parallel.get("/bytes/2").unwrap();
    assert_eq!((first.number(), second.number()), (0, 1));
    assert_eq!(second.response().unwrap().bytes().len(), 2);
    let outcome = parallel.next_response().unwrap();
    assert_eq!((outcome.number, outcome.response.unwrap().bytes().len()), (0, 1));
    assert!(parallel.next_response().is_none());
    assert_eq!(first.response().unwrap_err().kind(), Kind::Closed);
}

#[test]
fn refuses_at_the_call_and_fails_at_retrieval() {
    let server = server();
    let client = based(&server);
    let mut parallel = client.parallel();
    assert_eq!(parallel.get("http://[").unwrap_err().kind(), Kind::InvalidUrl);
    let other = blocking::Client::new().get(server.http_url());
    assert_eq!(parallel.submit(other).unwrap_err().kind(), Kind::InvalidRequest);
    assert!(!parallel.has_pending_responses());
    let failing = parallel.get("/close-after-head").unwrap();
    parallel.get("/small").unwrap();
    assert_eq!(failing.response().unwrap_err().kind(), Kind::Incomplete);
    assert_eq!(parallel.next_response().unwrap().response.unwrap().text(), "Hello, world!");
}

#[test]
fn takes_any_request() {
    let server = server();
    let client = based(&server);
    let parallel = client.parallel();
    let pending = parallel.submit(client.post("/echo-body").body("content")).unwrap();
    assert_eq!(pending.response().unwrap().text(), "content");
}

#[test]
fn an_outcome_names_the_url_that_was_asked_for() {
    let server = server();
    let client = based(&server);
    let mut parallel = client.parallel();
    parallel.submit(client.get("/redirect/1").follow_redirects(true)).unwrap();
    let outcome = parallel.next_response().unwrap();
    let response = outcome.response.unwrap();
    assert_eq!(
        (outcome.url.path(), response.url().path(), response.history().len()),
        ("/redirect/1", "/", 1)
    );
}

#[test]
fn runs_as_many_at_a_time_as_allowed() {
    let server = server();
    let limits = Limits { max_connections: Some(3), ..Limits::default() };
    let client = blocking::Client::builder().base_url(server.http_url()).limits(limits).build().unwrap();
    let all = |mut parallel: blocking::Parallel| {
        for response in parallel.map(vec!["/delay/20"; 8]).unwrap() {
            assert_eq!(response.unwrap().status(), 200);
        }
        let peak = server.stats().requests_peak;
        server.reset_stats();
        peak
    };
    assert_eq!(all(client.parallel()), 3);
    assert_eq!(all(client.parallel_limited(2)), 2);
}

#[test]
fn waiting_for_a_turn_uses_up_no_time_limit() {
    let server = server();
    let client = based(&server);
    let mut parallel = client.parallel_limited(1);
    for _ in 0..4 {
        parallel.submit(client.get("/delay/100").timeout(Duration::from_millis(300))).unwrap();
    }
    assert!(parallel.outcomes().all(|outcome| outcome.response.is_ok()));
}

#[test]
fn maps_in_order() {
    let server = server();
    let client = based(&server);
    let mut parallel = client.parallel();
    let urls = ["/delay/40?then=/bytes/1", "/close-after-head", "/bytes/3"];
    let mut responses = parallel.map(urls).unwrap();
    assert_eq!(responses.size_hint(), (3, Some(3)));
    assert_eq!(responses.next().unwrap().unwrap().bytes().len(), 1);
    assert_eq!(responses.next().unwrap().unwrap_err().kind(), Kind::Incomplete);
    assert_eq!(responses.next().unwrap().unwrap().bytes().len(), 3);
    assert!(responses.next().is_none());
}

#[test]
fn a_map_with_an_invalid_url_sends_nothing() {
    let server = server();
    let client = based(&server);
    let mut parallel = client.parallel();
    assert_eq!(parallel.map(["/small", "http://["]).unwrap_err().kind(), Kind::InvalidUrl);
    assert_eq!((parallel.pending_responses(), server.stats().requests), (0, 0));
}

#[test]
fn a_map_that_is_dropped_cancels_the_rest() {
    let server = server();
    let client = based(&server);
    let mut parallel = client.parallel();
    let mut responses = parallel.map(["/small", "/hang", "/hang"]).unwrap();
    assert!(responses.next().unwrap().is_ok());
    eventually(|| server.stats().requests == 3);
    drop(responses);
    assert!(parallel.next_response().is_none());
    eventually(|| server.stats().cancelled == 2);
}

#[test]
fn a_cancelled_request_has_an_outcome() {
    let server = server();
    let client = based(&server);
    let mut parallel = client.parallel_limited(1);
    let running = parallel.get("/hang").unwrap();
    let waiting = parallel.get("/small").unwrap();
    assert!(!running.is_done() && !waiting.is_done());
    waiting.cancel();
    running.cancel();
    assert!(running.is_done() && waiting.is_done());
    assert_eq!(running.response().unwrap_err().kind(), Kind::Cancelled);
    let outcome = parallel.next_response().unwrap();
    assert_eq!((outcome.number, outcome.response.unwrap_err().kind()), (1, Kind::Cancelled));
}

#[test]
fn leaving_cancels_what_is_pending() {
    let server = server();
    let client = based(&server);
    let parallel = client.parallel_limited(2);
    let pending: Vec<_> = (0..5).map(|_| parallel.get("/hang").unwrap()).collect();
    eventually(|| server.stats().requests == 2);
    drop(parallel);
    assert_eq!(client.connections().len(), 0);
    for pending in pending {
        assert_eq!(pending.response().unwrap_err().kind(), Kind::Cancelled);
    }
    eventually(|| server.stats().cancelled == 2);
    assert_eq!(server.stats().requests, 2);
}

#[test]
fn requests_go_on_while_the_caller_works() {
    let server = server();
    let client = based(&server);
    let parallel = client.parallel();
    let pending: Vec<_> = (0..20).map(|_| parallel.get("/small").unwrap()).collect();
    eventually(|| pending.iter().all(blocking::Pending::is_done));
    assert!(pending.into_iter().all(|pending| pending.response().is_ok()));
}

#[test]
fn async_blocks_deliver_the_fastest_first() {
    let server = server();
    let client = based_async(&server);
    block_on(async {
        let mut parallel = client.parallel();
        let slow = parallel.get("/delay/60").unwrap();
        parallel.get("/delay/30").unwrap();
        parallel.get("/small").unwrap();
        assert_eq!(slow.response().await.unwrap().status(), 200);
        assert_eq!(parallel.next_response().await.unwrap().number, 2);
        parallel.get("/delay/10").unwrap();
        let numbers: Vec<_> = parallel.outcomes().map(|outcome| outcome.number).collect().await;
        assert_eq!(numbers, [1, 3]);
        assert!(parallel.next_response().await.is_none());
    });
}

#[test]
fn async_blocks_map_in_order() {
    let server = server();
    let client = based_async(&server);
    block_on(async {
        let mut parallel = client.parallel();
        let mut responses = parallel.map(["/delay/30?then=/bytes/1", "/bytes/2"]).unwrap();
        assert_eq!(responses.next().await.unwrap().unwrap().bytes().len(), 1);
        let rest: Vec<_> = responses.collect().await;
        assert_eq!(rest[0].as_ref().unwrap().bytes().len(), 2);
    });
}

#[test]
fn a_dropped_wait_loses_nothing_and_a_dropped_response_cancels() {
    let server = server();
    let client = based_async(&server);
    block_on(async {
        let mut parallel = client.parallel();
        parallel.get("/delay/50").unwrap();
        assert!(futures_lite::future::poll_once(parallel.next_response()).await.is_none());
        assert_eq!(parallel.next_response().await.unwrap().response.unwrap().status(), 200);

        let pending = parallel.get("/hang").unwrap();
        assert!(futures_lite::future::poll_once(pending.response()).await.is_none());
        assert!(!parallel.has_pending_responses());
    });
    assert_eq!(client.connections().len(), 0);
}
