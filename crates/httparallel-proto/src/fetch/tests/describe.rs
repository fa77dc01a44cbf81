//! The fields that a request is completed with.

use crate::fetch::{Method, complete};
use crate::{Headers, Url};

fn completed(
    method: &str,
    own: &[(&'static str, &'static str)],
    content: &[(&'static str, &'static str)],
) -> String {
    let (own, content) = (own.iter().copied().collect::<Headers>(), content.iter().copied().collect());
    let headers = complete(method, &Url::parse("http://a.test:81/").unwrap(), &own, &content);
    let lines = headers.iter().map(|header| {
        format!("{}: {}", String::from_utf8_lossy(&header.name), String::from_utf8_lossy(&header.value))
    });
    lines.collect::<Vec<_>>().join(", ")
}

#[test]
fn host_comes_first_and_is_not_replaced() {
    assert_eq!(completed("GET", &[("Accept", "*/*")], &[]), "Host: a.test:81, Accept: */*");
    assert_eq!(completed("GET", &[("A", "1"), ("host", "b")], &[]), "A: 1, host: b");
    assert_eq!(complete("GET", &Url::parse("/path").unwrap(), &Headers::new(), &Headers::new()).len(), 0);
}

#[test]
fn absent_content_is_said_by_methods_that_anticipate_it() {
    for method in ["POST", "PUT", "PATCH", "QUERY"] {
        assert_eq!(completed(method, &[("A", "1")], &[]), "Host: a.test:81, Content-Length: 0, A: 1");
        assert!(Method::new(method).unwrap().anticipates_content());
    }
    for method in ["GET", "DELETE", "OPTIONS", "post"] {
        assert_eq!(completed(method, &[], &[]), "Host: a.test:81");
    }
    assert_eq!(completed("POST", &[("content-length", "5")], &[]), "Host: a.test:81, content-length: 5");
    assert_eq!(
        completed("POST", &[("Transfer-Encoding", "x")], &[]),
        "Host: a.test:81, Transfer-Encoding: x"
    );
}

#[test]
fn content_is_described_unless_the_caller_has_done_so() {
    let described = [("Content-Length", "3"), ("Content-Type", "text/plain")];
    assert_eq!(
        completed("POST", &[("A", "1")], &described),
        "Host: a.test:81, A: 1, Content-Length: 3, Content-Type: text/plain"
    );
    assert_eq!(
        completed("POST", &[("content-type", "x")], &described),
        "Host: a.test:81, content-type: x, Content-Length: 3"
    );
}

#[test]
fn a_length_and_chunks_are_never_announced_together() {
    let (length, chunked) = (("Content-Length", "3"), ("Transfer-Encoding", "chunked"));
    assert_eq!(completed("PUT", &[length], &[chunked]), "Host: a.test:81, Content-Length: 3");
    assert_eq!(completed("PUT", &[chunked], &[length]), "Host: a.test:81, Transfer-Encoding: chunked");
}
