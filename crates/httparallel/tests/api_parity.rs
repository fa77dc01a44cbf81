//! Settings of clients, the types of the `http` crate, and what responses tell beyond their status.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};

use futures_lite::future::block_on;
use httparallel::blocking::Client;
use httparallel::{Error, Kind, Phase, Url};
use httparallel_testserver::{Options, Script, ScriptedServer, TestServer};

fn server() -> TestServer {
    TestServer::start(Options::default()).unwrap()
}

fn packed(text: &str) -> String {
    text.replace("\", \"", "\",\"").replace("\": ", "\":")
}

#[test]
fn parameters_of_a_client_come_first() {
    let server = server();
    let client =
        Client::builder().base_url(server.http_url()).query([("key", "a b"), ("v", "2")]).build().unwrap();
    for (url, target) in [("/echo", "/echo?key=a+b&v=2"), ("/echo?x=1", "/echo?key=a+b&v=2&x=1")] {
        let seen = packed(&client.get(url).send().unwrap().text());
        assert!(seen.contains(&format!("\"target\":\"{target}\"")), "{seen}");
    }
    let seen = packed(&client.get("/echo").query([("y", "3")]).send().unwrap().text());
    assert!(seen.contains("?key=a+b&v=2&y=3"), "{seen}");
}

#[test]
fn headers_of_a_client_replace_its_defaults() {
    let server = server();
    let mut map = http::HeaderMap::new();
    map.append("accept", http::HeaderValue::from_static("a/b"));
    map.append("accept", http::HeaderValue::from_static("c/d"));
    let client = Client::builder().headers(&map).headers([("X-One", "1")]).build().unwrap();
    let seen = packed(&client.get(server.http_url() + "/echo").send().unwrap().text());
    for field in ["[\"accept\",\"a/b\"]", "[\"accept\",\"c/d\"]", "[\"X-One\",\"1\"]"] {
        assert!(seen.contains(field), "{seen}");
    }
    assert!(!seen.contains("*/*"), "{seen}");
    assert_eq!(Client::builder().headers([("a b", "c")]).build().unwrap_err().kind(), Kind::InvalidRequest);
}

#[test]
fn certificates_may_go_unverified() {
    let server = server();
    let url = server.https_url();
    assert_eq!(Client::new().get(&url).send().unwrap_err().kind(), Kind::Tls);
    let client = Client::builder().danger_accept_invalid_certs(true).build().unwrap();
    assert_eq!(client.get(&url).send().unwrap().status(), 200);
}

#[test]
fn hooks_see_every_request_and_response() {
    let server = server();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (requests, responses) = (seen.clone(), seen.clone());
    let client = Client::builder()
        .base_url(server.http_url())
        .follow_redirects(true)
        .on_request(move |request| {
            request.headers.set("X-Signed", "yes");
            requests.lock().unwrap().push(format!("{} {}", request.method.as_str(), request.url.path()));
            Ok(())
        })
        .on_response(move |response| {
            responses.lock().unwrap().push(format!(
                "{} {}",
                response.status().as_u16(),
                response.url().path()
            ));
        })
        .build()
        .unwrap();
    assert!(client.get("/echo").send().unwrap().text().contains("X-Signed"));
    client.get("/redirect/1").stream().unwrap();
    let mut parallel = client.parallel();
    parallel.get("/status/404").unwrap();
    parallel.next_response().unwrap().response.unwrap();
    let expected = [
        "GET /echo",
        "200 /echo",
        "GET /redirect/1",
        "302 /redirect/1",
        "200 /",
        "GET /status/404",
        "404 /status/404",
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[test]
fn a_hook_may_refuse_a_request_but_not_break_it() {
    let server = server();
    let refusing = Client::builder().on_request(|_| Err(Error::new(Kind::Closed, Phase::Build, "no more")));
    let error = refusing.build().unwrap().get(server.http_url()).send().unwrap_err();
    assert_eq!(error.message(), "no more");
    let breaking = Client::builder().on_request(|request| {
        request.headers.append("X", "a\r\nb");
        Ok(())
    });
    let error = breaking.build().unwrap().get(server.http_url()).send().unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidRequest);
    assert_eq!(server.stats().requests, 0);
}

#[test]
fn requests_of_the_http_crate_are_sent() {
    let server = server();
    let url = server.http_url() + "/echo?a=1";
    let request = || {
        let builder = http::Request::patch(&url).header("X-A", "1").header("X-A", "2");
        builder.body(bytes::Bytes::from_static(b"content")).unwrap()
    };
    let blocking = Client::new().execute(request()).unwrap();
    let awaited = block_on(httparallel::Client::new().execute(request())).unwrap();
    for response in [blocking, awaited] {
        let seen = packed(&response.text());
        for part in ["\"method\":\"PATCH\"", "/echo?a=1", "[\"x-a\",\"2\"]", "\"body\":\"content\""] {
            assert!(seen.contains(part), "{seen}");
        }
        let converted: http::Response<bytes::Bytes> = response.into();
        assert_eq!(converted.extensions().get::<Url>().unwrap().as_str(), url);
    }
    let client = Client::builder().base_url(server.http_url()).build().unwrap();
    let relative = client.from_http(http::Request::get("/small").body("").unwrap()).send().unwrap();
    assert_eq!(relative.text(), "Hello, world!");
}

#[cfg(feature = "http-body")]
#[test]
fn a_body_is_one_of_the_http_crates() {
    use http_body::Body;
    let server = server();
    let length = block_on(async {
        let client = httparallel::Client::new();
        let mut body = client.get(server.http_url() + "/bytes/300000").stream().await?.into_body();
        let mut length = 0;
        while let Some(frame) =
            std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context)).await
        {
            length += frame?.into_data().map_or(0, |data| data.len());
        }
        Ok::<_, Error>(length)
    });
    assert_eq!(length.unwrap(), 300_000);
}

#[test]
fn links_lead_to_the_next_page() {
    let server = server();
    let url = server.http_url()
        + "/headers?Link=%3C%2Fitems%3Fpage%3D2%3E%3B%20rel%3Dnext&link=%3C%2F%3E%3B%20rel%3Dstart";
    let response = Client::new().get(url).send().unwrap();
    assert_eq!(response.links().len(), 2);
    assert_eq!(response.link("next").unwrap().as_str(), server.http_url() + "/items?page=2");
    assert_eq!(response.link("start").unwrap().path(), "/");
    assert!(response.link("last").is_none());
}

#[test]
fn a_status_is_an_error_for_who_asks() {
    let server = server();
    let response = Client::new().get(server.http_url() + "/status/503").send().unwrap();
    let error = response.error_for_status_ref().unwrap_err();
    assert_eq!((error.status().as_u16(), response.content_length()), (503, Some(4)));
    assert_eq!(error.response().url(), response.url());
    assert_eq!(response.text(), "503\n");
    let fine = Client::new().get(server.http_url() + "/chunked/5").send().unwrap();
    assert!(fine.error_for_status_ref().is_ok());
    assert_eq!(fine.content_length(), None);
}

#[test]
fn text_has_a_charset_of_the_callers_choice_if_it_names_none() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\n\xfcber";
    let scripted = ScriptedServer::start(Script::new().expect_request().send(answer).forever()).unwrap();
    let response = Client::new().get(scripted.url()).send().unwrap();
    assert_eq!(response.text(), "\u{fffd}ber");
    assert_eq!(response.text_with_charset("latin1"), "über");
}

#[test]
fn a_body_is_copied_until_it_fails() {
    let server = server();
    let response = Client::new().get(server.http_url() + "/close-after-head").stream().unwrap();
    let error = response.copy_to(&mut std::io::sink()).unwrap_err();
    let source = error.get_ref().and_then(|source| source.downcast_ref::<Error>()).unwrap();
    assert_eq!(source.kind(), Kind::Incomplete);
}
