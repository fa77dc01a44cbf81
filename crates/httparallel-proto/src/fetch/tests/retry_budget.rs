//! Retries never add more than a part to the load, in virtual time.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::*;

/// How many attempts so many requests make, evenly spread over that time, of which each attempt fails.
fn attempts(policy: &Retry, budget: &Arc<RetryBudget>, from: Instant, requests: u32, over: Duration) -> u32 {
    let retries = Arc::new(Retries { policy: policy.clone(), budget: budget.clone() });
    let sent = Sent { method: &Method::GET, headers: &Headers::new(), replayable: true };
    let mut made = 0;
    for number in 0..requests {
        let now = from + over * number / requests;
        let moment = Moment { now, date: SystemTime::UNIX_EPOCH, deadline: None, random: 0.0 };
        let mut attempts = Attempts::new(retries.clone());
        attempts.begin(now);
        made += 1;
        while attempts.after_response(sent, 503, &Headers::new(), || moment).is_some() {
            made += 1;
        }
    }
    made
}

/// How many retries there are, which are gone then.
fn left(budget: &RetryBudget, now: Instant) -> usize {
    std::iter::from_fn(|| budget.withdraw(now).then_some(())).take(100_000).count()
}

#[test]
fn a_server_that_always_fails_gets_a_fifth_more_requests() {
    let minute = Duration::from_secs(60);
    for (requests, attempts_each) in [(600, 3), (10_000, 3), (10_000, 100), (100_000, 2)] {
        let start = Instant::now();
        let budget = Arc::new(RetryBudget::new(start));
        let policy = Retry { attempts: attempts_each, ..Retry::default() };
        let made = attempts(&policy, &budget, start, requests, minute);
        // The reserve of ten, and what fills it up while it is not full.
        let most = requests + requests / 5 + 10 + 60;
        assert!(made <= most, "{made} attempts for {requests} requests");
        assert!(made >= requests + requests / 5, "{made} attempts for {requests} requests");
    }
}

#[test]
fn what_good_times_have_saved_is_not_spent_on_a_server_that_breaks_down() {
    let start = Instant::now();
    let budget = RetryBudget::new(start);
    // An hour of 1,000 requests a second, none of them retried.
    let hour = 3600;
    for number in 0..hour * 1000 {
        budget.deposit(0.2, start + Duration::from_millis(number));
    }
    let now = start + Duration::from_secs(hour);
    let saved = left(&budget, now);
    assert!((1000..2000).contains(&saved), "{saved}: what a few seconds have brought in");
    assert!(!budget.withdraw(now));
}

#[test]
fn savings_melt_to_the_reserve() {
    let start = Instant::now();
    let budget = RetryBudget::new(start);
    for _ in 0..1000 {
        budget.deposit(1.0, start);
    }
    assert_eq!(left(&budget, start + Duration::from_secs(600)), 10);
}

#[test]
fn half_of_the_savings_is_gone_after_five_and_a_half_seconds() {
    let start = Instant::now();
    let budget = RetryBudget::new(start);
    for _ in 0..1000 {
        budget.deposit(1.0, start);
    }
    let now = start + Duration::from_millis(5_500);
    let left = left(&budget, now);
    assert_eq!(left, 510);
}

#[test]
fn the_reserve_is_filled_up_by_one_retry_a_second() {
    let start = Instant::now();
    let budget = RetryBudget::new(start);
    assert_eq!(left(&budget, start), 10);
    assert_eq!(left(&budget, start + Duration::from_millis(900)), 0);
    assert_eq!(left(&budget, start + Duration::from_secs(1)), 1);
    assert_eq!(left(&budget, start + Duration::from_secs(4)), 3);
    assert_eq!(left(&budget, start + Duration::from_secs(3600)), 10);
}

#[test]
fn each_policy_pays_in_its_own_part() {
    let start = Instant::now();
    for (part, requests, retries) in
        [(0.2, 100, 20), (1.0, 100, 100), (0.0, 100, 0), (f64::NAN, 100, 0), (-1.0, 9, 0)]
    {
        let budget = RetryBudget::new(start);
        for _ in 0..10 {
            assert!(budget.withdraw(start));
        }
        for _ in 0..requests {
            budget.deposit(part, start);
        }
        assert_eq!(left(&budget, start), retries, "{part}");
    }
}

#[test]
fn without_a_budget_every_attempt_is_made() {
    let start = Instant::now();
    let budget = Arc::new(RetryBudget::new(start));
    let policy = Retry { attempts: 4, budget: None, ..Retry::default() };
    assert_eq!(attempts(&policy, &budget, start, 1000, Duration::from_secs(1)), 4000);
    // And nothing was taken from the others.
    assert_eq!(left(&budget, start), 10);
}

#[test]
fn extreme_times_and_amounts_are_survived() {
    let start = Instant::now();
    let budget = RetryBudget::new(start + Duration::from_secs(5));
    assert!(budget.withdraw(start), "a moment before the budget's first counts as that");
    for _ in 0..100 {
        budget.deposit(f64::INFINITY, start);
    }
    let now = start + Duration::from_secs(60 * 60 * 24 * 365 * 50);
    assert!(budget.withdraw(now));
    assert!(budget.withdraw(start), "time does not go back");
}

#[test]
fn many_threads_take_out_no_more_than_there_is() {
    let start = Instant::now();
    let budget = RetryBudget::new(start);
    let taken: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut taken = 0;
                    for _ in 0..1000 {
                        budget.deposit(0.2, start);
                        taken += usize::from(budget.withdraw(start));
                    }
                    taken
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(taken, 810);
}
