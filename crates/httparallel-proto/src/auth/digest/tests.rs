#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::auth;

fn headers(challenges: &[&str]) -> Headers {
    challenges.iter().map(|value| ("WWW-Authenticate", (*value).to_owned())).collect()
}

fn offer(challenge: &str) -> Offer {
    Offer::choose(&headers(&[challenge])).unwrap().unwrap()
}

fn refusal(challenge: &str) -> Unanswerable {
    Offer::choose(&headers(&[challenge])).unwrap_err()
}

fn answer_as(offer: &Offer, user: &str, password: &str, client_nonce: &str) -> String {
    let credentials = Credentials { username: user.as_bytes(), password: password.as_bytes() };
    String::from_utf8(offer.answer(credentials, "GET", "/dir/index.html", 1, client_nonce)).unwrap()
}

const PASSWORD: &str = "Circle of Life";
const CLIENT_NONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

/// The challenge of RFC 7616 section 3.9.1.
fn example(algorithm: &str) -> Offer {
    offer(&format!(
        "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
         nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
         opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
    ))
}

#[test]
fn answers_as_rfc_7616_does() {
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let expected = format!(
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", \
             response=\"{response}\", algorithm={algorithm}, \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", qop=auth, nc=00000001, \
             cnonce=\"{CLIENT_NONCE}\""
        );
        assert_eq!(answer_as(&example(algorithm), "Mufasa", PASSWORD, CLIENT_NONCE), expected);
    }
}

#[test]
fn a_user_name_is_hashed_for_whom_it_concerns() {
    // RFC 7616 section 3.9.2: the user name as its erratum 4897 has it.
    let offer = offer(
        "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
         nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
         opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true",
    );
    let answer = answer_as(&offer, "Jäsøn Doe", "Secret, or not?", "NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm");
    let hashed = "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b";
    assert!(answer.contains(&format!("username=\"{hashed}\"")), "{answer}");
    assert!(answer.ends_with(", userhash=true"), "{answer}");
}

#[test]
fn answers_as_rfc_2069_does() {
    // With the corrected response of the RFC's erratum 749.
    let offer = offer(
        "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
         opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
    );
    let answer = answer_as(&offer, "Mufasa", "CircleOfLife", "unused");
    assert!(answer.contains("response=\"1949323746fe6a43ef61f9606e7febea\", algorithm=MD5, opaque="));
    assert!(!answer.contains("qop") && !answer.contains("cnonce"), "{answer}");
}

#[test]
fn a_session_s_key_is_made_of_both_nonces() {
    let plain = Hash::Md5.of(&[b"Mufasa", b"http-auth@example.org", PASSWORD.as_bytes()]);
    let nonce = b"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    let secret = Hash::Md5.of(&[plain.as_bytes(), nonce, CLIENT_NONCE.as_bytes()]);
    let request = Hash::Md5.of(&[b"GET", b"/dir/index.html"]);
    let response = Hash::Md5.of(&[
        secret.as_bytes(),
        nonce,
        b"00000001",
        CLIENT_NONCE.as_bytes(),
        b"auth",
        request.as_bytes(),
    ]);
    let answer = answer_as(&example("md5-Sess"), "Mufasa", PASSWORD, CLIENT_NONCE);
    assert!(answer.contains(&format!("response=\"{response}\", algorithm=md5-Sess")), "{answer}");
}

#[test]
fn hashes_are_those_of_their_standards() {
    for (name, empty) in [
        ("md5", "d41d8cd98f00b204e9800998ecf8427e"),
        ("SHA", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("SHA-256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("SHA-512-256", "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a"),
    ] {
        assert_eq!(Hash::named(name).unwrap().of(&[]), empty, "{name}");
    }
    assert_eq!(Hash::Sha512.of(&[]).len(), 128);
}

#[test]
fn the_strongest_challenge_is_answered() {
    let all = headers(&[
        "Basic realm=x, Digest realm=a, nonce=1, algorithm=MD5",
        "Digest realm=a, nonce=2, algorithm=SHA-256",
        "Digest realm=a, nonce=3, algorithm=SHA-256",
        "Digest realm=a, nonce=4, algorithm=WHIRLPOOL",
    ]);
    assert_eq!(Offer::choose(&all).unwrap().unwrap().nonce(), b"2");
    assert_eq!(Offer::choose(&headers(&["Basic realm=x", "Digestive realm=x"])), Ok(None));
    assert_eq!(Offer::choose(&Headers::new()), Ok(None));
}

#[test]
fn what_cannot_be_answered_says_why() {
    assert_eq!(refusal("Digest nonce=x"), Unanswerable::Malformed);
    assert_eq!(refusal("Digest realm=x"), Unanswerable::Malformed);
    let of = |rest: &str| refusal(&format!("Digest realm=r, nonce=n, {rest}"));
    assert_eq!(of("algorithm=ROT13").to_string(), "Unsupported digest auth algorithm 'ROT13'");
    assert_eq!(of("algorithm=ü-sess"), Unanswerable::Algorithm("ü-sess".into()));
    assert_eq!(of("qop=\"x, y\"").to_string(), "Unexpected qop value 'x, y' in digest auth");
    assert_eq!(of("qop=auth-int"), Unanswerable::Integrity);
    assert_eq!(of("qop=\"\"").into_error().kind(), crate::Kind::Protocol);
}

#[test]
fn quotes_stay_inside_their_quotes() {
    let answer = answer_as(&offer(r#"Digest realm="a\"b", nonce=n"#), "a\", uri=\"/evil", "p", "c");
    assert!(answer.starts_with(r#"Digest username="a\", uri=\"/evil", realm="a\"b", nonce="n""#), "{answer}");
}

fn field(answer: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(answer).into_owned();
    let value = text.split(", ").find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap();
    value.trim_matches('"').to_owned()
}

#[test]
fn a_session_counts_the_answers_to_a_nonce() {
    let session = Session::new("u", "p", [7; 32]);
    assert_eq!(session.authorize("GET", "/"), None);
    let first = session.challenged(example("MD5"), "GET", "/").unwrap();
    let second = session.authorize("GET", "/").unwrap();
    // Another request's challenge with the same nonce.
    let third = session.challenged(example("MD5"), "GET", "/").unwrap();
    assert_eq!(
        [&first, &second, &third].map(|answer| field(answer, "nc")),
        ["00000001", "00000002", "00000003"]
    );
    assert_eq!(field(&first, "cnonce"), field(&third, "cnonce"));
    let renewed = session.challenged(offer("Digest realm=r, nonce=n, qop=auth"), "GET", "/").unwrap();
    assert_eq!(field(&renewed, "nc"), "00000001");
    assert_ne!(field(&renewed, "cnonce"), field(&first, "cnonce"));
}

#[test]
fn debug_output_shows_no_password() {
    let session = Session::new("user", "s3cret", [7; 32]);
    let credentials = Credentials { username: b"user", password: b"s3cret" };
    let shown = format!("{session:?} {credentials:?}");
    assert!(!shown.contains("s3cret") && !shown.contains("user\""), "{shown}");
}

#[test]
fn basic_and_bearer_are_header_values() {
    assert_eq!(auth::basic("ü", b"p"), "Basic w7w6cA==");
    assert_eq!(auth::bearer("t").unwrap(), "Bearer t");
    assert!(auth::bearer("a\nb").is_err() && auth::check_username("a:b").is_err());
}
