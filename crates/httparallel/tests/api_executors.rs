//! The async client on several executors, and what dropping its futures does.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use futures_lite::StreamExt;
use httparallel::{
    Body, Client, Limits, Parallel, Pending, Protocols, RequestBuilder, Response, StatusError, blocking,
};
use httparallel_testserver::{Options, TestServer};

fn server() -> TestServer {
    TestServer::start(Options::default()).unwrap()
}

/// The least that can be called an executor.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// A few requests of every sort.
async fn visit(client: Client, base: String) -> usize {
    let whole = client.get(format!("{base}/delay/5")).send().await.unwrap();
    let mut streamed = client.get(format!("{base}/stream/4?interval_ms=3")).stream().await.unwrap();
    let first = streamed.chunk().await.unwrap().unwrap();
    let rest = streamed.collect().await.unwrap();
    let mut parallel = client.parallel();
    for size in 0..20 {
        parallel.get(format!("{base}/bytes/{size}")).unwrap();
    }
    let mut sum = whole.bytes().len() + first.len() + rest.bytes().len();
    while let Some(outcome) = parallel.next_response().await {
        sum += outcome.response.unwrap().bytes().len();
    }
    sum
}

const VISITED: usize = 13 + 4 * 1024 + 190;

#[test]
fn runs_on_a_hand_made_executor() {
    let server = server();
    assert_eq!(block_on(visit(Client::new(), server.http_url())), VISITED);
}

#[test]
fn runs_on_futures_lite() {
    let server = server();
    assert_eq!(futures_lite::future::block_on(visit(Client::new(), server.http_url())), VISITED);
}

#[tokio::test]
async fn runs_on_tokio_in_tasks() {
    let (server, client) = (server(), Client::new());
    let tasks: Vec<_> = (0..4).map(|_| tokio::spawn(visit(client.clone(), server.http_url()))).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), VISITED);
    }
}

#[test]
fn a_client_outlives_the_executor_that_used_it() {
    let (server, client) = (server(), Client::new());
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(visit(client.clone(), server.http_url())), VISITED);
    }
}

#[test]
fn nothing_is_sent_before_the_first_poll() {
    let (server, client) = (server(), Client::new());
    drop(client.get(server.http_url()).send());
    assert_eq!(server.stats().connections_opened, 0);
}

#[tokio::test]
async fn dropping_a_future_cancels_and_frees_its_place() {
    let server = server();
    let limits = Limits { max_connections: Some(1), ..Limits::default() };
    let client = Client::builder().limits(limits).build().unwrap();
    let limit = Duration::from_millis(50);
    let hanging = client.get(server.http_url() + "/hang").send();
    assert!(tokio_timeout(limit, hanging).await.is_none());
    assert_eq!(client.get(server.http_url()).send().await.unwrap().status(), 200);
    let seen = Instant::now() + Duration::from_secs(5);
    while server.stats().cancelled != 1 {
        assert!(Instant::now() < seen, "the server never saw the request end");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn dropping_a_future_over_http2_resets_its_stream_and_keeps_the_connection() {
    let server = server();
    let protocols = Protocols { http1: false, http2: true };
    let client = Client::builder().protocols(protocols).base_url(server.http_url()).build().unwrap();
    futures_lite::future::block_on(async {
        let mut parallel = client.parallel();
        parallel.get("/hang").unwrap();
        while server.stats().requests != 1 {
            std::thread::sleep(Duration::from_millis(2));
        }
        let responses = parallel.map(["/bytes/1", "/bytes/2"]).unwrap();
        let sizes: Vec<_> = responses.map(|response| response.unwrap().bytes().len()).collect().await;
        assert_eq!(sizes, [1, 2]);
        drop(parallel);
        assert_eq!(client.get("/small").send().await.unwrap().version(), http::Version::HTTP_2);
    });
    assert_eq!((server.stats().rst_received, server.stats().connections_opened), (1, 1));
}

/// `None` if the future is not done in time; it is dropped then.
async fn tokio_timeout<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    futures_lite::future::or(async { Some(future.await) }, async {
        let (bell, rung) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            std::thread::sleep(limit);
            bell.send(())
        });
        let _ = rung.await;
        None
    })
    .await
}

#[test]
fn a_body_is_a_stream() {
    let (server, client) = (server(), Client::new());
    let size = futures_lite::future::block_on(async {
        let response = client.get(server.http_url() + "/chunked/100000").stream().await.unwrap();
        let body = response.into_body();
        body.fold(0, |sum, chunk| sum + chunk.unwrap().len()).await
    });
    assert_eq!(size, 100_000);
}

fn check<T: Send + Sync + 'static>() {}

fn sendable<T: Send>(future: T) -> T {
    future
}

#[test]
fn everything_may_move_between_threads() {
    check::<(Client, blocking::Client, RequestBuilder, blocking::RequestBuilder)>();
    check::<(Response, Response<Body>, Response<blocking::Body>, StatusError<Body>)>();
    check::<(Parallel, Pending, blocking::Parallel, blocking::Pending)>();
    let client = Client::new();
    drop(sendable(client.get("http://a.test").send()));
    drop(sendable(client.get("http://a.test").stream()));
    drop(sendable(client.parallel().next_response()));
}
