//! Servers that want a request somewhere else, or in another protocol.

use super::*;

fn misdirected(fetch: &mut Fetch, request: &Request, untouched: bool, reused: bool) -> Next {
    let unasked = || panic!("the time does not matter");
    fetch.on_head(request, untouched, reused, 421, &Headers::new(), unasked).unwrap()
}

fn fetch() -> Fetch {
    Fetch::new(Policy { follow_redirects: true, ..Policy::default() }, None)
}

#[test]
fn a_misdirected_request_is_sent_again_from_a_connection_that_was_used_before() {
    let bytes = || Content::Bytes("x".into());
    let table = [
        // (method, content, untouched, reused, again)
        ("GET", Content::Empty, false, true, true),
        ("POST", bytes(), false, true, true),
        ("PATCH", bytes(), false, true, true),
        ("POST", Content::Stream, false, true, false),
        ("POST", Content::Stream, true, true, true),
        ("GET", Content::Empty, false, false, false),
        ("POST", bytes(), false, false, false),
    ];
    for (method, content, untouched, reused, again) in table {
        let request = Request { content, ..request(method, "https://example.com/") };
        let next = misdirected(&mut fetch(), &request, untouched, reused);
        let case = format!("{method} {:?} {untouched} {reused}: {next:?}", request.content);
        assert_eq!(matches!(next, Next::Afresh), again, "{case}");
        assert_eq!(matches!(next, Next::Deliver), !again, "{case}");
    }
}

#[test]
fn a_request_that_is_misdirected_twice_is_answered_and_the_next_hop_begins_anew() {
    let (mut fetch, request) = (fetch(), get("https://example.com/"));
    assert!(matches!(misdirected(&mut fetch, &request, false, true), Next::Afresh));
    assert!(matches!(misdirected(&mut fetch, &request, false, true), Next::Deliver));
    let Next::Follow(next) = on_head(&mut fetch, &request, 302, &location("/next")).unwrap() else {
        panic!("a redirect");
    };
    assert!(matches!(misdirected(&mut fetch, &next, false, true), Next::Afresh));
}

#[test]
fn only_421_says_that_the_connection_was_the_wrong_one() {
    let unasked = || panic!("the time does not matter");
    for status in [200, 400, 404, 420, 422, 429, 503] {
        let next =
            fetch().on_head(&get("https://example.com/"), false, true, status, &Headers::new(), unasked);
        assert!(matches!(next.unwrap(), Next::Deliver), "{status}");
    }
}

#[test]
fn error_codes_say_whether_and_how_a_request_may_be_sent_again() {
    for code in 0..=20 {
        let reset = match code {
            7 => Refusal::Unprocessed,
            13 => Refusal::Http1Required,
            _ => Refusal::Failed,
        };
        assert_eq!(Refusal::of(code, false), reset, "{code}");
        let goaway = if matches!(code, 11 | 13) { reset } else { Refusal::Unprocessed };
        assert_eq!(Refusal::of(code, true), goaway, "{code}");
    }
    assert_eq!(Refusal::of(u32::MAX, true), Refusal::Unprocessed);
}

#[test]
fn origins_that_want_http_1_are_remembered_up_to_a_bound() {
    let origin = |number: usize| get(&format!("https://host{number}.example/")).url.origin();
    let mut origins = Http1Origins::default();
    for number in (0..64).chain(0..64) {
        origins.insert(origin(number));
    }
    assert!((0..64).all(|number| origins.contains(&origin(number))));
    assert!(!origins.contains(&get("https://host0.example:444/").url.origin()));
    origins.insert(origin(64));
    assert!(!origins.contains(&origin(0)));
    assert!((1..=64).all(|number| origins.contains(&origin(number))));
}
