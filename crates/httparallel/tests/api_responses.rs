//! What responses tell, whole and streamed; redirects, time limits, cancellation.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Read;
use std::time::{Duration, Instant};

use httparallel::blocking::Client;
use httparallel::{Kind, Phase, Protocols, Verify};
use httparallel_testserver::{Options, Script, ScriptedServer, TestServer};

fn server() -> TestServer {
    TestServer::start(Options::default()).unwrap()
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
fn tells_its_head() {
    let (server, client) = (server(), Client::new());
    let url = server.http_url() + "/headers?X-Two=a&x-two=b";
    let response = client.get(&url).send().unwrap();
    assert_eq!(response.status(), http::StatusCode::OK);
    assert_eq!(response.version(), http::Version::HTTP_11);
    assert_eq!(response.reason(), "OK");
    assert_eq!(response.url().as_str(), url);
    assert_eq!(response.header("x-TWO"), Some("a"));
    assert_eq!(response.headers().get_all("x-two").count(), 2);
    let map = response.header_map();
    assert_eq!(map.get_all("x-two").iter().collect::<Vec<_>>(), ["a", "b"]);
    assert!(response.elapsed() > Duration::ZERO);
    let converted: http::Response<bytes::Bytes> = response.into();
    assert_eq!((converted.status().as_u16(), &converted.body()[..]), (200, &b"headers\n"[..]));
}

#[test]
fn decodes_every_coding() {
    let (server, client) = (server(), Client::new());
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let url = format!("{}/{coding}", server.http_url());
        let whole = client.get(&url).send().unwrap();
        assert!(whole.text().contains(&format!("\"{coding}\"")), "{coding}");
        assert_eq!(whole.header("content-encoding"), Some(coding));
        let streamed = client.get(&url).stream().unwrap().collect().unwrap();
        assert_eq!(streamed.bytes(), whole.bytes());
    }
}

#[test]
fn text_follows_the_charset() {
    let (server, client) = (server(), Client::new());
    let request = client.post(server.http_url() + "/echo-body").body(&b"\xfcber"[..]);
    let response = request.header("Content-Type", "text/plain; charset=latin-1").send().unwrap();
    assert_eq!(response.text(), "über");
}

#[test]
fn text_without_a_charset_is_in_the_clients() {
    let server = server();
    let url = server.http_url() + "/echo-body";
    let client = Client::builder().default_encoding("Latin-1").build().unwrap();
    let post = |content_type| client.post(&url).body("ü".as_bytes()).header("Content-Type", content_type);
    assert_eq!(post("text/plain").send().unwrap().text(), "Ã¼");
    assert_eq!(post("text/plain").stream().unwrap().collect().unwrap().text(), "Ã¼");
    let mut parallel = client.parallel();
    parallel.submit(post("text/plain")).unwrap();
    assert_eq!(parallel.next_response().unwrap().response.unwrap().text(), "Ã¼");
    // What is named counts.
    assert_eq!(post("text/plain; charset=utf-8").send().unwrap().text(), "ü");
    assert_eq!(post("text/plain").send().unwrap().text_with_charset("utf-8"), "ü");
    assert_eq!(Client::new().post(&url).body("ü").send().unwrap().text(), "ü");
    for charset in ["UTF-8", "ascii"] {
        assert!(Client::builder().default_encoding(charset).build().is_ok());
    }
    for charset in ["", "no-charset"] {
        let refused = Client::builder().default_encoding(charset).build();
        assert_eq!(refused.unwrap_err().kind(), Kind::InvalidRequest);
    }
}

#[test]
fn a_bomb_does_not_go_off() {
    let (server, client) = (server(), Client::builder().max_body(1 << 20).build().unwrap());
    let url = server.http_url() + "/gzip-bomb?mb=64";
    assert_eq!(client.get(&url).send().unwrap_err().kind(), Kind::BodyTooLarge);
    let mut response = client.get(&url).stream().unwrap();
    let error = loop {
        match response.chunk() {
            Ok(chunk) => assert!(chunk.unwrap().len() <= 64 * 1024),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), Kind::BodyTooLarge);
    assert_eq!(response.chunk().unwrap_err().kind(), Kind::BodyTooLarge);
}

#[test]
fn a_body_that_is_too_large_is_not_read_to_its_end() {
    let (server, client) = (server(), Client::builder().max_body(10_000).build().unwrap());
    let endless = server.http_url() + "/stream/1000000?interval_ms=1";
    assert_eq!(client.get(endless).send().unwrap_err().kind(), Kind::BodyTooLarge);
    eventually(|| server.stats().cancelled == 1);
    let response = client.get(server.http_url() + "/drip?bytes=5&interval_ms=10").send().unwrap();
    assert_eq!(response.bytes().len(), 5);
    assert!(response.elapsed() >= Duration::from_millis(40));
}

#[test]
fn a_request_has_a_limit_of_its_own() {
    let (server, client) = (server(), Client::builder().max_body(10).build().unwrap());
    let url = server.http_url() + "/bytes/100";
    assert_eq!(client.get(&url).send().unwrap_err().kind(), Kind::BodyTooLarge);
    assert_eq!(client.get(&url).max_body(100).send().unwrap().bytes().len(), 100);
    assert_eq!(client.get(&url).max_body(None).send().unwrap().bytes().len(), 100);
    assert_eq!(client.get(&url).max_body(99).send().unwrap_err().kind(), Kind::BodyTooLarge);
    let mut parallel = client.parallel();
    let [small, large] = [9, 100].map(|most| parallel.submit(client.get(&url).max_body(most)).unwrap());
    assert_eq!(small.response().unwrap_err().kind(), Kind::BodyTooLarge);
    assert_eq!(large.response().unwrap().bytes().len(), 100);
    assert!(parallel.next_response().is_none());
}

#[test]
fn truncated_coding_is_an_error() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03";
    let scripted = ScriptedServer::start(Script::new().expect_request().send(answer).forever()).unwrap();
    let client = Client::new();
    assert_eq!(client.get(scripted.url()).send().unwrap_err().kind(), Kind::Decode);
    let mut response = client.get(scripted.url()).stream().unwrap();
    assert_eq!(response.chunk().unwrap_err().kind(), Kind::Decode);
}

#[test]
fn follows_redirects_when_told_to() {
    let (server, client) = (server(), Client::new());
    let url = server.http_url() + "/redirect/2";
    assert_eq!(client.get(&url).send().unwrap().status(), 302);
    let response = client.get(&url).follow_redirects(true).send().unwrap();
    assert_eq!((response.status().as_u16(), response.url().path()), (200, "/"));
    let hops: Vec<_> = response.history().iter().map(|hop| hop.url().path()).collect();
    assert_eq!(hops, ["/redirect/2", "/redirect/1"]);
    assert_eq!(response.history()[0].status(), 302);

    let client = Client::builder().follow_redirects(true).max_redirects(1).build().unwrap();
    assert_eq!(client.get(&url).send().unwrap_err().kind(), Kind::TooManyRedirects);
}

#[test]
fn a_status_becomes_an_error_with_the_response() {
    let (server, client) = (server(), Client::new());
    let response = client.get(server.http_url() + "/status/503?q=1").send().unwrap();
    let error = response.error_for_status().unwrap_err();
    assert!(error.to_string().starts_with("Server error 503 Service Unavailable for http://"), "{error}");
    assert!(!error.to_string().contains("q=1"));
    assert_eq!(error.into_response().text(), "503\n");
    assert!(client.get(server.http_url()).send().unwrap().error_for_status().is_ok());
}

#[test]
fn streams_as_chunks_reader_and_iterator() {
    let (server, client) = (server(), Client::new());
    let url = server.http_url() + "/chunked/300000";
    let whole = client.get(&url).send().unwrap();

    let mut response = client.get(&url).stream().unwrap();
    assert_eq!(response.status(), 200);
    let mut chunks = Vec::new();
    while let Some(chunk) = response.chunk().unwrap() {
        chunks.extend_from_slice(&chunk);
    }
    assert_eq!(response.chunk().unwrap(), None);

    let mut read = Vec::new();
    client.get(&url).stream().unwrap().into_body().read_to_end(&mut read).unwrap();
    let iterated: Vec<u8> =
        client.get(&url).stream().unwrap().into_body().flat_map(|chunk| chunk.unwrap()).collect();
    assert!(whole.bytes() == &chunks && chunks == read && read == iterated);
    assert_eq!(client.connections().len(), 1);
}

#[test]
fn an_unread_stream_is_given_up_when_it_is_dropped() {
    let (server, client) = (server(), Client::new());
    let mut response = client.get(server.http_url() + "/drip?bytes=1000&interval_ms=10").stream().unwrap();
    assert!(response.chunk().unwrap().is_some());
    drop(response);
    eventually(|| server.stats().cancelled == 1);
    assert_eq!(client.connections().len(), 0);
}

#[test]
fn a_body_cut_short_is_an_error() {
    let (server, client) = (server(), Client::new());
    let url = server.http_url() + "/close-after-head";
    assert_eq!(client.get(&url).send().unwrap_err().kind(), Kind::Incomplete);
    let mut response = client.get(&url).stream().unwrap();
    assert_eq!(response.chunk().unwrap_err().kind(), Kind::Incomplete);
}

#[test]
fn time_limits_are_kept() {
    let (server, client) = (server(), Client::new());
    let limit = Duration::from_millis(30);
    let error = client.get(server.http_url() + "/hang").timeout(limit).send().unwrap_err();
    assert_eq!((error.kind(), error.phase()), (Kind::Timeout, Phase::Read));
    let drip = server.http_url() + "/drip?bytes=1000&interval_ms=5";
    let error = client.get(drip).total_timeout(limit).send().unwrap_err();
    assert_eq!((error.kind(), error.phase()), (Kind::Timeout, Phase::Total));
}

#[test]
fn a_response_outlives_its_client() {
    let server = server();
    let response = Client::new().get(server.http_url() + "/stream/5").stream().unwrap();
    assert_eq!(response.collect().unwrap().bytes().len(), 5 * 1024);
}

#[test]
fn a_closed_client_refuses_requests() {
    let (server, client) = (server(), Client::new());
    client.get(server.http_url()).send().unwrap();
    client.clone().close();
    assert_eq!(client.get(server.http_url()).send().unwrap_err().kind(), Kind::Closed);
    assert_eq!(client.parallel().get(server.http_url()).unwrap_err().kind(), Kind::Closed);
}

#[test]
fn speaks_tls_and_http2() {
    let server = server();
    let builder = Client::builder().verify(Verify::Roots(server.ca_pem().into_bytes()));
    let client = builder.protocols(Protocols { http1: true, http2: true }).build().unwrap();
    let response = client.get(server.https_url()).send().unwrap();
    assert_eq!((response.version(), response.text().as_ref()), (http::Version::HTTP_2, "Hello, world!"));
    assert_eq!(Client::new().get(server.https_url()).send().unwrap_err().kind(), Kind::Tls);
}

#[test]
fn works_inside_a_runtime() {
    let (server, client) = (server(), Client::new());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let text = runtime.block_on(async {
        let mut parallel = client.parallel();
        parallel.get(server.http_url()).unwrap();
        let first = client.get(server.http_url()).send().unwrap().text().into_owned();
        let second = parallel.next_response().unwrap().response.unwrap();
        first + &second.text()
    });
    assert_eq!(text, "Hello, world!Hello, world!");
}

#[test]
fn tells_how_long_its_parts_took() {
    let (server, client) = (server(), Client::new());
    let url = server.http_url() + "/bytes/3000000";
    let mut streamed = client.get(&url).stream().unwrap();
    let early = streamed.timings();
    assert!(early.connect.is_some() && early.wait.is_some() && !early.reused, "{early:?}");
    assert_eq!((early.receive, early.total), (None, None));
    while streamed.chunk().unwrap().is_some() {}
    let late = streamed.body().timings();
    assert!(late.receive.is_some() && late.total.is_some(), "{late:?}");
    let whole = client.get(&url).stream().unwrap().collect().unwrap().timings();
    assert!(whole.total.is_some() && whole.reused, "{whole:?}");
    assert_eq!(whole.connection, early.connection);
}

#[test]
fn redirects_tell_how_long_their_parts_took() {
    let server = server();
    let client = Client::builder().follow_redirects(true).build().unwrap();
    let response = client.get(server.http_url() + "/redirect/1").send().unwrap();
    let [redirect] = response.history() else { panic!("one redirect") };
    let (first, last) = (redirect.timings(), response.timings());
    assert_eq!((first.reused, last.reused, first.connection), (false, true, last.connection));
    assert!(first.total.unwrap() + last.total.unwrap() <= response.elapsed());
}
