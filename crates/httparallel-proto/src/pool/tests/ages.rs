//! Connections that are too old for another request.

use super::*;

const AGE: Duration = Duration::from_secs(60);

/// A scene whose connections take requests for a minute, and idle for ever.
fn aging(max_connections: usize) -> Scene {
    Scene::with_limits(Limits {
        max_connections: Some(max_connections),
        keepalive_expiry: None,
        max_connection_age: Some(AGE),
        ..Limits::default()
    })
}

#[test]
fn an_idle_connection_is_closed_when_it_is_too_old() {
    let mut scene = aging(10);
    let conn = scene.open("a", 1);
    scene.release(conn);
    assert_eq!(scene.pool.next_deadline(), Some(scene.now + AGE));
    scene.pass(Duration::from_millis(59_999));
    scene.expire();
    assert!(scene.is_quiet());
    scene.pass(Duration::from_millis(1));
    scene.expire();
    assert_eq!(scene.dropped(), [Dropped::TooOld]);
    assert_eq!((scene.pool.connection_count(), scene.pool.next_deadline()), (0, None));
}

#[test]
fn serving_requests_makes_a_connection_no_younger() {
    let mut scene = aging(10);
    let conn = scene.open("a", 1);
    for request in 2..6 {
        scene.release(conn);
        scene.pass(AGE / 5);
        assert_eq!(scene.start("a", request), conn);
    }
    scene.release(conn);
    scene.pass(AGE / 5);
    scene.queue("a", 6);
    let actions = scene.take();
    assert!(matches!(actions[0], Action::Close { why: Dropped::TooOld, .. }), "{actions:?}");
    assert!(matches!(actions[1], Action::Connect { key: "a", .. }), "{actions:?}");
}

#[test]
fn a_busy_connection_that_is_too_old_ends_with_its_request() {
    for swept in [false, true] {
        let mut scene = aging(1);
        let conn = scene.open("a", 1);
        scene.queue("a", 2);
        scene.pass(AGE);
        if swept {
            scene.expire();
        }
        assert!(scene.is_quiet());
        assert_eq!(scene.states(), [State::Active(1)]);
        scene.release(conn);
        let actions = scene.take();
        assert!(matches!(actions[0], Action::Close { why: Dropped::TooOld, .. }), "{actions:?}");
        assert!(matches!(actions[1], Action::Connect { key: "a", .. }), "{actions:?}");
    }
}

#[test]
fn a_detached_connection_that_is_too_old_is_closed_by_its_handle() {
    let mut scene = aging(1);
    scene.wish.lane = Lane::Detached;
    let conn = scene.open("a", 1);
    scene.pass(AGE);
    assert_eq!(scene.pool.released(conn, Some(9), true, scene.now, &mut scene.actions), None);
    assert_eq!(scene.take(), [Action::Close { handle: 9, why: Dropped::TooOld }]);
}

#[test]
fn an_http2_connection_that_is_too_old_ends_with_its_last_stream() {
    let mut scene = aging(2);
    scene.wish.may_share = true;
    let old = scene.open_http2("a", 1, 10);
    assert_eq!(scene.start("a", 2), old);
    scene.pass(AGE);
    scene.queue("a", 3);
    let new = scene.connecting("a");
    scene.connected_as(new, Opened::Http2 { max_streams: 10 });
    assert_eq!(scene.started(), [(new, 3)]);
    scene.release(old);
    assert!(scene.is_quiet());
    scene.release(old);
    assert_eq!(scene.dropped(), [Dropped::TooOld]);
    assert_eq!(scene.start("a", 4), new);
}

#[test]
fn requests_wait_no_longer_for_a_stalled_connection_that_is_too_old() {
    let mut scene = aging(2);
    scene.wish.may_share = true;
    let old = scene.open_http2("a", 1, 10);
    scene.pool.set_max_streams(old, 0, scene.now, &mut scene.actions);
    scene.queue("a", 2);
    assert!(scene.is_quiet());
    scene.pass(AGE);
    scene.expire();
    scene.connecting("a");
}

#[test]
fn the_reason_is_the_first_one() {
    let mut scene = aging(2);
    scene.wish.may_share = true;
    let conn = scene.open_http2("a", 1, 10);
    scene.pool.retire(conn, scene.now, &mut scene.actions);
    scene.pass(AGE);
    scene.expire();
    scene.release(conn);
    assert_eq!(scene.dropped(), [Dropped::Retired]);
    let conn = scene.open_http2("a", 2, 10);
    scene.pass(AGE);
    scene.expire();
    scene.pool.retire(conn, scene.now, &mut scene.actions);
    scene.release(conn);
    assert_eq!(scene.dropped(), [Dropped::TooOld]);
}

#[test]
fn each_connection_ages_by_itself() {
    let mut scene = aging(10);
    let mut open = Vec::new();
    for request in 0..3 {
        open.push(scene.open("a", request));
        scene.pass(AGE / 4);
    }
    scene.close(open[1]);
    scene.release(open[2]);
    scene.release(open[0]);
    scene.pass(AGE / 4);
    scene.expire();
    assert_eq!(scene.dropped(), [Dropped::TooOld]);
    assert_eq!(scene.pool.next_deadline(), Some(scene.now + AGE / 2));
    assert_eq!(scene.start("a", 9), open[2]);
}

#[test]
fn with_an_age_of_zero_each_connection_serves_what_it_was_opened_for() {
    let limits = Limits { max_connection_age: Some(Duration::ZERO), ..Limits::default() };
    let mut scene = Scene::with_limits(limits);
    for request in 1..4 {
        let conn = scene.open("a", request);
        scene.release(conn);
        assert_eq!(scene.dropped(), [Dropped::TooOld]);
    }
}

#[test]
fn without_a_limit_a_connection_gets_as_old_as_it_may() {
    let mut scene = Scene::with_limits(Limits { keepalive_expiry: None, ..Limits::default() });
    let conn = scene.open("a", 1);
    scene.pass(LONG);
    scene.release(conn);
    assert_eq!((scene.start("a", 2), scene.pool.next_deadline()), (conn, None));
}

/// Retiring is the whole of the work: it is done once for each connection, however many are too old.
#[test]
fn a_request_looks_at_no_connection_that_is_too_old_already() {
    let mut scene = aging(1000);
    for request in 0..500 {
        scene.open("a", request);
    }
    scene.pass(AGE);
    scene.expire();
    let before = list::VISITS.get();
    let conn = scene.open("b", 1000);
    scene.release(conn);
    assert_eq!(scene.start("b", 1001), conn);
    let visits = list::VISITS.get() - before;
    assert!(visits < 60, "{visits} looks at slots");
}
