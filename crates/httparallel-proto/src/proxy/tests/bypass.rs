//! Which URLs `NO_PROXY` covers.

use crate::Url;
use crate::proxy::Bypass;

#[track_caller]
fn check(list: &str, covered: &[&str], others: &[&str]) {
    let bypass = Bypass::parse(list);
    let covers = |url: &&str| bypass.covers(&Url::parse(url).unwrap());
    for url in covered {
        assert!(covers(url), "{list:?} does not cover {url}");
    }
    for url in others {
        assert!(!covers(url), "{list:?} covers {url}");
    }
}

#[test]
fn a_name_means_itself_and_what_is_below_it() {
    check(
        "Example.com",
        &[
            "http://example.com",
            "https://www.EXAMPLE.com:8443/",
            "http://a.b.example.com",
            "http://example.com.",
        ],
        &["http://notexample.com", "http://example.com.evil.test", "http://com", "http://example.org"],
    );
}

#[test]
fn a_suffix_means_only_what_is_below_it() {
    for list in [".example.com", "*.example.com"] {
        check(
            list,
            &["http://www.example.com", "http://a.b.example.com"],
            &["http://example.com", "http://wwwexample.com"],
        );
    }
}

#[test]
fn localhost_has_nothing_below_it() {
    check(
        "localhost",
        &["http://localhost:8000", "https://LOCALHOST"],
        &["http://a.localhost", "http://127.0.0.1"],
    );
}

#[test]
fn a_port_must_be_the_same() {
    check(
        "example.com:8080,example.org:443,[::1]:81,127.0.0.1:82",
        &["http://example.com:8080", "http://a.example.com:8080", "https://example.org", "http://[::1]:81"],
        &["http://example.com", "http://example.org", "http://[::1]", "http://127.0.0.1:83"],
    );
    check("example.com:80", &["http://example.com"], &["https://example.com"]);
}

#[test]
fn an_address_means_itself_in_any_spelling() {
    check(
        "192.0.2.1, 2001:DB8:0::1,[::2]",
        &["http://192.0.2.1:81", "http://[2001:db8::1]", "https://[2001:0db8:0:0::0:1]", "http://[::2]:5"],
        &["http://192.0.2.10", "http://a.192.0.2.1.test", "http://[::1]"],
    );
}

#[test]
fn a_network_means_its_addresses() {
    check(
        "10.1.2.3/8,192.0.2.128/25,2001:db8::/32,[fd00::]/8",
        &[
            "http://10.0.0.0",
            "http://10.255.255.255",
            "http://192.0.2.200",
            "http://[2001:db8:ffff::]",
            "http://[fdff::1]",
        ],
        &[
            "http://11.0.0.0",
            "http://192.0.2.127",
            "http://[2001:db9::]",
            "http://[fc00::1]",
            "http://10.test",
        ],
    );
    check("0.0.0.0/0", &["http://1.2.3.4"], &["http://[::1]", "http://example.com"]);
    check("::/0,1.2.3.4/32", &["http://[::1]", "http://1.2.3.4"], &["http://1.2.3.5"]);
}

#[test]
fn a_star_covers_everything() {
    check("a.test,*", &["http://example.com", "https://[::1]:5", "http://1.2.3.4"], &[]);
    check("*example.com", &[], &["http://example.com"]);
}

#[test]
fn an_entry_with_a_scheme_is_a_pattern() {
    check(
        "https://secure.test, all://any.test, http://*.below.test, http://*at.test:81",
        &[
            "https://secure.test",
            "http://any.test",
            "https://any.test",
            "http://a.below.test",
            "http://x.at.test:81",
        ],
        &["http://secure.test", "https://a.secure.test", "https://a.below.test", "http://at.test"],
    );
    check("http://", &["http://a.test"], &["https://a.test"]);
    check("all://*:8080", &["http://a.test:8080"], &["http://a.test"]);
    check("all://10.0.0.0/8", &["http://10.1.1.1"], &["http://11.1.1.1"]);
}

#[test]
fn what_cannot_be_parsed_is_ignored() {
    check(
        " ,,10.0.0.0/33,10.0.0.0/x,/8,a b,user@a.test,a.test:99999,http://a.test/path,[::1,::1/129,10.0.0.0/+8,b.test",
        &["http://b.test"],
        &["http://10.0.0.0", "http://a.test", "http://[::1]", "http://user.test"],
    );
    check("", &[], &["http://a.test"]);
}
