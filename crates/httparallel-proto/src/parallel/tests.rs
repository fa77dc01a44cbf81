//! Who may start when.

use super::*;

/// Starts `Some`, waits `None`.
fn submit_all(plan: &mut Plan<u32>, requests: std::ops::Range<u32>) -> Vec<Option<u32>> {
    requests.map(|request| plan.submit(request)).collect()
}

#[test]
fn requests_start_until_the_limit_is_reached() {
    let mut plan = Plan::new(Some(2));
    assert_eq!(submit_all(&mut plan, 0..4), [Some(0), Some(1), None, None]);
    assert_eq!(plan.in_flight(), 2);
}

#[test]
fn those_that_wait_start_in_the_order_they_came() {
    let mut plan = Plan::new(Some(1));
    submit_all(&mut plan, 0..4);
    let started: Vec<_> = std::iter::from_fn(|| plan.finished()).collect();
    assert_eq!(started, [1, 2, 3]);
    assert_eq!(plan.in_flight(), 0);
}

#[test]
fn without_a_limit_nobody_waits() {
    let mut plan = Plan::new(None);
    assert!(submit_all(&mut plan, 0..1000).iter().all(Option::is_some));
    assert_eq!(plan.in_flight(), 1000);
}

#[test]
fn a_limit_of_zero_lets_one_at_a_time_through() {
    let mut plan = Plan::new(Some(0));
    assert_eq!(submit_all(&mut plan, 0..2), [Some(0), None]);
    assert_eq!(plan.finished(), Some(1));
}

#[test]
fn a_cleared_plan_starts_nobody_who_waited() {
    let mut plan = Plan::new(Some(1));
    submit_all(&mut plan, 0..3);
    assert_eq!(plan.clear(), [1, 2]);
    assert_eq!((plan.in_flight(), plan.finished()), (1, None));
    assert_eq!(plan.in_flight(), 0);
    assert_eq!(plan.submit(9), Some(9));
}

#[test]
fn an_end_too_many_is_ignored() {
    let mut plan: Plan<u32> = Plan::new(Some(1));
    assert_eq!((plan.finished(), plan.in_flight()), (None, 0));
    assert_eq!(submit_all(&mut plan, 0..2), [Some(0), None]);
}

/// Random submissions and ends: never more than the limit in flight, nobody waits while there is room, and
/// all start in the order they came.
#[test]
fn the_limit_and_the_order_hold_whatever_happens() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for limit in 1..20 {
        let (mut plan, mut started, mut submitted, mut ended) = (Plan::new(Some(limit)), Vec::new(), 0, 0);
        for _ in 0..2000 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            if seed & 0x300 != 0 && submitted < 1200 {
                started.extend(plan.submit(submitted));
                submitted += 1;
            } else if started.len() > ended {
                started.extend(plan.finished());
                ended += 1;
            }
            assert_eq!(plan.in_flight(), started.len() - ended);
            assert!(plan.in_flight() <= limit);
            assert!(plan.in_flight() == limit || started.len() == submitted as usize);
        }
        while ended < started.len() {
            started.extend(plan.finished());
            ended += 1;
        }
        assert_eq!(started, (0..submitted).collect::<Vec<u32>>());
    }
}

#[test]
fn whoever_gave_its_turn_away_gets_the_next_one() {
    let mut plan = Plan::new(Some(1));
    submit_all(&mut plan, 0..3);
    assert_eq!(plan.finished(), Some(1));
    assert_eq!(plan.resume(0), None);
    assert_eq!((plan.finished(), plan.finished(), plan.finished()), (Some(0), Some(2), None));
    assert_eq!((plan.resume(0), plan.in_flight()), (Some(0), 1));
}
