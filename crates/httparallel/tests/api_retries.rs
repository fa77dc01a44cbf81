//! Retries of both clients: by the client's policy, by a request's own, out of one budget.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use futures_lite::future::block_on;
use httparallel::{Client, Retry, blocking};
use httparallel_testserver::{Options, TestServer};

fn server() -> TestServer {
    TestServer::start(Options::default()).unwrap()
}

fn at_once() -> Retry {
    Retry { backoff: Duration::ZERO, budget: None, ..Retry::default() }
}

fn retrying(policy: Retry) -> blocking::Client {
    blocking::Client::builder().retries(policy).build().unwrap()
}

#[test]
fn nothing_is_retried_by_default() {
    let server = server();
    let url = server.http_url() + "/flaky";
    assert_eq!(blocking::Client::new().get(url).send().unwrap().status(), 503);
    assert_eq!(server.stats().requests, 1);
}

#[test]
fn both_clients_retry() {
    let server = server();
    let url = server.http_url() + "/flaky?times=2&by=";
    assert_eq!(retrying(at_once()).get(format!("{url}blocking")).send().unwrap().text(), "attempt 3\n");
    let client = Client::builder().retries(at_once()).build().unwrap();
    block_on(async {
        assert_eq!(client.get(format!("{url}async")).send().await.unwrap().text(), "attempt 3\n");
        let mut streamed = client.get(format!("{url}streamed")).stream().await.unwrap();
        assert_eq!(streamed.chunk().await.unwrap().unwrap(), "attempt 3\n");
    });
}

#[test]
fn requests_of_a_block_are_retried() {
    let server = server();
    let client = retrying(at_once());
    let mut parallel = client.parallel();
    for number in 0..10 {
        parallel.get(format!("{}/flaky?id={number}&times=2", server.http_url())).unwrap();
    }
    let texts: Vec<_> =
        (&mut parallel).into_iter().map(|outcome| outcome.response.unwrap().text().into_owned()).collect();
    assert_eq!(texts, ["attempt 3\n"; 10]);
}

#[test]
fn a_request_has_its_own_policy_or_none() {
    let server = server();
    let url = server.http_url() + "/flaky?status=500&id=";
    let client = retrying(at_once());
    let own = Retry { statuses: vec![500], ..at_once() };
    assert_eq!(client.get(format!("{url}1")).send().unwrap().status(), 500);
    assert_eq!(client.get(format!("{url}2")).retries(own).send().unwrap().status(), 200);
    let url = server.http_url() + "/flaky?id=";
    assert_eq!(client.get(format!("{url}3")).retries(None).send().unwrap().status(), 503);
    assert_eq!(client.get(format!("{url}4")).send().unwrap().status(), 200);
    assert_eq!(client.post(format!("{url}5")).body("x").send().unwrap().status(), 503);
    let keyed = client.post(format!("{url}6")).header("Idempotency-Key", "1").body("x");
    assert_eq!(keyed.send().unwrap().status(), 200);
}

#[test]
fn clones_of_a_client_share_its_budget() {
    let server = server();
    let url = server.http_url() + "/status/503";
    let client = retrying(Retry { attempts: 100, budget: Some(0.0), ..at_once() });
    for clone in [&client, &client.clone()] {
        assert_eq!(clone.get(&url).send().unwrap().status(), 503);
    }
    // The reserve of ten, and one a second.
    let sent = server.stats().requests;
    assert!((12..20).contains(&sent), "{sent}");
}
