//! Which URLs a pattern matches, and which of two patterns says more.

use crate::proxy::Pattern;
use crate::{Kind, Url};

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap()
}

#[track_caller]
fn check(text: &str, covered: &[&str], others: &[&str]) {
    let pattern = pattern(text);
    let matches = |url: &&str| pattern.matches(&Url::parse(url).unwrap());
    for url in covered {
        assert!(matches(url), "{text:?} does not match {url}");
    }
    for url in others {
        assert!(!matches(url), "{text:?} matches {url}");
    }
}

#[test]
fn a_pattern_may_name_scheme_host_and_port() {
    check("", &["http://example.org", "custom://x"], &[]);
    check("all://*", &["http://example.org"], &[]);
    check("https://", &["https://example.org"], &["http://example.org"]);
    check("all://example.org", &["http://EXAMPLE.org.", "https://example.org:81"], &["http://a.example.org"]);
    check("http://*:8080", &["http://example.org:8080"], &["http://example.org", "https://example.org:8080"]);
    check("all://m\u{fc}ller.de", &["http://xn--mller-kva.de"], &["http://mller.de"]);
}

#[test]
fn the_port_of_a_scheme_counts_where_the_url_leaves_it_out() {
    check(
        "all://a.test:443",
        &["https://a.test", "http://a.test:443"],
        &["http://a.test", "https://a.test:81"],
    );
    check("http://a.test:80", &["http://a.test"], &["http://a.test:81"]);
    check("all://[::1]:80", &["http://[::1]"], &["https://[::1]"]);
}

#[test]
fn a_star_means_what_is_below() {
    check(
        "all://*.a.test",
        &["http://www.a.test", "http://x.y.a.test"],
        &["http://a.test", "http://wwwa.test"],
    );
    check(
        "all://*a.test",
        &["http://www.a.test", "http://a.test"],
        &["http://wwwa.test", "http://a.test.evil"],
    );
}

#[test]
fn a_network_is_an_address_and_a_prefix() {
    check(
        "all://10.1.2.3/8",
        &["http://10.255.0.1"],
        &["http://11.0.0.1", "http://ten.test", "http://[::1]"],
    );
    check("https://[2001:DB8::]/32", &["https://[2001:db8:1::1]"], &["https://[2001:db9::1]"]);
    for text in
        ["all://10.0.0.0/33", "all://10.0.0.0/x", "all://10.0.0.0/+8", "all://[::]/129", "all://1.1.1.1:80/8"]
    {
        assert_eq!(Pattern::parse(text).unwrap_err().kind(), Kind::InvalidUrl, "{text}");
    }
    for text in ["all://me@10.0.0.0/8", "all://1.1.1.1/8?q", "all://[fe80::1%25eth0]/64"] {
        assert!(!Pattern::parse(text).is_ok_and(|pattern| pattern.is_network()), "{text}");
    }
}

#[test]
fn a_pattern_looks_like_a_url() {
    for text in ["http", "example.org"] {
        assert_eq!(Pattern::parse(text).unwrap_err().kind(), Kind::InvalidRequest, "{text}");
    }
    assert_eq!(Pattern::parse("http://a.test:99999").unwrap_err().kind(), Kind::InvalidUrl);
}

#[test]
fn what_says_more_comes_first() {
    let ordered = [
        "http://example.org:8080",
        "all://:8080",
        "https://www.example.org",
        "all://www.example.org",
        "all://example.org",
        "all://10.1.0.0/16",
        "all://10.0.0.0/8",
        "all://[2001:db8::]/32",
        "https://",
        "http://",
        "all://",
    ];
    let mut patterns: Vec<_> = ordered.into_iter().rev().map(pattern).collect();
    patterns.sort();
    assert_eq!(patterns.iter().map(Pattern::as_str).collect::<Vec<_>>(), ordered);
}

#[test]
fn a_pattern_without_host_and_port_covers_a_scheme() {
    for text in ["all://", "all://*", "http://", "http://*"] {
        assert!(pattern(text).covers_scheme("http"), "{text}");
    }
    for text in ["https://", "http://a.test", "http://*:80", "all://10.0.0.0/8"] {
        assert!(!pattern(text).covers_scheme("http"), "{text}");
    }
}
