//! Connections that could not be opened: which requests fail with them.

use super::*;

const SHORT: Option<Duration> = Some(Duration::from_secs(1));

#[test]
fn the_request_that_a_connection_was_opened_for_fails_with_it() {
    let mut scene = Scene::new(10);
    scene.queue("a", 1);
    let first = scene.connecting("a");
    scene.wish.connect_limit = SHORT;
    scene.queue("a", 2);
    let second = scene.connecting("a");
    // The second timed out early, as it was told to; the first has all the time it wants.
    assert_eq!(scene.failed(second), [2]);
    assert!(scene.is_quiet());
    scene.connected(first);
    assert_eq!(scene.started(), [(first, 1)]);
}

#[test]
fn an_attempt_carries_the_limit_and_lane_of_its_request() {
    let mut scene = Scene::new(10);
    scene.wish.connect_limit = SHORT;
    scene.wish.lane = Lane::Detached;
    scene.queue("a", 1);
    assert!(matches!(scene.take()[..], [Action::Connect { limit: SHORT, lane: Lane::Detached, .. }]));
}

#[test]
fn nobody_fails_with_an_attempt_whose_request_was_served_elsewhere() {
    let mut scene = Scene::new(10);
    let busy = scene.open("a", 1);
    scene.queue("a", 2);
    let attempt = scene.connecting("a");
    scene.release(busy);
    assert_eq!(scene.started(), [(busy, 2)]);
    assert!(scene.failed(attempt).is_empty());
    assert_eq!(scene.pool.connection_count(), 1);
}

#[test]
fn a_request_that_relied_on_a_failed_attempt_of_another_gets_its_own() {
    let mut scene = Scene::new(10);
    let busy = scene.open("a", 1);
    scene.queue("a", 2);
    let attempt = scene.connecting("a");
    scene.release(busy);
    scene.queue("a", 3);
    assert_eq!(scene.started(), [(busy, 2)]);
    assert!(scene.failed(attempt).is_empty());
    let own = scene.connecting("a");
    assert_eq!(scene.failed(own), [3]);
    assert!(scene.is_quiet());
}

#[test]
fn all_requests_fail_with_the_attempt_that_was_made_for_all() {
    let mut scene = Scene::sharing(10);
    scene.queue_all("a", 0..4);
    let attempt = scene.connecting("a");
    assert_eq!(scene.failed(attempt), [0, 1, 2, 3]);
    assert!(scene.is_quiet());
    assert_eq!((scene.pool.connection_count(), scene.pool.origins.len()), (0, 0));
}

#[test]
fn a_shared_attempt_does_not_fail_requests_that_allow_more_time() {
    let mut scene = Scene::sharing(10);
    scene.wish.connect_limit = SHORT;
    scene.queue("a", 0);
    let attempt = scene.connecting("a");
    scene.wish.connect_limit = None;
    scene.queue("a", 1);
    scene.wish.connect_limit = SHORT;
    scene.queue("a", 2);
    assert_eq!(scene.failed(attempt), [0, 2]);
    assert!(matches!(scene.take()[..], [Action::Connect { limit: None, .. }]));
}

#[test]
fn requests_that_an_open_connection_can_serve_outlive_a_failed_attempt() {
    let mut scene = Scene::sharing(10);
    let full = scene.open_http2("a", 0, 1);
    scene.queue("a", 1);
    let attempt = scene.connecting("a");
    scene.queue("a", 2);
    assert_eq!(scene.failed(attempt), [1]);
    scene.connecting("a");
    scene.release(full);
    assert_eq!(scene.started(), [(full, 2)]);
}

#[test]
fn a_failed_attempt_makes_room_for_another_origin() {
    let mut scene = Scene::new(1);
    scene.queue("a", 1);
    let attempt = scene.connecting("a");
    scene.queue("b", 2);
    assert_eq!(scene.failed(attempt), [1]);
    scene.connecting("b");
}
