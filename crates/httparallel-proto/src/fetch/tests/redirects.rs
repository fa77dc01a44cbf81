//! Where a redirect leads, with which method and content.

use super::*;

#[test]
fn methods_change_as_the_status_says() {
    let table = [
        (301, "GET", "GET"),
        (301, "HEAD", "HEAD"),
        (301, "POST", "GET"),
        (301, "PUT", "PUT"),
        (301, "DELETE", "DELETE"),
        (302, "GET", "GET"),
        (302, "HEAD", "HEAD"),
        (302, "POST", "GET"),
        (302, "PUT", "GET"),
        (302, "PATCH", "GET"),
        (302, "DELETE", "GET"),
        (302, "OPTIONS", "GET"),
        (303, "GET", "GET"),
        (303, "HEAD", "HEAD"),
        (303, "POST", "GET"),
        (303, "DELETE", "GET"),
        (307, "GET", "GET"),
        (307, "HEAD", "HEAD"),
        (307, "POST", "POST"),
        (307, "PATCH", "PATCH"),
        (308, "POST", "POST"),
        (308, "PUT", "PUT"),
        (308, "OPTIONS", "OPTIONS"),
    ];
    for (status, before, after) in table {
        let next = redirected(&request(before, "http://example.com/"), status, &location("/next")).unwrap();
        assert_eq!(next.method.as_str(), after, "{before} after {status}");
    }
}

#[test]
fn only_redirect_statuses_with_a_location_are_redirects() {
    for status in [301, 302, 303, 307, 308] {
        assert!(is_redirect(status, &location("/")), "{status}");
        assert!(!is_redirect(status, &Headers::new()), "{status}");
    }
    for status in [200, 201, 300, 304, 305, 306, 309, 400] {
        assert!(!is_redirect(status, &location("/")), "{status}");
    }
}

#[test]
fn content_and_what_describes_it_stay_behind_when_the_method_becomes_get() {
    for status in [301, 302, 303] {
        let before = upload("POST", Content::Bytes("hello".into()));
        let next = redirected(&before, status, &location("/next")).unwrap();
        assert_eq!(next.content, Content::Empty);
        assert_eq!(names(&next), ["Host", "X-Kept"], "{status}");
    }
}

#[test]
fn content_is_sent_again_when_the_method_stays() {
    for (status, method) in [(307, "POST"), (308, "POST"), (301, "PUT")] {
        let before = upload(method, Content::Bytes("hello".into()));
        let next = redirected(&before, status, &location("/next")).unwrap();
        assert_eq!((&next.content, &next.headers), (&before.content, &before.headers), "{status}");
    }
}

#[test]
fn a_stream_cannot_be_sent_again() {
    for status in [307, 308] {
        let error = redirected(&upload("POST", Content::Stream), status, &location("/next")).unwrap_err();
        assert_eq!((error.kind(), error.phase()), (Kind::InvalidRequest, Phase::Write));
    }
}

#[test]
fn a_stream_that_need_not_be_sent_again_is_no_obstacle() {
    let next = redirected(&upload("POST", Content::Stream), 303, &location("/next")).unwrap();
    assert_eq!(next.content, Content::Empty);
}

#[test]
fn locations_are_resolved_against_the_request() {
    let table = [
        ("/next", "http://example.com:8080/next"),
        ("next", "http://example.com:8080/a/next"),
        ("../next?x=1", "http://example.com:8080/next?x=1"),
        ("?x=1", "http://example.com:8080/a/b?x=1"),
        ("//other.org/next", "http://other.org/next"),
        ("https://other.org", "https://other.org"),
        ("HTTPS://OTHER.org/", "https://other.org/"),
    ];
    for (target, url) in table {
        assert_eq!(follow(&get("http://example.com:8080/a/b?q=2"), target).url.as_str(), url, "{target}");
    }
}

#[test]
fn a_location_without_a_fragment_inherits_that_of_the_request() {
    let before = get("http://example.com/a#part");
    assert_eq!(follow(&before, "/b").url.as_str(), "http://example.com/b#part");
    assert_eq!(follow(&before, "/b#own").url.as_str(), "http://example.com/b#own");
    assert_eq!(follow(&before, "http://other.org/b").url.as_str(), "http://other.org/b#part");
    assert_eq!(follow(&get("http://example.com/a"), "/b").url.fragment(), None);
}

#[test]
fn a_location_outside_ascii_is_read_as_utf8_or_else_latin1() {
    let before = get("http://example.com/");
    let next = redirected(&before, 302, &location("/caf\u{e9}")).unwrap();
    assert_eq!(next.url.raw_path(), "/caf%C3%A9");
    let next = redirected(&before, 302, &location(&b"/caf\xe9"[..])).unwrap();
    assert_eq!(next.url.raw_path(), "/caf%C3%A9");
}

#[test]
fn a_location_that_is_no_url_is_an_error() {
    let before = get("http://example.com/");
    for target in ["http://example.com:port/", "/a\r\nX: y", "/a\0b", "http://[::1/"] {
        let error = refusal(&before, target);
        assert_eq!((error.kind(), error.phase()), (Kind::Protocol, Phase::Read), "{target:?}");
        assert!(error.message().starts_with("Invalid URL in location header: "), "{error}");
    }
}

#[test]
fn a_location_without_a_host_means_the_server_that_sent_it() {
    let before = get("http://example.com:8080/a");
    assert_eq!(follow(&before, "https://:443/b").url.as_str(), "https://example.com/b");
    assert_eq!(follow(&before, "https:///b").url.as_str(), "https://example.com/b");
    assert_eq!(follow(&get("http://[::1]/a"), "https://:444/").url.as_str(), "https://[::1]:444/");
}

#[test]
fn only_http_and_https_are_followed() {
    let before = get("http://example.com/");
    for target in ["file:///etc/passwd", "data:text/plain,x", "ftp://example.com/", "javascript:x", "ws://a/"]
    {
        let error = refusal(&before, target);
        assert_eq!((error.kind(), error.phase()), (Kind::UnsupportedScheme, Phase::Read), "{target}");
    }
    assert_eq!(refusal(&before, "market://details?id=42").message(), "Scheme 'market' not supported.");
}

#[test]
fn the_handshake_of_a_websocket_may_be_led_to_one() {
    let mut before = get("http://example.com/chat");
    before.headers.append("Upgrade", "WebSocket");
    before.url = Url::parse("ws://example.com/chat").unwrap();
    assert_eq!(follow(&before, "/new").url.as_str(), "ws://example.com/new");
    assert_eq!(follow(&before, "wss://other.org/").url.as_str(), "wss://other.org/");
    assert_eq!(follow(&before, "https://example.com/").url.as_str(), "https://example.com/");
    assert_eq!(refusal(&before, "ftp://example.com/").kind(), Kind::UnsupportedScheme);
    before.headers.set("Upgrade", "h2c");
    assert_eq!(refusal(&before, "wss://example.com/").kind(), Kind::UnsupportedScheme);
}

#[test]
fn refusals_name_no_credentials_and_no_query() {
    for target in ["ftp://jo:secret@example.com/?token=secret", "http://jo:secret@example.com:port/?q=secret"]
    {
        assert!(!refusal(&get("http://example.com/"), target).message().contains("secret"), "{target}");
    }
}
