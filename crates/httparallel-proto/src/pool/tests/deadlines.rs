//! Time: idle connections that expire, requests that wait too long.

use super::*;

const POOL: Duration = Duration::from_secs(5);

/// A scene with one place, whose requests wait for a connection at most `POOL`.
fn impatient(max_connections: usize) -> Scene {
    let mut scene = Scene::new(max_connections);
    scene.wish.deadline = Some(scene.now + POOL);
    scene
}

#[test]
fn an_idle_connection_expires() {
    let mut scene = Scene::new(10);
    let conn = scene.open("a", 1);
    scene.release(conn);
    assert_eq!(scene.pool.next_deadline(), Some(scene.now + Duration::from_secs(5)));
    scene.pass(Duration::from_millis(4999));
    assert!(scene.expire().is_empty() && scene.is_quiet());
    scene.pass(Duration::from_millis(1));
    scene.expire();
    assert_eq!(scene.dropped(), [Dropped::Expired]);
    assert_eq!(scene.pool.next_deadline(), None);
}

#[test]
fn an_expired_connection_serves_nobody_even_if_it_was_not_swept() {
    let mut scene = Scene::new(10);
    let conn = scene.open("a", 1);
    scene.release(conn);
    scene.pass(LONG);
    scene.queue("a", 2);
    assert!(matches!(
        scene.take()[..],
        [Action::Close { why: Dropped::Expired, .. }, Action::Connect { key: "a", .. }]
    ));
}

#[test]
fn serving_a_request_starts_the_idle_time_anew() {
    let mut scene = Scene::new(10);
    let conn = scene.open("a", 1);
    for request in 2..6 {
        scene.release(conn);
        scene.pass(Duration::from_secs(4));
        scene.expire();
        assert_eq!(scene.start("a", request), conn);
    }
}

#[test]
fn without_an_expiry_a_connection_idles_for_ever() {
    let mut scene = Scene::with_limits(Limits { keepalive_expiry: None, ..Limits::default() });
    let conn = scene.open("a", 1);
    scene.release(conn);
    scene.pass(LONG);
    assert_eq!(scene.pool.next_deadline(), None);
    assert_eq!(scene.start("a", 2), conn);
}

#[test]
fn an_expiry_of_zero_keeps_no_connection() {
    let limits = Limits { keepalive_expiry: Some(Duration::ZERO), ..Limits::default() };
    let mut scene = Scene::with_limits(limits);
    let conn = scene.open("a", 1);
    scene.release(conn);
    assert_eq!(scene.dropped(), [Dropped::Expired]);
}

#[test]
fn a_request_that_waited_too_long_is_given_back() {
    let mut scene = impatient(1);
    scene.open("a", 1);
    scene.queue("a", 2);
    assert_eq!(scene.pool.next_deadline(), Some(scene.now + POOL));
    scene.pass(POOL);
    assert_eq!(scene.expire(), [2]);
    assert_eq!((scene.pool.waiting_count(), scene.pool.next_deadline()), (0, None));
}

#[test]
fn a_request_whose_connection_is_being_opened_is_past_waiting_for_the_pool() {
    let mut scene = impatient(1);
    scene.queue("a", 1);
    let conn = scene.connecting("a");
    scene.pass(LONG);
    assert!(scene.expire().is_empty());
    assert_eq!(scene.pool.next_deadline(), None);
    scene.connected(conn);
    assert_eq!(scene.started(), [(conn, 1)]);
}

#[test]
fn one_attempt_covers_one_request() {
    let mut scene = impatient(1);
    scene.queue("a", 1);
    scene.queue("a", 2);
    scene.pass(POOL);
    assert_eq!(scene.expire(), [2]);
}

#[test]
fn an_attempt_that_may_be_shared_covers_all() {
    let mut scene = impatient(1);
    scene.wish.may_share = true;
    scene.queue_all("a", 1..4);
    scene.pass(POOL);
    assert!(scene.expire().is_empty());
}

/// Otherwise such requests would wait for ever: their connection went to another request.
#[test]
fn a_deadline_counts_again_when_the_cover_is_lost() {
    let mut scene = impatient(1);
    scene.wish.may_share = true;
    scene.queue_all("a", 1..4);
    let conn = scene.connecting("a");
    scene.pass(POOL);
    assert!(scene.expire().is_empty());
    scene.connected_as(conn, Opened::Http1(Lane::Attached));
    assert_eq!(scene.started(), [(conn, 1)]);
    assert!(scene.pool.next_deadline() <= Some(scene.now));
    assert_eq!(scene.expire(), [2, 3]);
}

#[test]
fn a_lapsed_deadline_does_not_count_while_another_attempt_is_made() {
    let mut scene = impatient(2);
    scene.wish.may_share = true;
    scene.queue_all("a", 1..4);
    let conn = scene.connecting("a");
    scene.pass(POOL);
    assert!(scene.expire().is_empty());
    scene.connected_as(conn, Opened::Http2 { max_streams: 1 });
    assert_eq!(scene.take().len(), 2);
    assert!(scene.expire().is_empty());
    scene.release(conn);
    assert_eq!(scene.started(), [(conn, 2)]);
}

#[test]
fn cancelling_the_only_request_abandons_its_attempt() {
    let mut scene = Scene::new(1);
    let waiter = scene.queue("a", 1);
    let attempt = scene.connecting("a");
    assert_eq!(scene.cancel(waiter), Some(1));
    assert_eq!(scene.take(), [Action::Abandon { conn: attempt }]);
    assert_eq!((scene.pool.connection_count(), scene.pool.origins.len()), (0, 0));
    assert_eq!(scene.cancel(waiter), None);
    scene.connected(attempt);
    assert_eq!(scene.dropped(), [Dropped::Unwanted]);
}

#[test]
fn the_place_of_an_abandoned_attempt_is_free_at_once() {
    let mut scene = Scene::new(1);
    let waiter = scene.queue("a", 1);
    scene.connecting("a");
    scene.queue("b", 2);
    scene.cancel(waiter);
    assert!(matches!(scene.take()[..], [Action::Abandon { .. }, Action::Connect { key: "b", .. }]));
}

#[test]
fn cancelling_one_of_several_leaves_enough_attempts() {
    let mut scene = Scene::new(10);
    let first = scene.queue("a", 1);
    scene.queue("a", 2);
    let attempts = scene.attempts();
    scene.cancel(first);
    assert_eq!(scene.take(), [Action::Abandon { conn: attempts[1].0 }]);
    scene.connected(attempts[0].0);
    assert_eq!(scene.started(), [(attempts[0].0, 2)]);
}

#[test]
fn cancelling_a_request_in_the_middle_keeps_the_order() {
    let mut scene = Scene::new(1);
    let conn = scene.open("a", 0);
    let waiters: Vec<_> = (1..6).map(|request| scene.queue("a", request)).collect();
    scene.cancel(waiters[2]);
    scene.cancel(waiters[0]);
    for request in [2, 4, 5] {
        scene.release(conn);
        assert_eq!(scene.started(), [(conn, request)]);
    }
}
