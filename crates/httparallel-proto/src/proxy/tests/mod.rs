//! Proxies: where they are, what they are told, and whose requests they see.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod bypass;
mod connect;
mod environment;
mod forward;
mod pattern;

use super::*;

fn proxy(url: &str) -> Proxy {
    Proxy::new(url).unwrap()
}

fn origin(url: &str) -> Origin {
    Url::parse(url).unwrap().origin()
}

#[test]
fn a_proxy_is_named_by_its_url() {
    for (url, scheme, host, port) in [
        ("http://proxy.test", Scheme::Http, "proxy.test", 80),
        ("http://proxy.test:3128/ignored?x#y", Scheme::Http, "proxy.test", 3128),
        ("https://PROXY.test", Scheme::Https, "proxy.test", 443),
        ("socks5://[::1]", Scheme::Socks5, "::1", 1080),
        ("socks5h://127.0.0.1:9050", Scheme::Socks5h, "127.0.0.1", 9050),
    ] {
        let proxy = proxy(url);
        assert_eq!((proxy.scheme(), proxy.host(), proxy.port()), (scheme, host, port), "{url}");
        assert_eq!(proxy.credentials(), None);
    }
}

#[test]
fn what_is_no_proxy_is_refused() {
    for (url, kind) in [
        ("ftp://proxy.test", Kind::UnsupportedScheme),
        ("socks4://proxy.test", Kind::UnsupportedScheme),
        ("proxy.test:3128", Kind::UnsupportedScheme),
        ("http://", Kind::InvalidUrl),
        ("http://proxy.test:99999", Kind::InvalidUrl),
        ("http://[::1", Kind::InvalidUrl),
    ] {
        assert_eq!(Proxy::new(url).unwrap_err().kind(), kind, "{url}");
    }
}

#[test]
fn credentials_of_the_url_are_decoded_and_leave_it() {
    let proxy = proxy("http://us%40er:p%3Aw@proxy.test");
    assert_eq!(proxy.credentials(), Some(("us@er", "p:w")));
    assert_eq!(proxy.origin().to_string(), "http://proxy.test");
}

#[test]
fn neither_credentials_nor_headers_are_shown() {
    let proxy = proxy("http://user:secret@proxy.test").with_header("X-Token", "secret").unwrap();
    assert_eq!(format!("{proxy:?}"), "Proxy(http://proxy.test)");
}

#[test]
fn credentials_and_headers_that_cannot_be_sent_are_refused() {
    let colon = proxy("http://proxy.test").with_credentials("a:b", "c");
    assert_eq!(colon.unwrap_err().kind(), Kind::InvalidRequest);
    assert!(proxy("socks5://proxy.test").with_credentials("a:b", "c").is_ok());
    for (name, value) in [("X Y", "1"), ("X", "1\r\nY: 2"), ("X", "\0")] {
        let refused = proxy("http://proxy.test").with_header(name, value);
        assert_eq!(refused.unwrap_err().kind(), Kind::InvalidRequest, "{name:?} {value:?}");
    }
}

#[test]
fn the_schemes_decide_how_a_request_goes() {
    for (url, http, https) in [
        ("http://proxy.test", Route::Forward, Route::Tunnel),
        ("https://proxy.test", Route::Forward, Route::Tunnel),
        ("socks5://proxy.test", Route::Tunnel, Route::Tunnel),
        ("socks5h://proxy.test", Route::Tunnel, Route::Tunnel),
    ] {
        let proxy = proxy(url);
        let routes = ["http://a.test", "https://a.test"].map(|url| proxy.route(&origin(url)));
        assert_eq!(routes, [http, https], "{url}");
    }
}
