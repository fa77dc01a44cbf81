//! Credentials from a netrc file: which requests they are added to. What files look like is tested where they are
//! read, and where they lie in `api_environment`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use httparallel::blocking::{Client, ClientBuilder};
use httparallel::{Kind, MockTransport, Reply, Request};

/// Of `user` with `secret`.
const USERS: &str = "Basic dXNlcjpzZWNyZXQ=";

/// A file for one test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("httparallel-netrc-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Redirects to where the query says, or else tells the credentials that have come.
fn told(request: &Request) -> Reply {
    if let Some(to) = request.url.query() {
        return Reply::new(307).header("Location", to);
    }
    let said = request.headers.get("authorization").map(|value| value.to_vec());
    Reply::new(200).body(said.unwrap_or_default())
}

fn builder(file: &File) -> ClientBuilder {
    Client::builder()
        .netrc_file(&file.0)
        .transport(MockTransport::new(|request| Ok(told(&request))))
        .follow_redirects(true)
}

fn said(client: &Client, url: &str) -> String {
    client.get(url).send().unwrap().text().into_owned()
}

#[test]
fn it_is_asked_for_the_exact_host_and_not_where_a_redirect_leads() {
    let file = File::new("exact", "machine a.test login user password secret");
    let client = builder(&file).build().unwrap();
    for url in ["https://a.test/", "http://A.test:8080/", "https://a.test/?https://a.test/x"] {
        assert_eq!(said(&client, url), USERS, "{url}");
    }
    for url in [
        "https://b.test/",
        "https://a.test.evil/",
        "https://x.a.test/",
        "https://b.test/?https://a.test/",
        "https://a.test/?https://b.test/",
        "https://a.test/?https://a.test:8443/",
        "https://a.test/?http://a.test/",
    ] {
        assert_eq!(said(&client, url), "", "{url}");
    }
    let mut parallel = client.parallel();
    parallel.get("https://a.test").unwrap();
    assert_eq!(parallel.next_response().unwrap().response.unwrap().text(), USERS);
}

#[test]
fn the_default_is_for_other_hosts_that_are_asked_for() {
    let file = File::new("default", "machine a.test login x password y\ndefault login user password secret");
    let client = builder(&file).build().unwrap();
    assert_eq!(said(&client, "https://b.test/"), USERS);
    assert_eq!(said(&client, "https://b.test/?https://c.test/"), "");
}

#[test]
fn what_is_said_nearer_to_the_request_comes_first() {
    let file = File::new("first", "default login user password secret");
    let client = builder(&file)
        .bearer_auth("https://b.test", "token")
        .digest_auth("https://c.test", "user", "secret")
        .header("Authorization", "of all requests")
        .build()
        .unwrap();
    assert_eq!(said(&client, "https://a.test/"), USERS);
    assert_eq!(said(&client, "https://b.test/"), "Bearer token");
    // It waits for a challenge.
    assert_eq!(said(&client, "https://c.test/"), "");
    assert_eq!(said(&client, "https://x:y@a.test/"), "Basic eDp5");
    let own = client.get("https://a.test/").bearer_auth("own").send().unwrap();
    assert_eq!(own.text(), "Bearer own");
}

#[test]
fn a_file_that_cannot_be_read_is_told_by_build() {
    let file = File::new("wrong", "machine a.test login user secret");
    let error = builder(&file).build().unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidRequest);
    assert!(error.message().contains("line 1") && !error.message().contains("secret"), "{error}");
    let path = file.0.clone();
    drop(file);
    let error = Client::builder().netrc_file(&path).build().unwrap_err();
    assert!(error.message().contains(&*path.to_string_lossy()), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}
