//! Places and time, in virtual time.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::time::{Duration, Instant};

use super::*;
use crate::Kind;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn pace(requests: f64, burst: u32) -> Pace<u32> {
    Pace::new(RateLimit::new(requests, ms(1000)).unwrap().with_burst(burst).unwrap())
}

fn queue(pace: &mut Pace<u32>, requests: std::ops::Range<u32>) {
    for request in requests {
        pace.wait(request);
    }
}

/// Lets all who wait start, with a timer that is late by `late`; gives the times since `epoch`.
fn run(pace: &mut Pace<u32>, epoch: Instant, late: Duration) -> Vec<(u32, Duration)> {
    let mut started = Vec::new();
    while let Some(at) = pace.wakes_at() {
        let now = at + late;
        while let Some(request) = pace.due(now) {
            started.push((request, now - epoch));
        }
    }
    started
}

#[test]
fn requests_are_spaced_evenly() {
    let (mut pace, epoch) = (pace(10.0, 1), Instant::now());
    assert!(pace.start(epoch));
    assert!(!pace.start(epoch) && !pace.start(epoch + ms(99)));
    assert!(pace.start(epoch + ms(100)));
    // After a pause, the next interval counts from the start.
    assert!(pace.start(epoch + ms(1050)));
    assert!(!pace.start(epoch + ms(1149)));
}

#[test]
fn a_burst_starts_at_once_and_fills_up_again() {
    let (mut pace, epoch) = (pace(10.0, 3), Instant::now());
    assert_eq!((0..5).filter(|_| pace.start(epoch)).count(), 3);
    assert!(!pace.start(epoch + ms(99)));
    assert!(pace.start(epoch + ms(100)) && !pace.start(epoch + ms(100)));
    assert_eq!((0..5).filter(|_| pace.start(epoch + ms(10_000))).count(), 3);
}

#[test]
fn those_who_wait_start_in_their_order_and_time() {
    let (mut pace, epoch) = (pace(10.0, 1), Instant::now());
    assert!(pace.start(epoch));
    queue(&mut pace, 0..3);
    assert_eq!(pace.due(epoch + ms(50)), None);
    assert_eq!(run(&mut pace, epoch, ms(0)), [(0, ms(100)), (1, ms(200)), (2, ms(300))]);
    assert_eq!(pace.wakes_at(), None);
}

#[test]
fn nobody_overtakes_those_who_wait() {
    let (mut pace, epoch) = (pace(10.0, 1), Instant::now());
    assert!(pace.start(epoch));
    pace.wait(1);
    assert!(!pace.start(epoch + ms(150)));
    assert_eq!(pace.due(epoch + ms(150)), Some(1));
}

#[test]
fn a_timer_that_is_late_does_not_slow_the_pace_down() {
    let (mut pace, epoch) = (pace(1000.0, 1), Instant::now());
    assert!(pace.start(epoch));
    queue(&mut pace, 0..1000);
    let (last, at) = run(&mut pace, epoch, ms(3)).pop().unwrap();
    assert_eq!(last, 999);
    assert!(at <= ms(1003), "{at:?}");
}

#[test]
fn a_timer_that_is_very_late_lets_no_flood_through() {
    let (mut pace, epoch) = (pace(1000.0, 1), Instant::now());
    assert!(pace.start(epoch));
    queue(&mut pace, 0..1000);
    let late = epoch + ms(500);
    let at_once = std::iter::from_fn(|| pace.due(late)).count();
    assert_eq!(at_once, 6);
}

#[test]
fn whoever_gives_up_spends_no_time() {
    let (mut pace, epoch) = (pace(10.0, 1), Instant::now());
    assert!(pace.start(epoch));
    let tickets: Vec<_> = (0..3).map(|request| pace.wait(request)).collect();
    assert_eq!(pace.cancel(tickets[1]), Some(1));
    assert_eq!(pace.cancel(tickets[1]), None);
    assert_eq!(run(&mut pace, epoch, ms(0)), [(0, ms(100)), (2, ms(200))]);
    assert_eq!(pace.cancel(tickets[0]), None);
}

#[test]
fn the_last_one_to_give_up_leaves_nothing_to_wake_for() {
    let (mut pace, epoch) = (pace(10.0, 1), Instant::now());
    assert!(pace.start(epoch));
    let ticket = pace.wait(1);
    assert_eq!(pace.wakes_at(), Some(epoch + ms(100)));
    pace.cancel(ticket);
    assert_eq!((pace.wakes_at(), pace.due(epoch + ms(500))), (None, None));
}

/// In any stretch of time at most a burst and what the rate allows, whatever comes and whatever is given up.
#[test]
fn the_rate_holds_whatever_happens() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for burst in 1..6 {
        let (mut pace, epoch) = (pace(100.0, burst), Instant::now());
        let (mut now, mut started, mut tickets) = (epoch, Vec::new(), Vec::new());
        for request in 0..2000 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            now += Duration::from_micros(seed % 16_000);
            while let Some(at) = pace.wakes_at().filter(|at| *at <= now) {
                started.extend(pace.due(at).map(|_| at));
            }
            match seed >> 60 {
                0 => drop(tickets.pop().map(|ticket| pace.cancel(ticket))),
                _ if pace.start(now) => started.push(now),
                _ => tickets.push(pace.wait(request)),
            }
        }
        let interval = ms(10);
        for (first, from) in started.iter().enumerate() {
            for (later, until) in started.iter().enumerate().skip(first).take(50) {
                // What starts beyond the burst took its time.
                let beyond = u32::try_from(later - first + 1).unwrap().saturating_sub(burst);
                assert!(interval * beyond <= *until - *from, "burst {burst}");
            }
        }
        assert!(started.len() > 800, "{}", started.len());
    }
}

#[test]
fn a_rate_is_more_than_nothing() {
    let second = ms(1000);
    for (requests, per) in [(0.0, second), (-1.0, second), (f64::NAN, second), (1.0, ms(0)), (1e-300, second)]
    {
        assert_eq!(RateLimit::new(requests, per).unwrap_err().kind(), Kind::InvalidRequest, "{requests}");
    }
    assert!(RateLimit::new(1.0, second).unwrap().with_burst(0).is_err());
    assert_eq!(RateLimit::new(f64::INFINITY, second).unwrap().interval(), ms(0));
}

#[test]
fn a_rate_beyond_the_clock_still_lets_the_first_through() {
    let limit = RateLimit::new(1.0, Duration::from_secs(u64::MAX / 4)).unwrap().with_burst(u32::MAX).unwrap();
    let (mut pace, now): (Pace<u32>, _) = (Pace::new(limit), Instant::now());
    assert!(pace.start(now));
}

// Places.

#[test]
fn so_many_have_a_place_and_the_others_take_over_in_their_order() {
    let mut places = Places::new(2);
    assert!(places.enter(&"a") && places.enter(&"a") && !places.enter(&"a"));
    places.wait(&"a", 1);
    places.wait(&"a", 2);
    assert_eq!((places.leave(&"a"), places.leave(&"a"), places.leave(&"a")), (Some(1), Some(2), None));
    assert_eq!(places.taken(&"a"), 1);
    assert!(places.enter(&"a") && !places.enter(&"a"));
}

#[test]
fn origins_do_not_hold_each_other_up() {
    let mut places = Places::new(1);
    assert!(places.enter(&"a"));
    places.wait(&"a", 1);
    assert!(places.enter(&"b"));
    assert_eq!(places.leave(&"b"), None);
}

#[test]
fn whoever_gives_up_leaves_the_line() {
    let mut places = Places::new(1);
    assert!(places.enter(&"a"));
    let tickets = [1, 2].map(|request| places.wait(&"a", request));
    assert_eq!(places.cancel(&"a", tickets[0]), Some(1));
    assert_eq!(places.cancel(&"a", tickets[0]), None);
    assert_eq!(places.leave(&"a"), Some(2));
    assert_eq!(places.cancel(&"a", tickets[1]), None);
}

#[test]
fn nothing_is_left_of_origins_that_nobody_is_at() {
    let mut places: Places<u32, ()> = Places::new(1);
    for origin in 0..100 {
        assert!(places.enter(&origin));
        assert_eq!(places.leave(&origin), None);
    }
    let ticket = places.wait(&1, ());
    places.cancel(&1, ticket);
    assert!(places.is_empty());
}

#[test]
fn a_cleared_line_keeps_the_places_that_are_taken() {
    let mut places = Places::new(0);
    assert!(places.enter(&"a") && !places.enter(&"a"));
    places.wait(&"a", 1);
    assert_eq!(places.clear(), [1]);
    assert_eq!((places.taken(&"a"), places.leave(&"a"), places.taken(&"a")), (1, None, 0));
    assert_eq!(places.leave(&"a"), None);
}
