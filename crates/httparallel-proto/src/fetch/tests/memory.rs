//! Challenges that are answered, and cookies that are kept.

use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::super::*;
use super::on_head;
use super::{get, location};
use crate::Url;
use crate::auth::digest::Session;

const DIGEST: &str = "Digest realm=r, nonce=n, qop=auth";

/// Keeps the last `Set-Cookie` of each host, which is all these tests need.
#[derive(Debug, Default)]
struct Jar(Mutex<Vec<(String, Bytes)>>);

impl CookieJar for Jar {
    fn store(&self, url: &Url, headers: &Headers) {
        let kept = headers.get("set-cookie").map(|value| (url.host().into_owned(), value.clone()));
        self.0.lock().unwrap().extend(kept);
    }

    fn cookie(&self, url: &Url) -> Option<Bytes> {
        let kept = self.0.lock().unwrap();
        kept.iter().rev().find(|(host, _)| *host == url.host()).map(|(_, value)| value.clone())
    }
}

/// A request of a client that knows a password for `example.com` and keeps cookies.
fn remembering(url: &str) -> Request {
    let session = Arc::new(Session::new("user", "pass", [1; 32]));
    let sessions = vec![(Url::parse("https://example.com").unwrap().origin(), session)];
    let memory = Arc::new(Memory { cookies: Some(Arc::new(Jar::default())), sessions });
    let mut request = get(url);
    memory.prepare(&mut request);
    Request { memory: Some(memory), ..request }
}

fn challenge(value: &'static str) -> Headers {
    [("WWW-Authenticate", value)].into_iter().collect()
}

fn fetch() -> Fetch {
    Fetch::new(Policy { follow_redirects: true, ..Policy::default() }, None)
}

fn followed(fetch: &mut Fetch, request: &Request, status: u16, headers: &Headers) -> Request {
    match on_head(fetch, request, status, headers).unwrap() {
        Next::Follow(next) => next,
        next => panic!("{next:?}"),
    }
}

fn is_delivered(fetch: &mut Fetch, request: &Request, headers: &Headers) -> bool {
    matches!(on_head(fetch, request, 401, headers).unwrap(), Next::Deliver)
}

fn authorization(request: &Request) -> Option<&str> {
    request.headers.get("authorization").map(|value| std::str::from_utf8(value).unwrap())
}

fn cookie(request: &Request) -> Option<&[u8]> {
    request.headers.get("cookie").map(|value| &value[..])
}

#[test]
fn a_challenge_is_answered_once() {
    let (request, mut fetch) = (remembering("https://example.com/a?b"), fetch());
    assert_eq!(authorization(&request), None);
    let answer = followed(&mut fetch, &request, 401, &challenge(DIGEST));
    let value = authorization(&answer).unwrap();
    assert!(value.contains("uri=\"/a?b\"") && value.contains("nc=00000001"), "{value}");
    assert!(is_delivered(&mut fetch, &answer, &challenge(DIGEST)));
}

#[test]
fn an_answer_that_came_too_late_is_given_again() {
    let (request, mut fetch) = (remembering("https://example.com"), fetch());
    let stale = challenge("Digest realm=r, nonce=m, stale=TRUE");
    let answer = followed(&mut fetch, &request, 401, &challenge(DIGEST));
    let again = followed(&mut fetch, &answer, 401, &stale);
    assert!(authorization(&again).unwrap().contains("nonce=\"m\""));
    assert!(is_delivered(&mut fetch, &again, &stale));
}

#[test]
fn a_known_challenge_is_answered_at_once_and_a_new_one_again() {
    let request = remembering("https://example.com");
    followed(&mut fetch(), &request, 401, &challenge(DIGEST));
    let mut later = get("https://example.com/later");
    request.memory.as_ref().unwrap().prepare(&mut later);
    assert!(authorization(&later).unwrap().contains("nc=00000002"));
    later.memory = request.memory;
    followed(&mut fetch(), &later, 401, &challenge("Digest realm=r, nonce=m"));
}

#[test]
fn nobody_answers_for_another_origin_or_scheme() {
    for url in ["http://example.com", "https://example.com:444", "https://example.org"] {
        assert!(is_delivered(&mut fetch(), &remembering(url), &challenge(DIGEST)), "{url}");
    }
    let request = remembering("https://example.com");
    assert!(is_delivered(&mut fetch(), &request, &challenge("Basic realm=r")));
    assert!(on_head(&mut fetch(), &request, 401, &challenge("Digest realm=r")).is_err());
}

#[test]
fn content_that_cannot_be_sent_again_leaves_the_challenge_to_the_caller() {
    let request = Request { content: Content::Stream, ..remembering("https://example.com") };
    assert!(is_delivered(&mut fetch(), &request, &challenge(DIGEST)));
}

#[test]
fn an_answer_is_made_anew_for_the_target_of_a_redirect() {
    let (request, mut fetch) = (remembering("https://example.com/a"), fetch());
    let answer = followed(&mut fetch, &request, 401, &challenge(DIGEST));
    let next = followed(&mut fetch, &answer, 302, &location("/b"));
    let value = authorization(&next).unwrap();
    assert!(value.contains("uri=\"/b\"") && value.contains("nc=00000002"), "{value}");
    // And its challenges are answered as those of a new request.
    followed(&mut fetch, &next, 401, &challenge("Digest realm=r, nonce=m"));
}

#[test]
fn an_answer_never_leaves_its_origin() {
    for target in ["https://example.org/", "http://example.com/"] {
        let (request, mut fetch) = (remembering("https://example.com/a"), fetch());
        let answer = followed(&mut fetch, &request, 401, &challenge(DIGEST));
        let next = followed(&mut fetch, &answer, 302, &location(target));
        assert_eq!(authorization(&next), None);
        assert!(is_delivered(&mut fetch, &next, &challenge(DIGEST)));
        // Not even by a redirect back.
        let back = followed(&mut fetch, &next, 302, &location("https://example.com/a"));
        assert_eq!(authorization(&back), None);
    }
}

#[test]
fn cookies_are_kept_and_chosen_for_each_url() {
    let (request, mut fetch) = (remembering("https://example.org/"), fetch());
    assert_eq!(cookie(&request), None);
    let mut answer = location("/b");
    answer.append("Set-Cookie", "a=1");
    let next = followed(&mut fetch, &request, 302, &answer);
    assert_eq!(cookie(&next), Some(&b"a=1"[..]));
    let elsewhere = followed(&mut fetch, &next, 302, &location("https://example.net/"));
    assert_eq!(cookie(&elsewhere), None);
    let back = followed(&mut fetch, &elsewhere, 302, &location("https://example.org/"));
    assert_eq!(cookie(&back), Some(&b"a=1"[..]));
}

#[test]
fn an_answer_goes_with_the_cookie_of_its_challenge() {
    let mut headers = challenge(DIGEST);
    headers.append("Set-Cookie", "session=1");
    let answer = followed(&mut fetch(), &remembering("https://example.com"), 401, &headers);
    assert_eq!(cookie(&answer), Some(&b"session=1"[..]));
}

#[test]
fn fields_of_the_caller_s_stay() {
    let request = remembering("https://example.com");
    followed(&mut fetch(), &request, 401, &challenge(DIGEST));
    let mut own = get("https://example.com");
    own.headers.append("Authorization", "Bearer t");
    own.headers.append("Cookie", "own=1");
    request.memory.unwrap().prepare(&mut own);
    assert_eq!((authorization(&own), cookie(&own)), (Some("Bearer t"), Some(&b"own=1"[..])));
}
