//! Credentials are bound to the origin they were meant for.

use super::*;

fn authorized(url: &str) -> Request {
    let mut request = get(url);
    for name in ["Authorization", "COOKIE", "proxy-authorization", "X-Kept"] {
        request.headers.append(name, "secret");
    }
    request
}

#[test]
fn credentials_stay_with_their_origin() {
    let next = follow(&authorized("https://example.com/a"), "/b");
    assert_eq!(names(&next), ["Host", "Authorization", "proxy-authorization", "X-Kept"]);
    let spelled_out = follow(&authorized("https://example.com/a"), "https://EXAMPLE.com:443/b");
    assert_eq!(names(&spelled_out), names(&next));
}

#[test]
fn another_host_port_or_scheme_gets_no_credentials() {
    let table = [
        ("https://example.com/", "https://other.org/"),
        ("https://example.com/", "https://sub.example.com/"),
        ("https://example.com/", "https://example.com.evil.org/"),
        ("https://example.com/", "https://example.com:8443/"),
        ("https://example.com/", "http://example.com/"),
        ("https://example.com/", "http://example.com:443/"),
        ("http://example.com/", "https://example.com:8443/"),
        ("http://example.com:8080/", "https://example.com/"),
        ("http://example.com/", "https://other.org/"),
        ("http://127.0.0.1:1/", "http://127.0.0.1:2/"),
        ("http://[::1]/", "http://127.0.0.1/"),
    ];
    for (from, to) in table {
        assert_eq!(names(&follow(&authorized(from), to)), ["Host", "X-Kept"], "{from} to {to}");
    }
}

#[test]
fn an_upgrade_to_https_on_the_default_ports_keeps_all_but_what_was_the_proxys() {
    let next = follow(&authorized("http://example.com/"), "https://example.com/");
    assert_eq!(names(&next), ["Host", "Authorization", "X-Kept"]);
}

#[test]
fn a_websocket_s_credentials_are_kept_and_dropped_by_the_same_rules() {
    let mut before = authorized("http://example.com/");
    before.headers.append("Upgrade", "websocket");
    before.url = Url::parse("ws://example.com/").unwrap();
    let kept = ["Host", "Authorization", "X-Kept", "Upgrade"];
    assert_eq!(names(&follow(&before, "wss://example.com/")), kept);
    assert_eq!(names(&follow(&before, "https://example.com/")), kept);
    for target in
        ["ws://other.org/", "http://example.com/", "ws://example.com:8080/", "wss://example.com:8443/"]
    {
        assert_eq!(names(&follow(&before, target)), ["Host", "X-Kept", "Upgrade"], "{target}");
    }
}

#[test]
fn every_field_of_a_repeated_credential_is_dropped() {
    let mut before = authorized("https://example.com/");
    before.headers.append("authorization", "another");
    assert_eq!(names(&follow(&before, "https://other.org/")), ["Host", "X-Kept"]);
}

#[test]
fn credentials_do_not_come_back_with_their_origin() {
    let away = follow(&authorized("https://example.com/"), "https://other.org/");
    let back = follow(&away, "https://example.com/");
    assert_eq!(names(&back), ["Host", "X-Kept"]);
}

#[test]
fn the_users_name_in_a_url_stays_with_its_origin() {
    let before = get("http://jo:secret@example.com/a");
    assert_eq!(follow(&before, "/b").url.userinfo(), "jo:secret");
    assert_eq!(follow(&before, "http://other.org/").url.userinfo(), "");
    assert_eq!(follow(&before, "//other.org/").url.userinfo(), "");
}

#[test]
fn the_host_header_follows_the_origin_and_stays_where_it_stood() {
    let mut before = get("http://example.com/");
    before.headers.append("Accept", "*/*");
    let next = follow(&before, "http://other.org:8080/");
    assert_eq!(next.headers.get("host").unwrap(), "other.org:8080");
    assert_eq!(names(&next), ["Host", "Accept"]);
    assert_eq!(follow(&before, "http://[::1]:1/").headers.get("host").unwrap(), "[::1]:1");
    assert_eq!(follow(&before, "https://example.com/").headers.get("host").unwrap(), "example.com");
}

#[test]
fn a_host_header_of_the_callers_own_is_kept_within_the_origin() {
    let mut before = get("http://example.com/");
    before.headers.set("Host", "virtual.example");
    assert_eq!(follow(&before, "/b").headers.get("host").unwrap(), "virtual.example");
    assert_eq!(follow(&before, "http://other.org/").headers.get("host").unwrap(), "other.org");
}

#[test]
fn api_keys_by_their_usual_names_stay_with_their_origin() {
    let mut before = get("https://example.com/");
    let keys = ["X-API-Key", "api-key", "PRIVATE-TOKEN", "X-Auth-Token", "x-goog-api-key", "X-CSRF-Token"];
    for name in keys.into_iter().chain(["X-Request-Id", "Accept"]) {
        before.headers.append(name, "1");
    }
    let within = follow(&before, "/b");
    assert_eq!(within.headers.len(), before.headers.len());
    let away = follow(&before, "https://other.org/");
    assert_eq!(names(&away), ["Host", "X-Request-Id", "Accept"]);
    assert_eq!(names(&follow(&away, "https://example.com/")), names(&away));
}

#[test]
fn what_the_caller_calls_sensitive_stays_with_its_origin() {
    let sensitive = SensitiveHeaders::new(["X-Tenant"]).unwrap().with("x-other").unwrap();
    let mut before = authorized("https://example.com/");
    before.headers.append("x-tenant", "secret");
    before.headers.append("X-Other", "secret");
    let away = redirect(&before, 307, &location("https://other.org/"), &sensitive).unwrap();
    assert_eq!(names(&away), ["Host", "X-Kept"]);
    let within = redirect(&before, 307, &location("/b"), &sensitive).unwrap();
    assert!(names(&within).contains(&"x-tenant") && names(&within).contains(&"X-Other"));
}

#[test]
fn a_sensitive_name_has_to_be_one_of_a_header() {
    for name in ["", "X Key", "X-Key:", "x\r\ny"] {
        assert_eq!(SensitiveHeaders::new([name]).unwrap_err().kind(), Kind::InvalidRequest, "{name:?}");
    }
    assert_eq!(SensitiveHeaders::new([""; 0]).unwrap(), SensitiveHeaders::default());
}

#[test]
fn where_the_user_comes_from_is_told_to_nobody_else() {
    let mut before = get("https://example.com/a");
    before.headers.append("Referer", "https://example.com/?secret");
    assert!(names(&follow(&before, "/b")).contains(&"Referer"));
    for target in ["https://other.org/", "http://example.com/"] {
        assert_eq!(names(&follow(&before, target)), ["Host"], "{target}");
    }
}

#[test]
fn the_policy_of_a_fetch_says_what_is_sensitive() {
    let sensitive = SensitiveHeaders::new(["X-Kept"]).unwrap();
    let mut fetch = Fetch::new(Policy { follow_redirects: true, sensitive, ..Policy::default() }, None);
    let before = authorized("https://example.com/");
    let Next::Follow(next) = on_head(&mut fetch, &before, 302, &location("//other.org/")).unwrap() else {
        panic!()
    };
    assert_eq!(names(&next), ["Host"]);
}
