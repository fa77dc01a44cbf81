//! Which proxy the environment names.

use std::collections::HashMap;

use crate::proxy::{Bypass, Environment, Proxies, Proxy};
use crate::{Kind, Url};

/// The proxies for `http://a.test` and `https://a.test`.
fn chosen(variables: &[(&str, &str)]) -> [String; 2] {
    let proxies = environment(variables);
    ["http://a.test", "https://a.test"].map(|url| of(&proxies, url))
}

fn environment(variables: &[(&str, &str)]) -> Proxies {
    let variables: HashMap<_, _> = variables.iter().copied().collect();
    Proxies::from_environment(|name| variables.get(name).map(|&value| value.to_owned()))
}

/// The proxy for a URL, or `none`.
fn of(proxies: &Proxies, url: &str) -> String {
    let proxy = proxies.of(&Url::parse(url).unwrap()).unwrap();
    proxy.map_or_else(|| "none".to_owned(), |proxy| proxy.origin().to_string())
}

#[test]
fn the_scheme_chooses() {
    assert_eq!(chosen(&[]), ["none", "none"]);
    assert_eq!(chosen(&[("http_proxy", "http://p.test")]), ["http://p.test", "none"]);
    assert_eq!(chosen(&[("HTTPS_PROXY", "http://p.test:81")]), ["none", "http://p.test:81"]);
    let all = chosen(&[("ALL_PROXY", "socks5://p.test"), ("http_proxy", "http://h.test")]);
    assert_eq!(all, ["http://h.test", "socks5://p.test"]);
}

#[test]
fn lower_case_counts_first_and_an_empty_one_turns_off() {
    let both = [("http_proxy", "http://lower.test"), ("HTTP_PROXY", "http://upper.test")];
    assert_eq!(chosen(&both)[0], "http://lower.test");
    let off = [("http_proxy", ""), ("HTTP_PROXY", "http://upper.test")];
    assert_eq!(chosen(&off)[0], "none");
}

#[test]
fn a_value_without_a_scheme_is_an_http_proxy() {
    assert_eq!(chosen(&[("https_proxy", "p.test:3128")])[1], "http://p.test:3128");
    let proxies = environment(&[("http_proxy", "user:pass@p.test")]);
    let url = Url::parse("http://a.test").unwrap();
    assert_eq!(proxies.of(&url).unwrap().unwrap().credentials(), Some(("user", "pass")));
}

#[test]
fn a_cgi_program_does_not_trust_the_upper_case_variable() {
    let request = ("REQUEST_METHOD", "GET");
    assert_eq!(chosen(&[request, ("HTTP_PROXY", "http://evil.test")]), ["none", "none"]);
    let others = [request, ("http_proxy", "http://p.test"), ("HTTPS_PROXY", "http://s.test")];
    assert_eq!(chosen(&others), ["http://p.test", "http://s.test"]);
}

#[test]
fn some_hosts_need_no_proxy() {
    let proxies = environment(&[("ALL_PROXY", "http://p.test"), ("NO_PROXY", "a.test,10.0.0.0/8")]);
    assert_eq!(of(&proxies, "http://www.a.test"), "none");
    assert_eq!(of(&proxies, "https://10.1.1.1"), "none");
    assert_eq!(of(&proxies, "https://b.test"), "http://p.test");
    let none = environment(&[("ALL_PROXY", "http://p.test"), ("no_proxy", "*"), ("NO_PROXY", "")]);
    assert_eq!(of(&none, "http://b.test"), "none");
}

#[test]
fn a_proxy_that_cannot_be_used_fails_its_requests_and_no_others() {
    let proxies = environment(&[("https_proxy", "socks4://user:secret@p.test"), ("no_proxy", "b.test")]);
    let error = proxies.of(&Url::parse("https://a.test").unwrap()).unwrap_err();
    assert_eq!(error.kind(), Kind::Proxy);
    assert!(error.to_string().contains("HTTPS_PROXY"), "{error}");
    assert!(!format!("{error:?}").contains("secret"));
    assert_eq!(of(&proxies, "http://a.test"), "none");
    assert_eq!(of(&proxies, "https://b.test"), "none");
}

#[test]
fn a_program_chooses_for_itself() {
    let proxies = Proxies::all(Proxy::new("http://p.test").unwrap()).except(Bypass::parse("localhost"));
    assert_eq!(of(&proxies, "https://a.test"), "http://p.test");
    assert_eq!(of(&proxies, "http://localhost:8000"), "none");
}

#[test]
fn the_environment_as_patterns() {
    let read = |variables: &[(&str, &str)]| {
        let variables: HashMap<_, _> = variables.iter().copied().collect();
        Environment::read(|name| variables.get(name).map(|&value| value.to_owned()))
    };
    let named = read(&[
        ("http_proxy", "p.test"),
        ("ALL_PROXY", "socks5://s.test"),
        ("NO_PROXY", "a.test,::1,.b,x/9"),
    ]);
    let routes = named.routes();
    let shown: Vec<_> = routes.iter().map(|(pattern, proxy)| (pattern.as_str(), proxy.as_deref())).collect();
    let expected = [
        ("http://", Some("http://p.test")),
        ("all://", Some("socks5://s.test")),
        ("all://*a.test", None),
        ("all://[::1]", None),
        ("all://*.b", None),
    ];
    assert_eq!(shown, expected);
    assert!(named.names_a_proxy());
    assert!(!format!("{named:?}").contains("p.test"));
    assert!(!read(&[("http_proxy", "p.test"), ("NO_PROXY", "a,*")]).names_a_proxy());
    assert_eq!(read(&[("http_proxy", "p.test"), ("NO_PROXY", "*")]).routes(), []);
    assert!(!read(&[("NO_PROXY", "a.test")]).names_a_proxy());
}
