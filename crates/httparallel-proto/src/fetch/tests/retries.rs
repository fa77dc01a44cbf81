//! Requests lost with their connection; methods; URLs that can be requested.

use super::*;

#[test]
fn a_request_lost_with_a_reused_connection_is_repeated_if_that_is_harmless() {
    let table = [
        // (method, content, key, reused, written, repeated)
        ("GET", Content::Empty, false, true, true, true),
        ("GET", Content::Empty, false, true, false, true),
        ("HEAD", Content::Empty, false, true, true, true),
        ("PUT", Content::Bytes("x".into()), false, true, true, true),
        ("POST", Content::Bytes("x".into()), false, true, true, false),
        ("POST", Content::Bytes("x".into()), false, true, false, true),
        ("POST", Content::Bytes("x".into()), true, true, true, true),
        ("PATCH", Content::Bytes("x".into()), false, true, true, false),
        ("POST", Content::Stream, true, true, true, false),
        ("PUT", Content::Stream, false, true, true, false),
        ("PUT", Content::Stream, false, true, false, true),
        // A fresh connection that is closed unanswered is the server's answer.
        ("GET", Content::Empty, false, false, true, false),
        ("GET", Content::Empty, false, false, false, false),
        ("POST", Content::Bytes("x".into()), true, false, true, false),
    ];
    for (method, content, key, reused, written, repeated) in table {
        let mut lost = Request { content, ..request(method, "http://example.com/") };
        if key {
            lost.headers.append("idempotency-KEY", "1");
        }
        let case = format!("{method} {:?} key={key} reused={reused} written={written}", lost.content);
        assert_eq!(may_retry_lost(&lost, reused, written), repeated, "{case}");
    }
}

#[test]
fn idempotent_methods_are_those_of_the_standard() {
    for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY"] {
        assert!(Method::new(method).unwrap().is_idempotent(), "{method}");
    }
    for method in ["POST", "PATCH", "CONNECT", "get", "OTHER"] {
        assert!(!Method::new(method).unwrap().is_idempotent(), "{method}");
    }
}

#[test]
fn methods_are_tokens() {
    for method in ["GET", "get", "M-SEARCH", "x!#$%&'*+-.^_`|~9"] {
        assert_eq!(Method::new(method).unwrap().as_str(), method);
    }
    for method in ["", "GET ", "G\r\nX: y", "G\0", "GÉT", "G/T", "GET(1)"] {
        assert_eq!(Method::new(method).unwrap_err().kind(), Kind::InvalidRequest, "{method:?}");
    }
}

#[test]
fn urls_that_cannot_be_requested_are_refused_before_anything_is_sent() {
    for url in ["http://example.com", "https://[::1]:8443/x"] {
        check_url(&Url::parse(url).unwrap()).unwrap();
    }
    for url in
        ["/relative", "example.com", "ftp://example.com/", "mailto:jo@example.com", "http://", "http:///x"]
    {
        let error = check_url(&Url::parse(url).unwrap()).unwrap_err();
        assert_eq!((error.kind(), error.phase()), (Kind::UnsupportedScheme, Phase::Build), "{url}");
    }
}
