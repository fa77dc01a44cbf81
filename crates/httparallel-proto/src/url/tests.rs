//! Behaviour of URLs as a whole.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::{Kind, Phase};

fn url(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn refusal(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) => panic!("{text:?} became {:?} at {:?}", url.as_str(), url.raw_host()),
        Err(error) => {
            assert_eq!(error.kind(), Kind::InvalidUrl);
            error.to_string()
        }
    }
}

#[test]
fn splits_into_components() {
    let url = url("https://jo%40x:a%20b@example.org:123/path/to/s?abc=123#anchor");
    assert_eq!(url.scheme(), "https");
    assert_eq!(url.userinfo(), "jo%40x:a%20b");
    assert_eq!((&*url.username(), &*url.password()), ("jo@x", "a b"));
    assert_eq!((&*url.host(), url.raw_host()), ("example.org", "example.org"));
    assert_eq!((url.port(), url.port_or_default()), (Some(123), Some(123)));
    assert_eq!((url.netloc(), url.host_header()), ("example.org:123", &b"example.org:123"[..]));
    assert_eq!(url.path(), "/path/to/s");
    assert_eq!(url.query(), Some("abc=123"));
    assert_eq!(url.raw_path(), "/path/to/s?abc=123");
    assert_eq!(url.fragment(), Some("anchor"));
    assert!(url.is_absolute());
}

#[test]
fn normalises_as_httpx_does() {
    let table = [
        ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
        ("HTTP://EXAMPLE.com:80/A", "http://example.com/A"),
        ("https://example.com:443", "https://example.com"),
        ("http://example.com:080/", "http://example.com/"),
        ("http://example.com:/", "http://example.com/"),
        ("wss://a:443/x", "wss://a/x"),
        ("https://exam le.com/", "https://exam%20le.com/"),
        ("https://023b76x43144/", "https://023b76x43144/"),
        ("http://a/ /🌟/", "http://a/%20/%F0%9F%8C%9F/"),
        ("http://a/%zz%4", "http://a/%zz%4"),
        ("http://a/\"<>`{}|\\^[]", "http://a/%22%3C%3E%60%7B%7D|\\^[]"),
        ("http://a/?x=a b+c&d=[]'", "http://a/?x=a%20b+c&d=[]'"),
        ("http://a?`{}", "http://a?`{}"),
        ("http://a#`{} #", "http://a#%60{}%20#"),
        ("http://a?#", "http://a?#"),
        ("https://x.com/a/b/../c/./d", "https://x.com/a/c/d"),
        ("http://a/../b", "http://a/b"),
        ("http://a/b/..", "http://a"),
        ("http://a/.well-known/x", "http://a/.well-known/x"),
        ("http://a//../..//b", "http://a//b"),
        ("../abc", "../abc"),
        ("", ""),
        ("/x:y", "/x:y"),
        ("1:b", "1:b"),
        (":b", "b"),
        ("//a:80/", "//a:80/"),
        ("://a/", "//a/"),
        ("mailto:x@y", "mailto:x@y"),
        ("http:a/b", "http:a/b"),
        ("http://", "http:"),
        ("web+demo:/.//not-a-host/", "web+demo://not-a-host/"),
        ("non-special://a|b%2F/", "non-special://a|b%2f/"),
        ("non-special://a<b]/", "non-special://a%3cb%5d/"),
        ("https://u@g.com:pa ss@x.com", "https://u%40g.com:pa%20ss@x.com"),
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://[fe80::1%25eth0]/", "http://[fe80::1%25eth0]/"),
    ];
    for (given, expected) in table {
        assert_eq!(url(given).as_str(), expected, "{given:?}");
        assert_eq!(url(expected).as_str(), expected, "normalising is idempotent for {given:?}");
    }
}

#[test]
fn a_port_above_all_others_is_where_a_connection_would_fail() {
    let phase = |url| Url::parse(url).map_err(|error| (error.kind(), error.phase())).err();
    assert_eq!(phase("http://a:65536/"), Some((Kind::InvalidUrl, Phase::Connect)));
    assert_eq!(phase("http://a:6553x/"), Some((Kind::InvalidUrl, Phase::Build)));
    assert_eq!(phase("http://a:65535/"), None);
}

#[test]
fn refuses_with_the_messages_of_httpx() {
    let table = [
        ("https://example.com:abc/", "Invalid port: 'abc'"),
        ("http://a:80:90/", "Invalid port: '80:90'"),
        ("https://999.999.999.999/", "Invalid IPv4 address: '999.999.999.999'"),
        ("https://[2001]/", "Invalid IPv6 address: '[2001]'"),
        ("http://[::1%]/", "Invalid IPv6 address: '[::1%]'"),
        ("http://[v1.a]/", "Invalid IPv6 address: '[v1.a]'"),
        ("https://☃.com/", "Invalid IDNA hostname: '☃.com'"),
        ("https://www.example.com/\n", "Invalid non-printable ASCII character in URL, '\\n' at position 24."),
        ("é\0", "Invalid non-printable ASCII character in URL, '\\x00' at position 1."),
        ("http://a:80x/b?\x7f", "Invalid non-printable ASCII character in URL, '\\x7f' at position 15."),
        ("////a", "Relative URLs cannot have a path starting with '//'"),
    ];
    for (given, expected) in table {
        assert_eq!(refusal(given), expected, "{given:?}");
    }
    assert_eq!(refusal(&format!("https://example.com/{}", "x".repeat(65_536))), "URL too long");
}

#[test]
fn the_limit_counts_characters() {
    let longest = format!("https://a/{}", "ü".repeat(65_536 - 10));
    assert_eq!(url(&longest).path().len(), 1 + 6 * (65_536 - 10));
}

#[test]
fn a_tricky_authority_has_one_host_or_is_refused() {
    let one_host = [
        ("http://a#@b/", "a"),
        ("http://a?@b/", "a"),
        ("http://a/@b/", "a"),
        ("http://user@a@b/", "b"),
        ("http://a@b@c@d@e/", "e"),
        ("http://a:b@c:80@d/", "d"),
        ("http://a./", "a."),
        ("http://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1"),
        ("http://[::1]@b/", "b"),
        ("http://127.0.0.1:80@evil.example/", "evil.example"),
        ("http://a_b/", "a_b"),
        ("http://1.2.3.4.com/", "1.2.3.4.com"),
        ("http://127。0。0。1/", "127.0.0.1"),
    ];
    for (given, host) in one_host {
        assert_eq!(url(given).raw_host(), host, "{given:?}");
    }
    let refused = [
        "http://a%2Fb/",
        "http://a%5cb/",
        "http://a%40b/",
        "http://a%3A80/",
        "http://a%23b/",
        "http://a%00b/",
        "http://a\\@b/",
        "http://a\\b/",
        "http://a|b/",
        "http://[a@b]/",
        "http://a[b]c/",
        "http://]/",
        "http://0177.1/",
        "http://0x7f.1/",
        "http://0x7f.0.0.1/",
        "http://2130706433/",
        "http://127.1/",
        "http://01.2.3.4/",
        "http://1.2.3.4./",
        "http://1.2.3/",
        "http://0x/",
        "http://1.2.3.0xG.4/",
        "http://[::1]x:80/",
        "http://[::1]80/",
        "http://[::1",
        "http://[]/",
        "http://[fe80::1%a/b]/",
        "http://a:-1/",
        "http://a:+80/",
        "http://a: 80/",
        "http://a:8_0/",
        "http://a:８０/",
        "http://a:65536/",
        "http://a\r\nHost: b/",
        "http://a\tb/",
        "http://a\0.b/",
        "http:////b/",
        "http:/.//b/",
        "http://ａ.com/",
        "http://①②⑦.0.0.1/",
        "http://a／b/",
        "http://a℀b/",
        "http://ﬀ.com/",
        "http://a．b\u{ad}c/",
        "http://é\u{a0}.com/",
        "http://1。2。3/",
    ];
    for given in refused {
        refusal(given);
    }
}

#[test]
fn international_names_are_sent_as_ascii_and_shown_in_unicode() {
    let table = [
        ("http://中国.icom.museum:80/", "xn--fiqs8s.icom.museum", "中国.icom.museum"),
        ("http://Königsgäßchen.de", "xn--knigsgchen-b4a3dun.de", "königsgäßchen.de"),
        ("https://faß.de", "xn--fa-hia.de", "faß.de"),
        ("https://βόλος.com:443", "xn--nxasmm1c.com", "βόλος.com"),
        ("http://ශ්‍රී.com:444", "xn--10cl1a0b660p.com", "ශ්‍රී.com"),
        ("https://نامه‌ای.com:4433", "xn--mgba3gch31f060k.com", "نامه‌ای.com"),
        ("http://www.xn--mnchen-3ya.de", "www.xn--mnchen-3ya.de", "www.münchen.de"),
        ("http://a。é。", "a.xn--9ca.", "a.é."),
        ("http://xn--a/", "xn--a", "xn--a"),
        ("http://xn--n3h.com/", "xn--n3h.com", "xn--n3h.com"),
    ];
    for (given, raw, shown) in table {
        assert_eq!(url(given).raw_host(), raw, "{given:?}");
        assert_eq!(url(given).host(), shown, "{given:?}");
    }
}

#[test]
fn changes_components() {
    let base = url("https://example.org/a?b#c");
    let table = [
        (base.with().scheme("http").build(), "http://example.org/a?b#c"),
        (base.with().host("::1").port(Some(8)).build(), "https://[::1]:8/a?b#c"),
        (base.with().netloc("[::1]:444").build(), "https://[::1]:444/a?b#c"),
        (base.with().raw_path("/x y").build(), "https://example.org/x%20y#c"),
        (base.with().raw_path("/x?").build(), "https://example.org/x?#c"),
        (base.with().credentials("a:b@c", "").build(), "https://a%3Ab%40c@example.org/a?b#c"),
        (base.with().credentials("", "").query(None).fragment(None).build(), "https://example.org/a"),
        (Builder::new().path("abc").build(), "abc"),
    ];
    for (changed, expected) in table {
        assert_eq!(changed.unwrap().as_str(), expected);
    }
    assert_eq!(url("http://a:443/").with().scheme("https").build().unwrap().as_str(), "https://a/");
}

#[test]
fn a_changed_component_cannot_spill_into_another() {
    let base = url("https://example.com/path?t=w#tw");
    let table = [
        (base.with().scheme("https://xxxx:xxxx@xxx/x?x#x").build(), "Invalid URL component 'scheme'"),
        (base.with().userinfo("a@b").build(), "Invalid URL component 'userinfo'"),
        (base.with().path("/a?b").build(), "Invalid URL component 'path'"),
        (base.with().query(Some("a#b")).build(), "Invalid URL component 'query'"),
        (base.with().host("a/b").build(), "Invalid host: 'a/b'"),
        (base.with().host("a@b").build(), "Invalid host: 'a@b'"),
        (base.with().port_text("80/x").build(), "Invalid port: '80/x'"),
        (base.with().path("abc").build(), "For absolute URLs, path must be empty or begin with '/'"),
        (Builder::new().path("//abc").build(), "Relative URLs cannot have a path starting with '//'"),
        (Builder::new().path(":abc").build(), "Relative URLs cannot have a path starting with ':'"),
        (
            base.with().path("/\n").build(),
            "Invalid non-printable ASCII character in URL path component, '\\n' at position 1.",
        ),
    ];
    for (changed, expected) in table {
        assert_eq!(changed.unwrap_err().to_string(), expected);
    }
    let long = "x".repeat(65_537);
    let error = base.with().path(&long).build().unwrap_err();
    assert_eq!(error.to_string(), "URL component 'path' too long");
}

#[test]
fn secrets_are_not_shown() {
    let url = url("https://jo:secret@a:81/x?token=1#f");
    assert_eq!(url.redacted().to_string(), "https://a:81/x");
    assert_eq!(format!("{url:?}"), "Url(https://a:81/x)");
    assert_eq!(url.masked(), "https://jo:[secret]@a:81/x?token=1#f".replace("secret", "secure"));
    assert_eq!(url.origin().to_string(), "https://a:81");
    let builder = format!("{:?}", url.with().credentials("jo", "hidden"));
    assert!(!builder.contains("secret") && !builder.contains("hidden") && !builder.contains("token"));
}

#[test]
fn an_origin_is_scheme_host_and_port() {
    let origin = url("http://a/x").origin();
    assert_eq!(origin, url("http://u:p@A:80/y?z").origin());
    for other in ["https://a/", "http://b/", "http://a:81/", "http://a./"] {
        assert_ne!(origin, url(other).origin(), "{other:?}");
    }
    assert_eq!((origin.scheme(), origin.host(), origin.port()), ("http", "a", Some(80)));
    assert!(!origin.is_secure());
}

/// What takes more than linear time would be a way to stop a client with one `Location` header.
#[test]
fn the_longest_hosts_are_read_in_linear_time() {
    let started = std::time::Instant::now();
    for host in ["xn--a", "é", "a.", "xn--9ca.", "%41", "@", "[", "1."] {
        let text = format!("http://{}/", host.repeat((65_536 - 8) / host.chars().count()));
        if let Ok(url) = Url::parse(&text) {
            assert!(url.host().len() <= text.len());
        }
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
}

/// The fast way must not decide differently from the general one.
#[test]
fn a_normal_form_parses_to_the_same_components() {
    for text in ["http://127.0.0.1:8000/x", "https://a.b/c?d=%20#e", "http://a", "http://a?b", "http://a:1#c"]
    {
        let scanned = url(text);
        let assembled = parse::assemble(&parse::split(text)).unwrap();
        assert!(parse::scan(text).is_some(), "{text:?}");
        assert_eq!(scanned.as_str(), assembled.as_str());
        let parts = |url: &Url| {
            let port = url.port();
            format!(
                "{} {} {port:?} {} {:?} {:?}",
                url.scheme(),
                url.netloc(),
                url.path(),
                url.query(),
                url.fragment()
            )
        };
        assert_eq!(parts(&scanned), parts(&assembled));
    }
}
