//! What a request does otherwise than its URL, or its client, says.

use std::sync::Arc;

use super::*;
use crate::Verify;
use crate::proxy::{Proxy, ProxyChoice};

fn overriding(target: Option<&str>, sni_hostname: Option<&str>) -> Request {
    Request { overrides: Overrides::new(target, sni_hostname).unwrap(), ..get("http://example.com/a?b") }
}

#[test]
fn the_target_is_that_of_the_url_unless_another_is_given() {
    assert_eq!(get("http://example.com/a?b#c").target(), "/a?b");
    assert_eq!(get("http://example.com").target(), "/");
    assert_eq!(overriding(Some("*"), None).target(), "*");
    assert_eq!(overriding(None, Some("example.org")).target(), "/a?b");
}

#[test]
fn a_redirect_leads_to_another_target() {
    assert_eq!(follow(&overriding(Some("/own"), None), "/next").target(), "/next");
}

#[test]
fn the_name_for_tls_is_kept_within_the_origin() {
    let request = overriding(Some("/own"), Some("example.org"));
    let within = follow(&request, "/next");
    assert_eq!(
        (within.target().as_ref(), within.sni_hostname().map(|name| &**name)),
        ("/next", Some("example.org"))
    );
    assert_eq!(follow(&request, "https://example.com/").sni_hostname(), None);
}

#[test]
fn what_would_end_a_line_or_a_name_is_refused() {
    for text in ["", "a b", "a\r\nb", "a\0", "a\t", "\u{e4}", "\x7f"] {
        for overrides in [Overrides::new(Some(text), None), Overrides::new(None, Some(text))] {
            assert_eq!(overrides.unwrap_err().kind(), Kind::InvalidRequest, "{text:?}");
        }
    }
}

#[test]
fn proxy_and_verification_are_kept_by_redirects_to_any_origin() {
    let proxy = ProxyChoice::Through(Arc::new(Proxy::new("http://proxy.test").unwrap()));
    let own = Overrides::default().with_proxy(proxy.clone()).with_verify(Arc::new(Verify::DangerousNone));
    let request = Request { overrides: Some(Box::new(own)), ..get("https://example.com/") };
    let elsewhere = follow(&request, "https://example.org/");
    assert_eq!(elsewhere.proxy(), Some(&proxy));
    assert_eq!(elsewhere.verify().map(|verify| &**verify), Some(&Verify::DangerousNone));
    assert_eq!(get("https://example.com/").proxy(), None);
    let direct = Request {
        overrides: Some(Box::new(Overrides::default().with_proxy(ProxyChoice::Direct))),
        ..request
    };
    assert_eq!(follow(&direct, "/next").proxy(), Some(&ProxyChoice::Direct));
}
