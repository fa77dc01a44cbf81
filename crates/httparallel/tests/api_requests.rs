//! What requests put on the wire: methods, headers, content, credentials, base URL.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use httparallel::blocking::{Client, RequestBuilder};
use httparallel::{Kind, Phase, RateLimit};
use httparallel_testserver::{Options, TestServer};

fn server() -> TestServer {
    TestServer::start(Options::default()).unwrap()
}

fn echo(request: RequestBuilder) -> String {
    request.send().unwrap().text().into_owned()
}

fn header(name: &str, value: &str) -> String {
    format!("[\"{name}\",\"{value}\"]")
}

/// The echo without the white space that JSON allows.
fn packed(text: &str) -> String {
    text.replace("\", \"", "\",\"").replace("\": ", "\":")
}

#[test]
fn sends_each_method() {
    let (server, client) = (server(), Client::new());
    let url = server.http_url() + "/echo";
    let requests = [
        ("GET", client.get(&url)),
        ("OPTIONS", client.options(&url)),
        ("POST", client.post(&url)),
        ("PUT", client.put(&url)),
        ("PATCH", client.patch(&url)),
        ("DELETE", client.delete(&url)),
        ("BREW", client.request("BREW", &url)),
        ("TRACE", client.request(http::Method::TRACE, &url)),
    ];
    for (method, request) in requests {
        assert!(packed(&echo(request)).contains(&format!("\"method\":\"{method}\"")), "{method}");
    }
    let response = client.head(&url).send().unwrap();
    assert_eq!((response.status().as_u16(), response.bytes().len()), (200, 0));
}

#[test]
fn has_default_headers() {
    let (server, client) = (server(), Client::new());
    let url = server.http_url();
    let seen = packed(&echo(client.get(format!("{url}/echo"))));
    assert!(seen.contains(&header("Host", url.trim_start_matches("http://"))), "{seen}");
    assert!(seen.contains(&header("Accept", "*/*")), "{seen}");
    assert!(
        seen.contains(&header("Accept-Encoding", "gzip, deflate, br, zstd").replace("\", \"", "\",\"")),
        "{seen}"
    );
    assert!(
        seen.contains(&header("User-Agent", concat!("httparallel/", env!("CARGO_PKG_VERSION")))),
        "{seen}"
    );
}

#[test]
fn a_request_replaces_default_headers_and_keeps_its_own() {
    let server = server();
    let client = Client::builder().user_agent("mine").header("X-Default", "1").build().unwrap();
    let map: http::HeaderMap =
        [(http::header::ACCEPT, http::HeaderValue::from_static("text/html"))].into_iter().collect();
    let request = client.get(server.http_url() + "/echo").headers(&map);
    let seen = packed(&echo(request.header("X-Own", "a").header("x-own", "b").header("x-default", "2")));
    for expected in
        [("accept", "text/html"), ("X-Own", "a"), ("x-own", "b"), ("x-default", "2"), ("User-Agent", "mine")]
    {
        assert!(seen.contains(&header(expected.0, expected.1)), "{expected:?} {seen}");
    }
    assert!(!seen.contains("*/*") && !seen.contains("X-Default"), "{seen}");
}

#[test]
fn encodes_query_form_and_json() {
    let (server, client) = (server(), Client::new());
    let url = server.http_url() + "/echo?a=1";
    let seen = packed(&echo(client.post(&url).query([("b", "ü &")]).form([("x", "1 2"), ("y", "=")])));
    assert!(seen.contains("\"target\":\"/echo?a=1&b=%C3%BC+%26\""), "{seen}");
    assert!(seen.contains("\"body\":\"x=1+2&y=%3D\""), "{seen}");
    assert!(seen.contains(&header("Content-Type", "application/x-www-form-urlencoded")), "{seen}");
    let seen = packed(&echo(client.put(&url).json_text("[1]")));
    assert!(seen.contains("\"body\":\"[1]\"") && seen.contains(&header("Content-Type", "application/json")));
    assert!(seen.contains(&header("Content-Length", "3")), "{seen}");
}

#[cfg(feature = "json")]
#[test]
fn values_go_and_come_as_json() {
    let (server, client) = (server(), Client::new());
    let sent = std::collections::BTreeMap::from([("a", 1), ("b", 2)]);
    let response = client.post(server.http_url() + "/echo-body").json(&sent).send().unwrap();
    let received: std::collections::BTreeMap<String, i32> = response.json().unwrap();
    assert_eq!(received["b"], 2);
    assert_eq!(response.json::<Vec<u8>>().unwrap_err().kind(), Kind::Decode);
}

#[cfg(feature = "form")]
#[test]
fn values_go_as_queries_and_forms() {
    let (server, client) = (server(), Client::new());
    let fields = std::collections::BTreeMap::from([("a", Some("ü &")), ("b", None), ("c", Some("1"))]);
    let request = client.post(server.http_url() + "/echo?x=1").query_from(&fields).form_from(&[("d", 2.5)]);
    let seen = packed(&echo(request));
    assert!(seen.contains("\"target\":\"/echo?x=1&a=%C3%BC+%26&c=1\""), "{seen}");
    assert!(seen.contains("\"body\":\"d=2.5\""), "{seen}");
    assert!(seen.contains(&header("Content-Type", "application/x-www-form-urlencoded")), "{seen}");
    let refused = client.get(server.http_url()).query_from(&[("a", [1, 2])]).send().unwrap_err();
    assert_eq!((refused.kind(), refused.phase()), (Kind::InvalidRequest, Phase::Build));
}

#[test]
fn an_empty_post_says_that_it_is_empty() {
    let (server, client) = (server(), Client::new());
    let seen = packed(&echo(client.post(server.http_url() + "/echo")));
    assert!(seen.contains(&header("Content-Length", "0")), "{seen}");
    let seen = packed(&echo(client.get(server.http_url() + "/echo")));
    assert!(!seen.contains("Content-Length"), "{seen}");
}

#[test]
fn relative_urls_are_put_below_the_base_url() {
    let server = server();
    let client = Client::builder().base_url(server.http_url() + "/echo/v1").build().unwrap();
    for (url, target) in [("x?a=b", "/echo/v1/x?a=b"), ("/x", "/echo/v1/x"), ("", "/echo/v1/")] {
        let seen = packed(&echo(client.get(url)));
        assert!(seen.contains(&format!("\"target\":\"{target}\"")), "{url:?} {seen}");
    }
    let absolute = client.get(server.http_url() + "/small").send().unwrap();
    assert_eq!(absolute.text(), "Hello, world!");
    assert_eq!(client.get("//elsewhere.test/x").send().unwrap_err().kind(), Kind::UnsupportedScheme);
}

#[test]
fn credentials_of_a_client_go_to_their_origin_only() {
    let (home, away) = (server(), server());
    let client = Client::builder().basic_auth(home.http_url(), "user", "pass").build().unwrap();
    let status = |server: &TestServer| {
        client.get(server.http_url() + "/basic-auth/user/pass").send().unwrap().status().as_u16()
    };
    assert_eq!((status(&home), status(&away)), (200, 401));
}

#[test]
fn a_redirect_elsewhere_goes_without_credentials() {
    let (home, away) = (server(), server());
    let client = Client::builder().bearer_auth(home.http_url(), "t").follow_redirects(true).build().unwrap();
    let target = |server: &TestServer| format!("/redirect-to?url={}/bearer-auth/t", server.http_url());
    let status =
        |server: &TestServer| client.get(home.http_url() + &target(server)).send().unwrap().status().as_u16();
    assert_eq!((status(&home), status(&away)), (200, 401));
}

#[test]
fn sensitive_headers_stay_with_their_origin() {
    let (home, away) = (server(), server());
    let client = Client::builder()
        .header("X-API-Key", "secret")
        .header("X-Tenant", "secret")
        .header("X-Plain", "kept")
        .sensitive_header("x-tenant")
        .follow_redirects(true)
        .build()
        .unwrap();
    let echoed = |server: &TestServer| {
        echo(client.get(format!("{}/redirect-to?url={}/echo", home.http_url(), server.http_url())))
    };
    assert_eq!(echoed(&home).matches("secret").count(), 2);
    assert!(!echoed(&away).contains("secret") && echoed(&away).contains("kept"));
    assert!(Client::builder().sensitive_header("X Tenant").build().is_err());
}

#[test]
fn requests_keep_to_the_limits_of_their_client() {
    let server = server();
    let limit = RateLimit::per_second(100.0).unwrap().with_burst(5).unwrap();
    let client = Client::builder().rate_limit(limit).max_concurrency_per_host(2).build().unwrap();
    let started = Instant::now();
    let mut parallel = client.parallel();
    for _ in 0..15 {
        parallel.get(server.http_url() + "/delay/5").unwrap();
    }
    assert_eq!(parallel.outcomes().filter(|outcome| outcome.response.is_ok()).count(), 15);
    assert!(started.elapsed() >= Duration::from_millis(95));
    assert!(server.stats().requests_peak <= 2);
}

#[test]
fn a_request_has_credentials_of_its_own() {
    let server = server();
    let client = Client::builder().bearer_auth(server.http_url(), "wrong").build().unwrap();
    let url = server.http_url() + "/basic-auth/u/p";
    assert_eq!(client.get(&url).basic_auth("u", "p").send().unwrap().status(), 200);
    assert_eq!(client.get(url.replace("://", "://u:p@")).send().unwrap().status(), 200);
    assert_eq!(client.get(url).send().unwrap().status(), 401);
    let url = server.http_url() + "/bearer-auth/right";
    assert_eq!(client.get(url).bearer_auth("right").send().unwrap().status(), 200);
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let (server, client) = (server(), Client::new());
    let url = server.http_url();
    let refused = [
        (client.get("http://[bad"), Kind::InvalidUrl),
        (client.get("ftp://a/"), Kind::UnsupportedScheme),
        (client.get("/relative"), Kind::UnsupportedScheme),
        (client.request("NOT A TOKEN", &url), Kind::InvalidRequest),
        (client.get(&url).header("X", "a\r\nb"), Kind::InvalidRequest),
        (client.get(&url).header("a b", "1"), Kind::InvalidRequest),
        (client.get(&url).basic_auth("a:b", "c"), Kind::InvalidRequest),
        (client.get(&url).bearer_auth("a\nb"), Kind::InvalidRequest),
    ];
    for (request, kind) in refused {
        let error = request.send().unwrap_err();
        assert_eq!((error.kind(), error.phase()), (kind, Phase::Build), "{error}");
    }
    assert_eq!(server.stats().requests, 0);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    assert_eq!(Client::builder().base_url("/x").build().unwrap_err().kind(), Kind::UnsupportedScheme);
    assert_eq!(Client::builder().base_url("http://[").build().unwrap_err().kind(), Kind::InvalidUrl);
    assert_eq!(Client::builder().header("a", "\n").build().unwrap_err().kind(), Kind::InvalidRequest);
    assert_eq!(Client::builder().bearer_auth("x", "t").build().unwrap_err().kind(), Kind::UnsupportedScheme);
}

#[test]
fn debug_output_shows_no_secret() {
    let client = Client::builder().bearer_auth("http://a.test", "s3cret").header("X-Key", "s3cret");
    let shown = format!("{client:?}");
    let client = client.build().unwrap();
    let request = client.get("http://u:s3cret@a.test/?q=s3cret").bearer_auth("s3cret");
    assert!(!format!("{shown} {client:?} {request:?}").contains("s3cret"));
}
