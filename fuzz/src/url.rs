//! URLs: every part of the client reads the same host from them.

use bytes::BytesMut;
use httparallel_proto::h1::{RequestFraming, encode_head};
use httparallel_proto::{Headers, Url, url::query};

/// A URL in normal form is its own normal form; it has one host; it can go on the wire. So does what it is
/// joined to.
///
/// Lines: a URL, a reference to join to it.
pub fn url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (text, reference) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(url) = Url::parse(text) else { return };
    check(&url);
    if let Ok(joined) = url.join(reference) {
        check(&joined);
    }
}

fn check(url: &Url) {
    let text = url.as_str();
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "not plain ASCII: {text:?}");
    check_again(url, &url.with().build().expect("the parts are those of a URL"));
    check_host(url);
    check_queries(url);
    if reads_otherwise(url) {
        return;
    }
    check_again(url, &Url::parse(text).expect("normal form can be parsed"));
    let redacted = Url::parse(&url.redacted().to_string()).expect("a redacted URL is a URL");
    assert_eq!((redacted.userinfo(), redacted.query()), ("", None), "of {text:?}");
}

/// As in httpx, an authority or a scheme that is empty is not written, even if what follows it then reads as
/// one: `x:////a` becomes `x://a`, and `:a:b` becomes `a:b`. Neither has a host, so neither can be requested.
fn reads_otherwise(url: &Url) -> bool {
    let first = url.path().split('/').next().unwrap_or_default();
    let is_misread = url.path().starts_with("//") || (url.scheme().is_empty() && first.contains(':'));
    url.raw_host().is_empty() && is_misread
}

fn check_again(url: &Url, again: &Url) {
    let parts = |url: &Url| {
        let strings =
            [url.scheme(), url.userinfo(), url.raw_host(), url.netloc(), url.path()].map(str::to_owned);
        let optional = [url.query(), url.fragment()].map(|part| part.map(str::to_owned));
        (url.as_str().to_owned(), strings, optional, url.port())
    };
    assert_eq!(parts(url), parts(again));
}

/// The host that is resolved, that of the `Host` header and that of the origin are one.
fn check_host(url: &Url) {
    let host = url.raw_host();
    let bracketed = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    assert_eq!(url.netloc(), bracketed + &port, "of {:?}", url.as_str());
    if host.is_empty() || !matches!(url.scheme(), "http" | "https") {
        return;
    }
    let origin = Url::parse(&url.origin().to_string()).expect("an origin is a URL");
    assert_eq!(origin.origin(), url.origin());
    let headers: Headers = [("Host", url.netloc().to_owned())].into_iter().collect();
    let mut wire = BytesMut::new();
    encode_head(&mut wire, b"GET", url.raw_path().as_bytes(), &headers, RequestFraming::None)
        .expect("a URL with a host can be requested");
}

fn check_queries(url: &Url) {
    let pairs: Vec<_> = query::parse(url.query().unwrap_or_default()).collect();
    let encoded = query::encode(pairs.iter().map(|(name, value)| (name, value)));
    let again: Vec<_> = query::parse(&encoded).collect();
    assert_eq!(pairs, again, "of {:?}", url.as_str());
}
