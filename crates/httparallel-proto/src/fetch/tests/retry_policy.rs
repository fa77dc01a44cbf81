//! Which responses and failures lead to another attempt, and after how long.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::*;

/// A client's retries at one moment, with the longest waits that chance allows.
struct Retried {
    attempts: Attempts,
    moment: Moment,
}

impl Retried {
    fn by(policy: Retry) -> Self {
        let now = Instant::now();
        let budget = Arc::new(RetryBudget::new(now));
        let moment = Moment { now, date: SystemTime::UNIX_EPOCH, deadline: None, random: 1.0 };
        Self { attempts: Attempts::new(Arc::new(Retries { policy, budget })), moment }
    }

    fn response(&mut self, request: &Request, status: u16) -> Option<Duration> {
        self.answer(request, status, &Headers::new())
    }

    fn answer(&mut self, request: &Request, status: u16, headers: &Headers) -> Option<Duration> {
        self.attempts.after_response(Sent::of(request, false), status, headers, || self.moment)
    }

    fn failure(&mut self, request: &Request, kind: Kind, phase: Phase) -> Option<Duration> {
        self.attempts.after_failure(Sent::of(request, false), &Error::new(kind, phase, "x"), || self.moment)
    }
}

fn default_policy() -> Retried {
    Retried::by(Retry::default())
}

fn post() -> Request {
    upload("POST", Content::Bytes("x".into()))
}

fn with_key(mut request: Request) -> Request {
    request.headers.append("idempotency-KEY", "1");
    request
}

const FAILURES: [(Kind, Phase); 6] = [
    (Kind::Network, Phase::Read),
    (Kind::Network, Phase::Write),
    (Kind::Timeout, Phase::Read),
    (Kind::Timeout, Phase::Write),
    (Kind::Protocol, Phase::Read),
    (Kind::Incomplete, Phase::Read),
];

#[test]
fn statuses_are_retried_where_that_is_safe() {
    for status in [408, 429, 502, 503, 504] {
        let refused = matches!(status, 408 | 429);
        assert!(default_policy().response(&get("http://a/"), status).is_some(), "{status}");
        assert!(default_policy().response(&with_key(post()), status).is_some(), "{status}");
        assert_eq!(default_policy().response(&post(), status).is_some(), refused, "{status}");
    }
    for status in [200, 204, 304, 400, 401, 404, 500, 501, 505] {
        assert_eq!(default_policy().response(&get("http://a/"), status), None, "{status}");
    }
}

#[test]
fn statuses_and_methods_can_be_chosen() {
    let post_only =
        Retry { statuses: vec![500], methods: Some(vec![Method::new("POST").unwrap()]), ..Retry::default() };
    assert!(Retried::by(post_only.clone()).response(&post(), 500).is_some());
    assert_eq!(Retried::by(post_only.clone()).response(&post(), 503), None);
    assert_eq!(Retried::by(post_only).response(&get("http://a/"), 500), None);
}

#[test]
fn connections_that_could_not_be_made_are_tried_again_whatever_the_method() {
    for request in [get("http://a/"), post()] {
        for kind in [Kind::Network, Kind::Timeout] {
            assert!(default_policy().failure(&request, kind, Phase::Connect).is_some(), "{kind:?}");
        }
    }
}

#[test]
fn other_failures_are_retried_where_that_is_safe() {
    for (kind, phase) in FAILURES {
        assert!(default_policy().failure(&get("http://a/"), kind, phase).is_some(), "{kind:?} {phase:?}");
        assert!(default_policy().failure(&with_key(post()), kind, phase).is_some(), "{kind:?} {phase:?}");
        assert_eq!(default_policy().failure(&post(), kind, phase), None, "{kind:?} {phase:?}");
    }
}

#[test]
fn what_another_attempt_would_not_mend_is_not_retried() {
    let retried = |kind, phase| {
        FAILURES.contains(&(kind, phase))
            || (phase == Phase::Connect && matches!(kind, Kind::Network | Kind::Timeout))
            || (phase == Phase::Read && matches!(kind, Kind::Incomplete | Kind::Protocol))
            || (phase == Phase::Write && matches!(kind, Kind::Incomplete | Kind::Protocol))
    };
    for kind in Kind::ALL {
        for phase in Phase::ALL {
            let wait = default_policy().failure(&get("http://a/"), kind, phase);
            assert_eq!(wait.is_some(), retried(kind, phase), "{kind:?} {phase:?}");
        }
    }
}

#[test]
fn a_tls_handshake_is_retried_if_it_was_cut_off_and_not_if_it_was_refused() {
    use std::io;
    for (kind, retried) in [
        (io::ErrorKind::InvalidData, false),
        (io::ErrorKind::UnexpectedEof, true),
        (io::ErrorKind::ConnectionReset, true),
    ] {
        let error = Error::new(Kind::Tls, Phase::Connect, "x").with_source(io::Error::from(kind));
        let mut attempts = default_policy();
        let moment = attempts.moment;
        let request = get("http://a/");
        let wait = attempts.attempts.after_failure(Sent::of(&request, false), &error, || moment);
        assert_eq!(wait.is_some(), retried, "{kind:?}");
    }
}

#[test]
fn content_that_is_used_up_is_not_sent_again() {
    let streamed = with_key(upload("PUT", Content::Stream));
    assert_eq!(default_policy().response(&streamed, 503), None);
    assert_eq!(default_policy().failure(&streamed, Kind::Network, Phase::Read), None);
    let Retried { mut attempts, moment } = default_policy();
    let error = Error::new(Kind::Network, Phase::Connect, "refused");
    assert!(attempts.after_failure(Sent::of(&streamed, true), &error, || moment).is_some());
}

#[test]
fn attempts_are_counted_over_responses_and_failures() {
    let request = get("http://a/");
    for attempts in [0, 1] {
        assert_eq!(Retried::by(Retry { attempts, ..Retry::default() }).response(&request, 503), None);
    }
    let mut three = Retried::by(Retry { attempts: 3, ..Retry::default() });
    assert!(three.response(&request, 503).is_some());
    assert!(three.failure(&request, Kind::Network, Phase::Read).is_some());
    assert_eq!(three.response(&request, 503), None);
    assert_eq!(three.failure(&request, Kind::Network, Phase::Connect), None);
}

#[test]
fn waits_double_up_to_a_limit_and_are_a_random_part_of_that() {
    let policy = Retry {
        attempts: u32::MAX,
        backoff: Duration::from_secs(1),
        max_backoff: Duration::from_secs(10),
        budget: None,
        ..Retry::default()
    };
    for (random, waits) in [(1.0, [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]), (0.25, [0.25, 0.5, 1.0, 2.0, 2.5, 2.5])]
    {
        let mut retried = Retried::by(policy.clone());
        retried.moment.random = random;
        for wait in waits {
            let wait = Some(Duration::from_secs_f64(wait));
            assert_eq!(retried.response(&get("http://a/"), 503), wait, "{random}");
        }
    }
    for (random, seconds) in [(0.0, 0), (-1.0, 0), (f64::NAN, 0), (7.0, 1)] {
        let mut retried = Retried::by(policy.clone());
        retried.moment.random = random;
        let wait = retried.response(&get("http://a/"), 503);
        assert_eq!(wait, Some(Duration::from_secs(seconds)), "{random}");
    }
}

#[test]
fn a_hundred_attempts_do_not_overflow() {
    let mut retried =
        Retried::by(Retry { attempts: 101, backoff: Duration::MAX, budget: None, ..Retry::default() });
    for _ in 0..100 {
        assert_eq!(retried.response(&get("http://a/"), 503), Some(Duration::from_secs(30)));
    }
    assert_eq!(retried.response(&get("http://a/"), 503), None);
}

#[test]
fn a_wait_that_would_reach_the_deadline_is_not_made() {
    let asked: Headers = [("Retry-After", "2")].into_iter().collect();
    let policy = Retry { backoff: Duration::ZERO, ..Retry::default() };
    for (left, wait) in [(1, None), (2, None), (3, Some(Duration::from_secs(2)))] {
        let mut retried = Retried::by(policy.clone());
        retried.moment.deadline = Some(retried.moment.now + Duration::from_secs(left));
        assert_eq!(retried.answer(&get("http://a/"), 503, &asked), wait, "{left} s left");
    }
}

#[test]
fn a_redirect_has_attempts_of_its_own() {
    let policy = Policy { follow_redirects: true, ..Policy::default() };
    let Retried { attempts, moment } = Retried::by(Retry { attempts: 2, ..Retry::default() });
    let mut fetch = Fetch::new(policy, Some(attempts));
    let mut request = get("http://a/");
    let none = Headers::new();
    for hop in 0..3 {
        let next = fetch.on_head(&request, false, false, 503, &none, || moment).unwrap();
        assert!(matches!(next, Next::Retry(_)), "{hop}: {next:?}");
        match fetch.on_head(&request, false, false, 302, &location("/next"), || moment).unwrap() {
            Next::Follow(next) => request = next,
            next => panic!("{hop}: {next:?}"),
        }
    }
    let error = Error::new(Kind::Network, Phase::Connect, "refused");
    assert!(fetch.on_failure(&request, false, &error, || moment).is_some());
    assert!(matches!(fetch.on_head(&request, false, false, 503, &none, || moment).unwrap(), Next::Deliver));
}

#[test]
fn nothing_is_retried_without_a_policy() {
    let mut fetch = Fetch::new(Policy::default(), None);
    let unasked = || -> Moment { panic!("the time does not matter") };
    let request = get("http://a/");
    assert!(matches!(
        fetch.on_head(&request, false, false, 503, &Headers::new(), unasked).unwrap(),
        Next::Deliver
    ));
    let error = Error::new(Kind::Network, Phase::Connect, "refused");
    assert_eq!(fetch.on_failure(&request, false, &error, unasked), None);
}

/// Counts what is stored in it.
#[derive(Debug, Default)]
struct Counting(std::sync::atomic::AtomicUsize);

impl CookieJar for Counting {
    fn store(&self, _: &crate::Url, headers: &Headers) {
        let count = usize::from(headers.contains("set-cookie"));
        self.0.fetch_add(count, std::sync::atomic::Ordering::Relaxed);
    }

    fn cookie(&self, _: &crate::Url) -> Option<Bytes> {
        None
    }
}

#[test]
fn a_challenge_is_answered_before_anything_is_retried_and_has_attempts_of_its_own() {
    let session = crate::auth::digest::Session::new("user", "pass", [1; 32]);
    let jar = Arc::new(Counting::default());
    let sessions = vec![(get("https://a/").url.origin(), Arc::new(session))];
    let memory = Arc::new(Memory { cookies: Some(jar.clone()), sessions });
    let mut request = Request { memory: Some(memory), ..get("https://a/") };
    let statuses = vec![401, 503];
    let Retried { attempts, moment } = Retried::by(Retry { attempts: 2, statuses, ..Retry::default() });
    let mut fetch = Fetch::new(Policy::default(), Some(attempts));
    let cookie: Headers = [("Set-Cookie", "a=1")].into_iter().collect();
    for _ in 0..2 {
        let next = fetch.on_head(&request, false, false, 503, &cookie, || moment).unwrap();
        assert!(matches!(next, Next::Retry(_)), "{next:?}");
        let challenge = [("WWW-Authenticate", "Digest realm=r, nonce=n, qop=auth, stale=true")];
        match fetch.on_head(&request, false, false, 401, &challenge.into_iter().collect(), || moment).unwrap()
        {
            Next::Follow(next) => request = next,
            next => panic!("{next:?}"),
        }
    }
    // What a client keeps cookies for is kept of responses that lead to another attempt, too.
    assert_eq!(jar.0.load(std::sync::atomic::Ordering::Relaxed), 2);
}
