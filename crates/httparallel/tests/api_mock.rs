//! A mock transport: all that is above the network does as it always does.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::Duration;

use futures_lite::{future, stream};
use httparallel::{Client, Error, Kind, MockTransport, Phase, Reply, Request, Result, Retry, blocking};
use httparallel_testserver::{Options, TestServer};

/// "hello".
const GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00";

fn builder(handler: impl Fn(Request) -> Result<Reply> + Send + Sync + 'static) -> blocking::ClientBuilder {
    blocking::Client::builder().base_url("https://a.test").transport(MockTransport::new(handler))
}

fn client(handler: impl Fn(Request) -> Result<Reply> + Send + Sync + 'static) -> blocking::Client {
    builder(handler).build().unwrap()
}

fn text_of(request: &Request, header: &str) -> String {
    let value = request.headers.get(header).map(|value| String::from_utf8_lossy(value).into_owned());
    value.unwrap_or_default()
}

/// Says what it was asked.
fn echo(request: &Request) -> Reply {
    let content = String::from_utf8_lossy(request.content.bytes());
    Reply::new(200).text(format!("{} {} {content}", request.method.as_str(), request.url.as_str()))
}

fn refused() -> Error {
    Error::new(Kind::Network, Phase::Connect, "refused")
}

#[test]
fn both_clients_are_answered_in_every_way() {
    let blocking = client(|request| Ok(echo(&request)));
    let asynchronous =
        Client::builder().transport(MockTransport::new(|request| Ok(echo(&request)))).build().unwrap();
    let expected = "POST https://a.test/x?q=1 content";
    let request = || blocking.post("/x?q=1").body("content");
    assert_eq!(request().send().unwrap().text(), expected);
    assert_eq!(request().stream().unwrap().collect().unwrap().text(), expected);
    let parallel = blocking.parallel();
    assert_eq!(parallel.submit(request()).unwrap().response().unwrap().text(), expected);

    future::block_on(async {
        let request = || asynchronous.post("https://a.test/x?q=1").body("content");
        assert_eq!(request().send().await.unwrap().text(), expected);
        assert_eq!(request().stream().await.unwrap().collect().await.unwrap().text(), expected);
        let parallel = asynchronous.parallel();
        assert_eq!(parallel.submit(request()).unwrap().response().await.unwrap().text(), expected);
    });
}

#[test]
fn redirects_cookies_credentials_and_hooks_are_as_always() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let client = builder(|request| {
        let said = format!("{}|{}", text_of(&request, "cookie"), text_of(&request, "authorization"));
        match request.url.path() {
            "/in" => Ok(Reply::new(302).header("Location", "/there").header("Set-Cookie", "a=1; Secure")),
            "/out" => Ok(Reply::new(307).header("Location", "https://b.test/there")),
            _ => Ok(Reply::new(200).text(said)),
        }
    })
    .follow_redirects(true)
    .cookie_store(true)
    .bearer_auth("https://a.test", "token")
    .on_response(move |response| noted.lock().unwrap().push(response.status().as_u16()))
    .build()
    .unwrap();
    let response = client.get("/in").send().unwrap();
    assert_eq!(response.text(), "a=1|Bearer token");
    assert_eq!((response.url().as_str(), response.history().len()), ("https://a.test/there", 1));
    assert_eq!(client.get("/out").send().unwrap().text(), "|");
    assert_eq!(*seen.lock().unwrap(), [302, 200, 307, 200]);
}

#[test]
fn challenges_are_answered() {
    let client = builder(|request| {
        let said = text_of(&request, "authorization");
        if said.starts_with("Digest username=\"user\"") {
            return Ok(Reply::new(200));
        }
        Ok(Reply::new(401).header("WWW-Authenticate", "Digest realm=\"r\", nonce=\"n\", qop=\"auth\""))
    });
    let client = client.digest_auth("https://a.test", "user", "secret").build().unwrap();
    assert_eq!(client.get("/").send().unwrap().status(), 200);
}

#[test]
fn content_codings_are_undone() {
    let client = client(|_| Ok(Reply::new(200).header("Content-Encoding", "gzip").body(GZIP)));
    assert_eq!(client.get("/").send().unwrap().text(), "hello");
    assert_eq!(client.get("/").stream().unwrap().collect().unwrap().text(), "hello");
}

#[test]
fn lengths_are_told_and_answers_without_content_have_none() {
    let client = client(|request| match request.url.path() {
        "/chunks" => Ok(Reply::new(200).chunks(["one ", "two"])),
        "/none" => Ok(Reply::new(204).text("text")),
        _ => Ok(http::Response::builder().status(201).header("X-A", "b").body("text").unwrap().into()),
    });
    let whole = client.get("/").send().unwrap();
    assert_eq!((whole.status().as_u16(), &*whole.reason()), (201, "Created"));
    assert_eq!((whole.header("x-a"), whole.header("content-length")), (Some("b"), Some("4")));
    let chunks = client.get("/chunks").send().unwrap();
    assert_eq!((&*chunks.text(), chunks.header("transfer-encoding")), ("one two", Some("chunked")));
    let head = client.head("/").send().unwrap();
    assert_eq!((&*head.text(), head.content_length()), ("", Some(4)));
    assert_eq!(client.get("/none").send().unwrap().text(), "");
    assert!(client.connections().is_empty());
}

#[test]
fn errors_are_those_of_the_network() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let client = builder(move |_| {
        if counted.fetch_add(1, Ordering::Relaxed) < 2 { Err(refused()) } else { Ok(Reply::new(200)) }
    });
    let retry = Retry { backoff: Duration::ZERO, budget: None, ..Retry::default() };
    let client = client.build().unwrap();
    let error = client.get("/").send().unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Network, "refused"));
    let response = client.get("/").retries(retry).send().unwrap();
    assert_eq!(response.timings().attempts, 2);
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[test]
fn a_body_may_break_off() {
    let client = client(|_| Ok(Reply::new(200).chunks(["one"]).then_fail(refused())));
    assert_eq!(client.get("/").send().unwrap_err().kind(), Kind::Network);
    let mut streamed = client.get("/").stream().unwrap();
    assert_eq!(streamed.chunk().unwrap().unwrap(), "one");
    assert_eq!(streamed.chunk().unwrap_err().kind(), Kind::Network);
}

#[test]
fn limits_of_bodies_count() {
    let client = builder(|_| Ok(Reply::new(200).chunks(["12345", "67890"]))).max_body(9).build().unwrap();
    assert_eq!(client.get("/").send().unwrap_err().kind(), Kind::BodyTooLarge);
}

#[test]
fn what_is_no_answer_fails_the_request() {
    let replies = [Reply::new(99), Reply::new(100), Reply::new(1000), Reply::new(200).header("A b", "")];
    for reply in replies {
        let client = client(move |_| Ok(reply.clone()));
        assert!(client.get("/").send().is_err());
    }
}

#[test]
fn a_panic_is_the_requests_error() {
    let asynchronous = MockTransport::new_async(|request: Request| {
        assert_ne!(request.url.path(), "/now", "a wrong path");
        async { panic!("a wrong {}", "request") }
    });
    let asynchronous = blocking::Client::builder().transport(asynchronous).base_url("http://a.test");
    let clients = [client(|_| panic!("a wrong {}", "request")), asynchronous.build().unwrap()];
    for client in &clients {
        for path in ["/", "/now"] {
            let error = client.get(path).send().unwrap_err();
            assert_eq!(error.kind(), Kind::Internal);
            assert!(error.message().starts_with("the handler of the mock transport panicked: "), "{error}");
            assert!(error.message().contains("a wrong "), "{error}");
        }
    }
}

#[test]
fn content_that_is_read_while_it_is_sent_is_there_as_a_whole() {
    let blocking = client(|request| Ok(echo(&request)));
    let content = vec![b'x'; 1_000_000];
    for length in [None, Some(content.len() as u64)] {
        let request = || blocking.post("/").body_reader(std::io::Cursor::new(content.clone()), length);
        assert!(request().send().unwrap().text().ends_with(&"x".repeat(1_000_000)));
        let parallel = blocking.parallel();
        assert!(parallel.submit(request()).unwrap().response().unwrap().text().ends_with("xxx"));
    }
    for length in [999_999, 1_000_001] {
        let request = blocking.post("/").body_reader(std::io::Cursor::new(content.clone()), length);
        assert_eq!(request.send().unwrap_err().kind(), Kind::InvalidRequest);
    }
    let asynchronous =
        Client::builder().transport(MockTransport::new(|request| Ok(echo(&request)))).build().unwrap();
    let pieces = stream::iter(["one ", "two"].map(|piece| Ok::<_, Error>(piece.into())));
    let request = asynchronous.post("http://a.test/").body_stream(pieces, None);
    assert_eq!(future::block_on(request.send()).unwrap().text(), "POST http://a.test/ one two");
}

#[test]
fn many_handlers_may_wait_for_one_another() {
    let barrier = Barrier::new(30);
    let client = client(move |_| {
        barrier.wait();
        Ok(Reply::new(200))
    });
    let mut parallel = client.parallel();
    for _ in 0..30 {
        parallel.get("/").unwrap();
    }
    assert_eq!(parallel.outcomes().filter(|outcome| outcome.response.is_ok()).count(), 30);
}

#[test]
fn a_handler_may_ask_a_real_server() {
    let server = TestServer::start(Options::default()).unwrap();
    let (real, url) = (blocking::Client::new(), server.http_url());
    let client = client(move |request| {
        let response = real.get(format!("{url}{}", request.url.path())).send()?;
        Ok(Reply::from(http::Response::from(response)))
    });
    assert_eq!(client.get("/bytes/1000").send().unwrap().bytes().len(), 1000);
}

/// A handler that never answers. It tells when it is called, and when it is dropped.
fn silent(events: mpsc::Sender<&'static str>) -> MockTransport {
    struct Told(mpsc::Sender<&'static str>);
    impl Drop for Told {
        fn drop(&mut self) {
            let _ = self.0.send("dropped");
        }
    }
    MockTransport::new_async(move |_| {
        let told = Told(events.clone());
        let _ = told.0.send("called");
        async move {
            let _told = told;
            future::pending().await
        }
    })
}

fn next(events: &mpsc::Receiver<&'static str>) -> &'static str {
    events.recv_timeout(Duration::from_secs(10)).unwrap()
}

#[test]
fn a_request_that_is_given_up_drops_its_future() {
    let (sender, events) = mpsc::channel();
    let client = Client::builder().transport(silent(sender)).build().unwrap();
    let mut request = Box::pin(client.get("http://a.test").send());
    assert!(future::block_on(future::poll_once(&mut request)).is_none());
    assert_eq!(next(&events), "called");
    drop(request);
    assert_eq!(next(&events), "dropped");

    let parallel = client.parallel();
    let pending = parallel.get("http://a.test").unwrap();
    assert_eq!(next(&events), "called");
    drop(parallel);
    assert_eq!(next(&events), "dropped");
    assert_eq!(future::block_on(pending.response()).unwrap_err().kind(), Kind::Cancelled);
}

#[test]
fn the_total_time_limit_counts() {
    let (sender, _events) = mpsc::channel();
    let client = blocking::Client::builder().transport(silent(sender));
    let client = client.total_timeout(Duration::from_millis(1)).build().unwrap();
    let error = client.get("http://a.test").send().unwrap_err();
    assert_eq!((error.kind(), error.phase()), (Kind::Timeout, Phase::Total));
}

#[test]
fn closing_ends_requests_on_their_way_and_refuses_later_ones() {
    let (sender, events) = mpsc::channel();
    let client = blocking::Client::builder().transport(silent(sender)).build().unwrap();
    let waiting = std::thread::spawn({
        let client = client.clone();
        move || client.get("http://a.test").send()
    });
    assert_eq!(next(&events), "called");
    client.close();
    assert_eq!(waiting.join().unwrap().unwrap_err().kind(), Kind::Closed);
    assert_eq!(next(&events), "dropped");
    assert_eq!(client.get("http://a.test").send().unwrap_err().kind(), Kind::Closed);
    assert!(events.try_recv().is_err());
}
