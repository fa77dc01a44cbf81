//! The limit over all origins, who comes first, who must make room.

use super::*;
use crate::pool::places::MAX_PASSED_OVER;

#[test]
fn the_limit_counts_connections_of_all_origins() {
    let mut scene = Scene::new(2);
    scene.queue("a", 1);
    scene.queue("b", 2);
    assert_eq!(scene.attempts().len(), 2);
    scene.queue("c", 3);
    assert!(scene.is_quiet());
    assert_eq!((scene.pool.connection_count(), scene.pool.waiting_count()), (2, 3));
}

#[test]
fn no_connection_is_opened_if_none_is_allowed() {
    let mut scene = Scene::new(0);
    scene.queue("a", 1);
    assert!(scene.is_quiet());
}

#[test]
fn a_request_evicts_the_connection_of_another_origin_that_idled_longest() {
    let mut scene = Scene::new(2);
    let (first, second) = (scene.open("a", 1), scene.open("b", 2));
    scene.release(second);
    scene.release(first);
    scene.queue("c", 3);
    assert!(matches!(
        scene.take()[..],
        [Action::Close { handle: 2, why: Dropped::Evicted }, Action::Connect { key: "c", .. }]
    ));
    assert_eq!(scene.start("a", 4), first);
}

#[test]
fn a_freed_place_goes_to_the_request_that_has_waited_longest() {
    let mut scene = Scene::new(1);
    let conn = scene.open("a", 1);
    scene.queue("c", 2);
    scene.queue("b", 3);
    scene.close(conn);
    let next = scene.connecting("c");
    scene.connected(next);
    assert_eq!(scene.started(), [(next, 2)]);
    scene.close(next);
    scene.connecting("b");
}

/// The oldest request has its attempt already; the place that comes free is for the next one.
#[test]
fn a_freed_place_passes_over_requests_that_have_an_attempt() {
    let mut scene = Scene::new(2);
    let conn = scene.open("c", 1);
    scene.queue("a", 2);
    scene.connecting("a");
    scene.queue("b", 3);
    assert!(scene.is_quiet());
    scene.close(conn);
    scene.connecting("b");
}

#[test]
fn an_idle_connection_is_not_dropped_for_a_request_that_has_an_attempt() {
    let mut scene = Scene::new(2);
    let conn = scene.open("a", 1);
    scene.queue("b", 2);
    scene.connecting("b");
    scene.release(conn);
    assert!(scene.is_quiet());
    assert_eq!(scene.start("a", 3), conn);
}

#[test]
fn a_connection_nobody_needs_makes_room_for_another_origin() {
    let mut scene = Scene::new(1);
    let conn = scene.open("a", 1);
    scene.queue("b", 2);
    scene.release(conn);
    assert!(matches!(
        scene.take()[..],
        [Action::Close { why: Dropped::Evicted, .. }, Action::Connect { key: "b", .. }]
    ));
}

#[test]
fn a_busy_origin_does_not_starve_another() {
    let mut scene = Scene::new(1);
    let conn = scene.open("a", 0);
    scene.queue("b", 1000);
    for request in 1..=MAX_PASSED_OVER {
        scene.queue("a", request);
        scene.release(conn);
        assert_eq!(scene.started(), [(conn, request)]);
    }
    scene.queue("a", 999);
    scene.release(conn);
    assert!(matches!(
        scene.take()[..],
        [Action::Close { why: Dropped::Evicted, .. }, Action::Connect { key: "b", .. }]
    ));
}

#[test]
fn serving_an_older_request_passes_nobody_over() {
    let mut scene = Scene::new(1);
    let conn = scene.open("a", 0);
    for request in 1..=2 * MAX_PASSED_OVER {
        scene.queue("a", request);
    }
    scene.queue("b", 1000);
    for request in 1..=2 * MAX_PASSED_OVER {
        scene.release(conn);
        assert_eq!(scene.started(), [(conn, request)]);
    }
}

#[test]
fn no_more_than_max_keepalive_connections_idle_for_long() {
    let limits = Limits { max_keepalive_connections: Some(1), ..Limits::default() };
    let mut scene = Scene::with_limits(limits);
    let (first, second) = (scene.open("a", 1), scene.open("b", 2));
    scene.release(first);
    scene.release(second);
    assert!(scene.is_quiet(), "between two batches they are worth keeping");
    assert_eq!(scene.pool.next_deadline(), Some(scene.now + limits.surplus_expiry));
    scene.now += limits.surplus_expiry;
    assert!(scene.expire().is_empty());
    assert_eq!(scene.dropped(), [Dropped::TooManyIdle]);
    assert_eq!(scene.start("b", 3), second);
}

#[test]
fn without_keepalive_a_connection_still_serves_who_waits() {
    let limits = Limits { max_connections: Some(1), max_keepalive_connections: Some(0), ..Limits::default() };
    let mut scene = Scene::with_limits(limits);
    let conn = scene.open("a", 1);
    scene.queue("a", 2);
    scene.release(conn);
    assert_eq!(scene.started(), [(conn, 2)]);
    scene.release(conn);
    assert_eq!(scene.dropped(), [Dropped::TooManyIdle]);
}

#[test]
fn closing_gives_back_everything_and_ids_are_stale_afterwards() {
    let mut scene = Scene::new(3);
    let idle = scene.open("a", 1);
    let busy = scene.open("b", 2);
    scene.queue("c", 3);
    let attempt = scene.connecting("c");
    let waiting = scene.queue("d", 4);
    scene.take();
    scene.release(idle);
    scene.take();
    let given_back = scene.pool.close(&mut scene.actions);
    assert!(given_back.iter().all(|request| [3, 4].contains(request)) && given_back.is_sorted());
    scene.take();
    assert_eq!((scene.pool.connection_count(), scene.pool.waiting_count()), (0, 0));
    assert_eq!((scene.cancel(waiting), scene.pool.next_deadline()), (None, None));
    // The pool works on, and what is told of the past does not touch it.
    let fresh = scene.open("b", 5);
    scene.release(busy);
    scene.connected(attempt);
    assert_eq!(scene.dropped(), [Dropped::Unwanted]);
    assert_eq!(scene.states(), [State::Active(1)]);
    assert_ne!(fresh, busy);
}

#[test]
fn closing_names_attempts_to_abandon_and_handles_to_close() {
    let mut scene = Scene::new(3);
    let idle = scene.open("a", 1);
    scene.release(idle);
    scene.queue("c", 3);
    let attempt = scene.connecting("c");
    assert_eq!(scene.pool.close(&mut scene.actions), [3]);
    let wanted = [Action::Close { handle: 1, why: Dropped::PoolClosed }, Action::Abandon { conn: attempt }];
    assert_eq!(scene.take(), wanted);
}
