//! HTTP/2: many requests on one connection.

use super::*;

#[test]
fn one_attempt_is_made_while_it_may_be_shared() {
    let mut scene = Scene::sharing(10);
    scene.queue_all("a", 0..5);
    let conn = scene.connecting("a");
    scene.connected_as(conn, Opened::Http2 { max_streams: 100 });
    assert_eq!(scene.started(), [(conn, 0), (conn, 1), (conn, 2), (conn, 3), (conn, 4)]);
    assert_eq!(scene.start("a", 5), conn);
    assert_eq!(scene.states(), [State::Active(6)]);
}

#[test]
fn a_shared_attempt_that_turns_out_to_be_http1_is_followed_by_others() {
    let mut scene = Scene::sharing(3);
    scene.queue_all("a", 0..5);
    let conn = scene.connecting("a");
    scene.connected_as(conn, Opened::Http1(Lane::Attached));
    assert!(matches!(
        scene.take()[..],
        [Action::Start { request: 0, .. }, Action::Connect { .. }, Action::Connect { .. }]
    ));
}

#[test]
fn another_connection_is_opened_when_all_streams_are_taken() {
    let mut scene = Scene::sharing(10);
    let first = scene.open_http2("a", 0, 2);
    assert_eq!(scene.start("a", 1), first);
    scene.queue("a", 2);
    let second = scene.connecting("a");
    scene.queue("a", 3);
    assert!(scene.is_quiet());
    scene.release(first);
    assert_eq!(scene.started(), [(first, 2)]);
    scene.connected_as(second, Opened::Http2 { max_streams: 2 });
    assert_eq!(scene.started(), [(second, 3)]);
}

#[test]
fn a_connection_idles_when_its_last_stream_is_over() {
    let mut scene = Scene::sharing(1);
    let conn = scene.open_http2("a", 0, 5);
    scene.start("a", 1);
    scene.release(conn);
    assert_eq!(scene.states(), [State::Active(1)]);
    scene.release(conn);
    assert_eq!(scene.states(), [State::Idle(scene.now)]);
    scene.queue("b", 2);
    assert!(matches!(scene.take()[..], [Action::Close { .. }, Action::Connect { key: "b", .. }]));
}

#[test]
fn raising_the_limit_starts_waiting_requests() {
    let mut scene = Scene::sharing(1);
    let conn = scene.open_http2("a", 0, 1);
    scene.queue_all("a", 1..4);
    scene.pool.set_max_streams(conn, 3, scene.now, &mut scene.actions);
    assert_eq!(scene.started(), [(conn, 1), (conn, 2)]);
}

#[test]
fn lowering_the_limit_below_what_runs_starts_nothing_until_enough_is_over() {
    let mut scene = Scene::sharing(1);
    let conn = scene.open_http2("a", 0, 3);
    scene.start("a", 1);
    scene.start("a", 2);
    scene.pool.set_max_streams(conn, 1, scene.now, &mut scene.actions);
    scene.queue("a", 3);
    scene.release(conn);
    scene.release(conn);
    assert!(scene.is_quiet());
    scene.release(conn);
    assert_eq!(scene.started(), [(conn, 3)]);
}

#[test]
fn a_peer_that_allows_no_stream_is_not_asked_by_another_connection() {
    let mut scene = Scene::sharing(10);
    scene.wish.deadline = Some(scene.now + Duration::from_secs(5));
    scene.queue("a", 0);
    let conn = scene.connecting("a");
    scene.connected_as(conn, Opened::Http2 { max_streams: 0 });
    scene.queue("a", 1);
    assert!(scene.is_quiet());
    scene.pool.set_max_streams(conn, 1, scene.now, &mut scene.actions);
    // Now the limit is not zero, so that a second connection has a chance.
    assert!(matches!(scene.take()[..], [Action::Start { request: 0, .. }, Action::Connect { .. }]));
}

#[test]
fn waiting_for_a_peer_that_allows_no_stream_obeys_the_deadline_and_then_closes() {
    let limits = Limits { max_keepalive_connections: Some(0), ..Limits::default() };
    let mut scene = Scene::with_limits(limits);
    scene.wish.may_share = true;
    scene.wish.deadline = Some(scene.now + Duration::from_secs(5));
    scene.queue("a", 0);
    let conn = scene.connecting("a");
    scene.connected_as(conn, Opened::Http2 { max_streams: 0 });
    assert!(scene.is_quiet());
    scene.pass(Duration::from_secs(5));
    assert_eq!(scene.expire(), [0]);
    assert_eq!(scene.dropped(), [Dropped::Retired]);
    assert_eq!((scene.pool.connection_count(), scene.pool.origins.len()), (0, 0));
}

#[test]
fn a_limit_that_falls_to_zero_and_rises_again_goes_on() {
    let mut scene = Scene::sharing(10);
    let conn = scene.open_http2("a", 0, 5);
    scene.pool.set_max_streams(conn, 0, scene.now, &mut scene.actions);
    scene.queue("a", 1);
    scene.release(conn);
    assert!(scene.is_quiet());
    scene.pool.set_max_streams(conn, 5, scene.now, &mut scene.actions);
    assert_eq!(scene.started(), [(conn, 1)]);
}

#[test]
fn a_retired_connection_ends_what_it_serves_and_takes_no_more() {
    let mut scene = Scene::sharing(10);
    let conn = scene.open_http2("a", 0, 5);
    scene.start("a", 1);
    scene.pool.retire(conn, scene.now, &mut scene.actions);
    scene.queue("a", 2);
    let next = scene.connecting("a");
    // A change of settings does not bring it back.
    scene.pool.set_max_streams(conn, 9, scene.now, &mut scene.actions);
    scene.release(conn);
    assert!(scene.is_quiet());
    scene.release(conn);
    assert_eq!(scene.dropped(), [Dropped::Retired]);
    scene.connected_as(next, Opened::Http2 { max_streams: 5 });
    assert_eq!(scene.started(), [(next, 2)]);
}

#[test]
fn an_idle_connection_that_retires_is_closed() {
    let mut scene = Scene::sharing(10);
    let conn = scene.open_http2("a", 0, 5);
    scene.release(conn);
    scene.pool.retire(conn, scene.now, &mut scene.actions);
    assert_eq!(scene.dropped(), [Dropped::Retired]);
    assert_eq!(scene.pool.connection_count(), 0);
}

#[test]
fn a_stream_that_ends_its_connection_keeps_the_others() {
    let mut scene = Scene::sharing(10);
    let conn = scene.open_http2("a", 0, 5);
    scene.start("a", 1);
    scene.pool.released(conn, None, false, scene.now, &mut scene.actions);
    assert_eq!(scene.states(), [State::Active(1)]);
    scene.queue("a", 2);
    scene.connecting("a");
}

#[test]
fn waiting_requests_get_a_new_connection_when_theirs_dies() {
    let mut scene = Scene::sharing(1);
    let conn = scene.open_http2("a", 0, 1);
    scene.queue("a", 1);
    assert!(scene.is_quiet());
    scene.close(conn);
    scene.connecting("a");
}
