//! One request over all its hops.

use super::*;

const FOLLOW: Policy = Policy {
    follow_redirects: true,
    max_redirects: 3,
    cookies_elsewhere: false,
    sensitive: SensitiveHeaders::NONE,
};

#[test]
fn redirects_are_delivered_unless_following_was_asked_for() {
    let mut fetch = Fetch::new(Policy::default(), None);
    let next = on_head(&mut fetch, &get("http://example.com/"), 302, &location("/next")).unwrap();
    assert!(matches!(next, Next::Deliver));
}

#[test]
fn answers_are_delivered() {
    let mut fetch = Fetch::new(FOLLOW, None);
    for (status, headers) in [(200, location("/next")), (304, location("/next")), (302, Headers::new())] {
        let next = on_head(&mut fetch, &get("http://example.com/"), status, &headers).unwrap();
        assert!(matches!(next, Next::Deliver), "{status}");
    }
}

#[test]
fn a_loop_ends_after_the_allowed_number_of_hops() {
    let mut fetch = Fetch::new(FOLLOW, None);
    let mut request = get("http://example.com/loop");
    for hop in 0..3 {
        match on_head(&mut fetch, &request, 302, &location("/loop")).unwrap() {
            Next::Follow(next) => request = next,
            next => panic!("hop {hop}: {next:?}"),
        }
    }
    let error = on_head(&mut fetch, &request, 302, &location("/loop")).unwrap_err();
    assert_eq!(error.kind(), Kind::TooManyRedirects);
    assert!(matches!(on_head(&mut fetch, &request, 200, &Headers::new()).unwrap(), Next::Deliver));
}

#[test]
fn no_redirect_is_followed_if_none_is_allowed() {
    let mut fetch = Fetch::new(Policy { max_redirects: 0, ..FOLLOW }, None);
    let error = on_head(&mut fetch, &get("http://example.com/"), 302, &location("/next")).unwrap_err();
    assert_eq!(error.kind(), Kind::TooManyRedirects);
}

#[test]
fn a_redirect_that_sets_cookies_goes_to_whoever_keeps_them() {
    let mut headers = location("/next");
    headers.append("Set-Cookie", "a=b");
    let request = get("http://example.com/");
    let mut elsewhere = Fetch::new(Policy { cookies_elsewhere: true, ..FOLLOW }, None);
    assert!(matches!(on_head(&mut elsewhere, &request, 302, &headers).unwrap(), Next::Deliver));
    assert!(matches!(on_head(&mut elsewhere, &request, 302, &location("/next")).unwrap(), Next::Follow(_)));
    assert!(matches!(
        on_head(&mut Fetch::new(FOLLOW, None), &request, 302, &headers).unwrap(),
        Next::Follow(_)
    ));
}

#[test]
fn a_redirect_that_is_not_allowed_is_an_error() {
    let mut fetch = Fetch::new(FOLLOW, None);
    let error =
        on_head(&mut fetch, &get("http://example.com/"), 302, &location("file:///etc/passwd")).unwrap_err();
    assert_eq!(error.kind(), Kind::UnsupportedScheme);
}
