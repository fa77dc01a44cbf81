//! What `Retry-After` says: seconds, dates, and nonsense.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::*;

/// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
const EXAMPLE: u64 = 784_111_777;

/// The wait before the second attempt, at that moment of the calendar and without any backoff.
fn wait(value: impl Into<Bytes>, date: u64) -> Duration {
    let now = Instant::now();
    let policy = Retry { backoff: Duration::ZERO, ..Retry::default() };
    let retries = Arc::new(Retries { policy, budget: Arc::new(RetryBudget::new(now)) });
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(date);
    let mut headers = Headers::new();
    headers.append("Retry-After", value);
    let sent = Sent { method: &Method::GET, headers: &Headers::new(), replayable: true };
    Attempts::new(retries)
        .after_response(sent, 503, &headers, || Moment { now, date, deadline: None, random: 1.0 })
        .unwrap()
}

const CAP: Duration = Duration::from_secs(6 * 60 * 60);

#[test]
fn seconds_are_waited() {
    for (value, seconds) in
        [("0", 0.0), ("1", 1.0), ("120", 120.0), (" 7 ", 7.0), ("0.25", 0.25), ("1.50", 1.5)]
    {
        assert_eq!(wait(value, EXAMPLE), Duration::from_secs_f64(seconds), "{value:?}");
    }
}

#[test]
fn no_wait_is_longer_than_the_cap() {
    let endless = "9".repeat(400);
    for value in ["21601", "1000000000", "18446744073709551616", &endless, "Fri, 31 Dec 9999 23:59:59 GMT"] {
        assert_eq!(wait(value.to_owned(), EXAMPLE), CAP, "{value:?}");
    }
}

#[test]
fn nonsense_is_no_wait() {
    let nonsense = [
        "",
        "-1",
        "-1000000000",
        "+5",
        "5s",
        "1e3",
        "1,5",
        ".5",
        "5.",
        "1.2.3",
        "0x10",
        "inf",
        "NaN",
        "soon",
        "٣",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 PST",
        "Sun, 06 Xxx 1994 08:49:37 GMT",
        "Sun, 31 Feb 1995 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37:00 GMT",
        "Sun, 06 Nov 1969 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06-Nov-94-1 08:49:37 GMT",
        "Sun Nov 106 08:49:37 1994",
        "a b c d e f g h i",
    ];
    for value in nonsense {
        assert_eq!(wait(value, EXAMPLE - 100), Duration::ZERO, "{value:?}");
    }
    assert_eq!(wait(&b"\xff5"[..], EXAMPLE), Duration::ZERO);
}

#[test]
fn all_three_forms_of_a_date_are_waited_for() {
    for date in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun Nov 06 08:49:37 1994",
    ] {
        assert_eq!(wait(date, EXAMPLE - 100), Duration::from_secs(100), "{date}");
        assert_eq!(wait(date, EXAMPLE), Duration::ZERO, "{date}");
        assert_eq!(wait(date, EXAMPLE + 100), Duration::ZERO, "{date}");
    }
}

#[test]
fn dates_are_those_of_the_calendar() {
    for (date, seconds) in [
        ("Thu, 01 Jan 1970 00:00:10 GMT", 10),
        ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
        ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
        ("Fri, 31 Dec 2004 23:59:60 GMT", 1_104_537_600),
        ("Fri, 27 Nov 2026 15:26:07 GMT", 1_795_793_167),
        ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
    ] {
        assert_eq!(wait(date, seconds - 10), Duration::from_secs(10), "{date}");
    }
}

#[test]
fn a_year_of_two_digits_is_at_most_fifty_years_ahead() {
    // In 1994, 44 is 2044 and 45 is 1945, which is before all dates that count.
    assert_eq!(wait("Sunday, 06-Nov-44 08:49:37 GMT", EXAMPLE), CAP);
    assert_eq!(wait("Sunday, 06-Nov-45 08:49:37 GMT", EXAMPLE), Duration::ZERO);
    // In 2026, 94 is past and 27 is ahead.
    let in_2026 = 1_795_793_167;
    assert_eq!(wait("Sunday, 06-Nov-94 08:49:37 GMT", in_2026), Duration::ZERO);
    assert_eq!(wait("Saturday, 27-Nov-27 15:26:07 GMT", in_2026), CAP);
}

#[test]
fn the_first_of_several_counts_and_backoff_is_added() {
    let now = Instant::now();
    let budget = Arc::new(RetryBudget::new(now));
    let policy = Retry { max_retry_after: Duration::from_secs(60), ..Retry::default() };
    let headers: Headers = [("retry-after", "90"), ("Retry-After", "1")].into_iter().collect();
    let sent = Sent { method: &Method::GET, headers: &Headers::new(), replayable: true };
    let moment = Moment { now, date: SystemTime::UNIX_EPOCH, deadline: None, random: 0.5 };
    let mut attempts = Attempts::new(Arc::new(Retries { policy, budget }));
    let wait = attempts.after_response(sent, 429, &headers, || moment);
    assert_eq!(wait, Some(Duration::from_millis(60_250)));
}

#[test]
fn no_text_makes_it_panic() {
    let texts = [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "1.5",
    ];
    for text in texts {
        for at in 0..text.len() {
            let (before, after) = text.split_at(at);
            for piece in ["", " ", "-", ":", ".", "0", "9", "99999999999999999999", "é", "GMT", ","] {
                for mutated in [format!("{before}{piece}{after}"), format!("{before}{piece}{}", &after[1..])]
                {
                    assert!(wait(mutated, EXAMPLE - 100) <= CAP);
                }
            }
        }
    }
}
