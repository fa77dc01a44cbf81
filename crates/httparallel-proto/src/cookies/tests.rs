#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::*;
use crate::{Headers, Url};

const NOW: u64 = 1_700_000_000;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn set(jar: &mut Jar, from: &str, field: &str) -> bool {
    jar.set(&url(from), field.as_bytes(), NOW)
}

fn sent_at(jar: &Jar, to: &str, now: u64) -> String {
    String::from_utf8(jar.cookie(&url(to), now).unwrap_or_default()).unwrap()
}

fn sent(jar: &Jar, to: &str) -> String {
    sent_at(jar, to, NOW)
}

/// What goes where after one cookie was set.
fn after(from: &str, field: &str, to: &str) -> String {
    let mut jar = Jar::default();
    set(&mut jar, from, field);
    sent(&jar, to)
}

#[test]
fn a_cookie_without_a_domain_is_for_its_host() {
    let from = "http://a.example.com/";
    assert_eq!(after(from, "x=1", from), "x=1");
    for to in ["http://example.com/", "http://b.a.example.com/", "http://b.example.com/"] {
        assert_eq!(after(from, "x=1", to), "", "{to}");
    }
    // Not for a port or a scheme: RFC 6265bis section 8.5.
    assert_eq!(after(from, "x=1", "https://A.example.com:8443/"), "x=1");
}

#[test]
fn a_domain_means_the_hosts_below_it_too() {
    let from = "http://a.example.com/";
    for domain in ["example.com", ".example.com", "EXAMPLE.com"] {
        let field = format!("x=1; Domain={domain}");
        for to in ["http://example.com/", "http://b.example.com/", "http://c.b.example.com/"] {
            assert_eq!(after(from, &field, to), "x=1", "{domain} {to}");
        }
        assert_eq!(after(from, &field, "http://badexample.com/"), "");
    }
    assert_eq!(after(from, "x=1; Domain=", "http://b.a.example.com/"), "");
}

#[test]
fn a_host_sets_nothing_for_others() {
    for (from, domain) in [
        ("http://a.example.com/", "b.example.com"),
        ("http://example.com/", "a.example.com"),
        ("http://badexample.com/", "example.com"),
        ("http://example.com/", "com"),
        ("http://example.com/", "COM"),
        ("http://example.com/", ".com."),
        ("http://example.com/", "example.com."),
        ("http://example.co.uk/", "co.uk"),
        ("http://127.0.0.1/", "0.0.1"),
        ("http://127.0.0.1/", ".1"),
    ] {
        let mut jar = Jar::default();
        assert!(!set(&mut jar, from, &format!("x=1; Domain={domain}")), "{from} {domain}");
        assert_eq!(jar.iter().count(), 0);
    }
}

#[test]
fn an_address_and_a_suffix_may_name_themselves() {
    for host in ["127.0.0.1", "localhost", "co.uk"] {
        let from = format!("http://{host}/");
        assert_eq!(after(&from, &format!("x=1; Domain={host}"), &from), "x=1");
    }
    for host in ["localhost", "co.uk"] {
        let field = format!("x=1; Domain={host}");
        assert_eq!(after(&format!("http://{host}/"), &field, &format!("http://a.{host}/")), "");
    }
    assert_eq!(after("http://[::1]/", "x=1; Domain=::1", "http://[::1]:80/"), "x=1");
}

#[test]
fn a_path_means_what_is_below_it() {
    for (path, to, expected) in [
        ("/a", "/a", "x=1"),
        ("/a", "/a/b?c", "x=1"),
        ("/a/", "/a/b", "x=1"),
        ("/a", "/ab", ""),
        ("/a/", "/a", ""),
        ("/", "", "x=1"),
        ("b", "/shop/x", "x=1"),
        ("b", "/", ""),
    ] {
        let field = format!("x=1; Path={path}");
        let to = format!("http://example.com{to}");
        assert_eq!(after("http://example.com/shop/cart", &field, &to), expected, "{path} {to}");
    }
    assert_eq!(after("http://example.com/cart", "x=1", "http://example.com/"), "x=1");
    assert_eq!(after("http://example.com/a/b/", "x=1", "http://example.com/a"), "");
}

#[test]
fn a_secure_cookie_comes_and_goes_by_https_only() {
    let (open, secure) = ("http://example.com/", "https://example.com/");
    assert_eq!(after(secure, "x=1; Secure", secure), "x=1");
    assert_eq!(after(secure, "x=1; secure", open), "");
    assert_eq!(after(open, "x=1; Secure", secure), "");
}

#[test]
fn nothing_that_came_in_the_open_replaces_a_secure_cookie() {
    let mut jar = Jar::default();
    set(&mut jar, "https://example.com/", "x=1; Secure; Path=/login; Domain=example.com");
    for (from, field) in [
        ("http://example.com/", "x=2; Path=/login"),
        ("http://example.com/", "x=2; Path=/login/now"),
        ("http://a.example.com/", "x=2; Path=/login"),
        ("http://a.example.com/", "x=2; Path=/login; Domain=example.com; Max-Age=0"),
    ] {
        assert!(!set(&mut jar, from, field), "{from} {field}");
    }
    assert!(set(&mut jar, "http://example.com/", "x=2; Path=/"));
    assert!(set(&mut jar, "http://example.com/", "y=2; Path=/login"));
    assert!(set(&mut jar, "https://example.com/", "x=3; Path=/login; Domain=example.com"));
    assert_eq!(sent(&jar, "https://example.com/login"), "x=3; y=2; x=2");
}

#[test]
fn a_prefix_is_a_promise() {
    let (open, secure) = ("http://example.com/", "https://example.com/");
    for (from, field, is_kept) in [
        (secure, "__Secure-x=1; Secure", true),
        (secure, "__Secure-x=1", false),
        (open, "__Secure-x=1; Secure", false),
        (secure, "__Host-x=1; Secure; Path=/", true),
        (secure, "__host-x=1; Path=/", false),
        (secure, "__Host-x=1; Secure", false),
        (secure, "__Host-x=1; Secure; Path=/; Domain=example.com", false),
        (secure, "=__Host-x=1; Secure; Path=/", false),
        (secure, "__Secure-", false),
    ] {
        assert_eq!(set(&mut Jar::default(), from, field), is_kept, "{from} {field}");
    }
}

#[test]
fn a_cookie_ends() {
    let home = "http://example.com/";
    for field in
        ["x=1; Max-Age=10", "x=1; Expires=Tue, 14 Nov 2023 22:13:30 GMT", "x=1; max-age=10; expires=x"]
    {
        let mut jar = Jar::default();
        assert!(set(&mut jar, home, field));
        assert_eq!(
            (sent_at(&jar, home, NOW + 9), sent_at(&jar, home, NOW + 10)),
            ("x=1".into(), String::new())
        );
        // And is taken away by one that has ended.
        for over in ["x=; Max-Age=0", "x=; Max-Age=-7", "x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"] {
            let mut jar = jar.clone();
            set(&mut jar, home, over);
            assert_eq!(sent(&jar, home), if over.starts_with("x=") { "" } else { "x=1" });
        }
    }
    let lasting = "x=1; Max-Age=99999999999999999999";
    let mut jar = Jar::default();
    set(&mut jar, home, lasting);
    assert_eq!(jar.iter().next().unwrap().expires, Some(NOW + 400 * 86_400));
    assert_eq!(after(home, "x=1; Max-Age=ten; Max-Age=", home), "x=1");
    assert_eq!(after(home, "x=1; Expires=Tue, 14 Nov 2023 22:13:30 GMT; Max-Age=0", home), "");
}

#[test]
fn pairs_are_read_as_servers_write_them() {
    let home = "http://example.com/";
    for (field, expected) in [
        ("a=b=c", "a=b=c"),
        (" a = \"b c\" ; HttpOnly", "a=\"b c\""),
        ("a=", "a="),
        ("=b", "b"),
        ("b", "b"),
        ("a=ü", "a=ü"),
        ("", ""),
        ("=", ""),
        ("a=b\0c", ""),
        ("a=b\r\nX: 1", ""),
        ("a=b; Path=/\x7f", ""),
    ] {
        assert_eq!(after(home, field, home), expected, "{field:?}");
    }
    let large = format!("a={}", "x".repeat(4096));
    assert_eq!(after(home, &large, home), "");
    assert_eq!(after(home, &large[..4097], home), &large[..4097]);
    let long = format!("a=1; Path=/{}", "x".repeat(1024));
    assert_eq!(after(home, &long, home), "a=1");
}

#[test]
fn longer_paths_come_first_and_then_the_older_cookie() {
    let mut jar = Jar::default();
    for field in ["a=1; Path=/", "b=1; Path=/x", "c=1; Path=/", "d=1; Path=/x/"] {
        set(&mut jar, "http://example.com/", field);
    }
    // Set again, it keeps its place.
    set(&mut jar, "http://example.com/", "a=2; Path=/");
    set(&mut jar, "http://www.example.com/", "e=1; Domain=example.com; Path=/");
    assert_eq!(sent(&jar, "http://example.com/x/y"), "d=1; b=1; a=2; c=1; e=1");
}

#[test]
fn the_fields_of_a_response_are_kept() {
    let fields = [("Set-Cookie", "a=1"), ("X", "y"), ("set-cookie", "b=2; Path=/")];
    let headers: Headers = fields.into_iter().collect();
    let mut jar = Jar::default();
    jar.store(&url("http://example.com"), &headers, NOW);
    assert_eq!(sent(&jar, "http://example.com"), "a=1; b=2");
    jar.clear();
    assert_eq!(sent(&jar, "http://example.com"), "");
}

#[test]
fn a_flood_of_cookies_is_bounded() {
    let mut jar = Jar::default();
    set(&mut jar, "https://example.com/", "kept=1; Secure");
    for number in 0..1000 {
        set(&mut jar, "https://example.com/", &format!("c{number}=1"));
    }
    assert_eq!(jar.iter().count(), 180);
    let header = sent(&jar, "https://example.com/");
    assert!(header.starts_with("kept=1; c821=1;") && header.ends_with("c999=1"), "{header}");
    for number in 0..3000 {
        set(&mut jar, &format!("https://h{number}.example/"), "a=1");
    }
    assert_eq!(jar.iter().count(), 3000);
}

#[test]
fn a_cookie_that_was_read_elsewhere_is_held_to_the_same_rules() {
    let offer = Offer { host: "www.example.com", name: b"x", value: b"1", ..Offer::default() };
    let longest = [b'v'; 4095];
    for (offer, is_allowed) in [
        (offer, true),
        (Offer { domain: Some(".Example.com"), ..offer }, true),
        (Offer { domain: Some("co.uk"), host: "a.co.uk", ..offer }, false),
        (Offer { domain: Some("other.com"), ..offer }, false),
        (Offer { domain: Some("0.1"), host: "10.0.1", ..offer }, false),
        (Offer { secure: true, ..offer }, false),
        (Offer { secure: true, is_secure: true, ..offer }, true),
        (Offer { name: b"__Host-x", secure: true, is_secure: true, path: Some("/"), ..offer }, true),
        (Offer { name: b"__Host-x", secure: true, is_secure: true, ..offer }, false),
        (Offer { name: b"", value: b"", ..offer }, false),
        (Offer { value: &longest, ..offer }, true),
        (Offer { name: b"xy", value: &longest, ..offer }, false),
        (Offer { value: b"a\tb", ..offer }, true),
        (Offer { name: b"x\x01", ..offer }, false),
        (Offer { value: b"a\nb", ..offer }, false),
        (Offer { path: Some("/\x7f"), ..offer }, false),
        (Offer { domain: Some("example.com\0"), ..offer }, false),
    ] {
        assert_eq!(offer.may_be_set(), is_allowed, "{offer:?}");
    }
}

#[test]
fn a_place_is_guarded_below_the_path_of_a_secure_cookie() {
    let secure = Place { name: b"x", domain: ".example.com", path: "/a" };
    for (new, is_kept_out) in [
        (secure, true),
        (Place { domain: "www.example.com", path: "/a/b", ..secure }, true),
        (Place { name: b"y", ..secure }, false),
        (Place { path: "/", ..secure }, false),
        (Place { domain: "other.com", ..secure }, false),
    ] {
        assert_eq!(is_guarded(secure, new), is_kept_out, "{new:?}");
    }
}

#[test]
fn what_is_too_much_is_not_secure_and_was_set_long_ago() {
    let ages = |count: u64| (0..count).map(|at| (at == 0, 1000 - at)).collect::<Vec<_>>();
    assert_eq!(surplus(ages(180).into_iter()), [0; 0]);
    assert_eq!(surplus(ages(183).into_iter()), [180, 181, 182]);
}
