//! Requests that a proxy forwards.

use super::proxy;
use crate::fetch::{Content, Method, Overrides, Request};
use crate::proxy::{Proxy, forwarded, without_proxy_credentials};
use crate::{Headers, Url};

fn request(url: &str, headers: &[(&'static str, &'static str)]) -> Request {
    Request {
        method: Method::GET,
        url: Url::parse(url).unwrap(),
        headers: headers.iter().copied().collect::<Headers>().into(),
        content: Content::Empty,
        overrides: None,
        memory: None,
    }
}

fn with_target(mut request: Request, target: &str) -> Request {
    request.overrides = Overrides::new(Some(target), None).unwrap();
    request
}

fn sent(request: &Request, proxy: &Proxy) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let headers = forwarded(request, proxy).1;
    headers.iter().map(|header| (text(&header.name), text(&header.value))).collect()
}

fn pairs(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_target_is_in_absolute_form_without_user_and_fragment() {
    for (url, target) in [
        ("http://a.test", "http://a.test/"),
        ("http://a.test:8080/x?y=1#z", "http://a.test:8080/x?y=1"),
        ("http://user:pass@a.test/x", "http://a.test/x"),
        ("http://[::1]:81?q", "http://[::1]:81/?q"),
    ] {
        assert_eq!(forwarded(&request(url, &[]), &proxy("http://p.test")).0, target);
    }
}

#[test]
fn a_target_of_the_requests_own_is_made_absolute() {
    for (own, target) in [
        ("/other?x", "http://a.test/other?x"),
        // RFC 9112 section 3.2.4.
        ("*", "http://a.test"),
        ("http://b.test/", "http://b.test/"),
    ] {
        let request = with_target(request("http://a.test/path", &[]), own);
        assert_eq!(forwarded(&request, &proxy("http://p.test")).0, target);
    }
}

#[test]
fn what_the_proxy_is_told_comes_after_the_requests_own_fields() {
    let proxy = proxy("http://user:pass@p.test").with_header("X-Name", "value").unwrap();
    let request = request("http://a.test", &[("Host", "a.test"), ("Accept", "*/*")]);
    let wanted = pairs(&[
        ("Host", "a.test"),
        ("Accept", "*/*"),
        ("Proxy-Authorization", "Basic dXNlcjpwYXNz"),
        ("X-Name", "value"),
    ]);
    assert_eq!(sent(&request, &proxy), wanted);
    assert!(!request.headers.contains("proxy-authorization"));
}

#[test]
fn the_requests_own_fields_count_more() {
    let proxy = proxy("http://user:pass@p.test").with_header("Accept", "text/html").unwrap();
    let own = [("Host", "a.test"), ("accept", "*/*"), ("proxy-authorization", "Basic b3duOm93bg==")];
    assert_eq!(sent(&request("http://a.test", &own), &proxy), pairs(&own));
}

#[test]
fn credentials_for_a_proxy_do_not_enter_a_tunnel() {
    let own = [("Host", "a.test"), ("PROXY-Authorization", "Basic b3duOm93bg=="), ("X", "1")];
    let cleared = without_proxy_credentials(&request("https://a.test", &own)).unwrap();
    assert_eq!(*cleared.headers, [("Host", "a.test"), ("X", "1")].into_iter().collect::<Headers>());
    assert!(without_proxy_credentials(&request("https://a.test", &own[..1])).is_none());
}
