//! Headers about credentials: challenges, cookies and links, whatever a server writes into them.

use httparallel_proto::auth::challenges;
use httparallel_proto::auth::digest::{Credentials, Offer};
use httparallel_proto::cookies::Jar;
use httparallel_proto::headers::check_value;
use httparallel_proto::{Headers, Url, links};

use crate::Input;

const HOSTS: [&str; 4] =
    ["https://a.example.com/x/y", "http://a.example.com/", "http://127.0.0.1/", "https://localhost/x"];

const NOW: u64 = 1_700_000_000;

/// What is answered and sent back are header values; a cookie goes to its own hosts, and a secure one never in the
/// open.
///
/// Options: who sets the cookie. What follows is a value of a header.
pub fn credentials(data: &[u8]) {
    let mut input = Input::new(data);
    let from = input.choose(&HOSTS);
    input.line();
    let value = input.rest();
    // A head with any other bytes is refused before.
    if check_value(b"x", value).is_err() {
        return;
    }
    check_answer(value);
    check_cookie(from, value);
    for link in links::parse(&String::from_utf8_lossy(value)) {
        assert!(!link.target.contains('>'), "{link:?}");
    }
}

fn check_answer(value: &[u8]) {
    let headers: Headers = [("WWW-Authenticate", value.to_vec())].into_iter().collect();
    for challenge in challenges(&headers) {
        assert!(!challenge.scheme.is_empty());
    }
    let Ok(Some(offer)) = Offer::choose(&headers) else { return };
    let credentials = Credentials { username: b"a user", password: b"a password" };
    let answer = offer.answer(credentials, "GET", "/", 1, "nonce");
    assert!(check_value(b"authorization", &answer).is_ok(), "{}", String::from_utf8_lossy(&answer));
    let said = |text: &[u8]| answer.windows(text.len()).any(|window| window == text);
    assert!(!said(credentials.password) || value.windows(10).any(|window| window == credentials.password));
    // What is answered is read back as it was meant.
    let echoed: Headers = [("WWW-Authenticate", answer)].into_iter().collect();
    let echoed = challenges(&echoed);
    assert_eq!(echoed[0].parameter("nonce"), Some(offer.nonce()));
    assert_eq!(echoed[0].parameter("uri"), Some(&b"/"[..]));
}

fn check_cookie(from: &str, value: &[u8]) {
    let Ok(url) = Url::parse(from) else { unreachable!("it is one of ours") };
    let mut jar = Jar::default();
    let is_kept = jar.set(&url, value, NOW);
    assert!(is_kept || jar.iter().count() == 0);
    for cookie in jar.iter() {
        let host = url.raw_host();
        assert!(host.ends_with(&cookie.domain) && cookie.path.starts_with('/'), "{cookie:?}");
        assert!(!cookie.secure || url.scheme() == "https", "{cookie:?}");
        assert!(cookie.domain.contains('.') || cookie.host_only, "{cookie:?}");
        assert!(cookie.expires.is_none_or(|expires| expires > NOW && expires <= NOW + 400 * 86_400));
    }
    for to in HOSTS {
        let Ok(to) = Url::parse(to) else { unreachable!("it is one of ours") };
        let Some(sent) = jar.cookie(&to, NOW) else { continue };
        assert!(check_value(b"cookie", &sent).is_ok(), "{}", String::from_utf8_lossy(&sent));
        assert_eq!(to.raw_host(), url.raw_host());
        assert!(to.scheme() == "https" || jar.iter().all(|cookie| !cookie.secure));
    }
}
