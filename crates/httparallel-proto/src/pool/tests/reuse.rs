//! Which idle connection a request gets, and what becomes of ids that are out of date.

use super::*;

#[test]
fn a_request_takes_the_connection_that_idled_shortest() {
    let mut scene = Scene::new(10);
    let (older, newer) = (scene.open("a", 1), scene.open("a", 2));
    scene.release(older);
    scene.release(newer);
    assert_eq!(scene.start("a", 3), newer);
    assert_eq!(scene.start("a", 4), older);
    assert!(scene.is_quiet());
}

#[test]
fn a_request_never_gets_a_connection_of_another_origin() {
    let mut scene = Scene::new(10);
    let conn = scene.open("a", 1);
    scene.release(conn);
    scene.queue("b", 2);
    assert_ne!(scene.connecting("b"), conn);
}

#[test]
fn a_request_prefers_its_own_lane_and_takes_the_other_rather_than_connect() {
    let mut scene = Scene::new(10);
    let attached = scene.open("a", 1);
    scene.wish.lane = Lane::Detached;
    let detached = scene.open("a", 2);
    scene.release(attached);
    scene.pool.released(detached, Some(7), true, scene.now, &mut scene.actions);
    scene.wish.lane = Lane::Attached;
    assert_eq!(scene.start("a", 3), attached);
    assert_eq!(scene.start("a", 4), detached);
    assert!(scene.is_quiet());
}

#[test]
fn a_detached_handle_is_lent_and_an_attached_one_is_shared() {
    let mut scene = Scene::new(10);
    scene.wish.lane = Lane::Detached;
    let conn = scene.open("a", 1);
    // The handle is out, so whoever closes the connection finds none in the pool.
    assert_eq!(scene.pool.closed(conn, &mut scene.actions), None);
    scene.wish.lane = Lane::Attached;
    let conn = scene.open("a", 2);
    assert_eq!(scene.pool.closed(conn, &mut scene.actions), Some(scene.handles));
}

#[test]
fn a_connection_that_changed_its_lane_idles_in_the_new_one() {
    let mut scene = Scene::new(10);
    scene.wish.lane = Lane::Detached;
    let conn = scene.open("a", 1);
    assert!(scene.pool.replace(conn, 70, Lane::Attached));
    scene.release(conn);
    scene.wish.lane = Lane::Attached;
    assert_eq!(scene.request("a", 2), Assignment::Start { conn, handle: 70, request: 2 });
}

#[test]
fn a_released_connection_serves_the_next_waiting_request() {
    let mut scene = Scene::new(1);
    let conn = scene.open("a", 1);
    scene.queue("a", 2);
    scene.queue("a", 3);
    assert!(scene.is_quiet());
    scene.release(conn);
    assert_eq!(scene.started(), [(conn, 2)]);
    scene.release(conn);
    assert_eq!(scene.started(), [(conn, 3)]);
}

#[test]
fn a_connection_that_cannot_be_reused_makes_room() {
    let mut scene = Scene::new(1);
    let conn = scene.open("a", 1);
    scene.queue("b", 2);
    let handle = scene.pool.released(conn, None, false, scene.now, &mut scene.actions);
    assert_eq!(handle, Some(1));
    scene.connecting("b");
}

#[test]
fn a_request_is_served_by_whichever_connection_is_free_first() {
    let mut scene = Scene::new(10);
    let busy = scene.open("a", 1);
    scene.queue("a", 2);
    let attempt = scene.connecting("a");
    scene.release(busy);
    assert_eq!(scene.started(), [(busy, 2)]);
    scene.connected(attempt);
    assert!(scene.is_quiet());
    assert_eq!(scene.start("a", 3), attempt);
}

#[test]
fn ids_of_connections_that_are_gone_do_nothing() {
    let mut scene = Scene::new(10);
    let gone = scene.open("a", 1);
    scene.close(gone);
    let present = scene.open("a", 2);
    assert_eq!(scene.pool.released(gone, Some(9), true, scene.now, &mut scene.actions), Some(9));
    scene.close(gone);
    assert!(!scene.pool.replace(gone, 9, Lane::Detached));
    scene.pool.retire(gone, scene.now, &mut scene.actions);
    scene.pool.set_max_streams(gone, 5, scene.now, &mut scene.actions);
    assert!(scene.failed(gone).is_empty());
    scene.connected(gone);
    assert_eq!(scene.dropped(), [Dropped::Unwanted]);
    assert_eq!(scene.states(), [State::Active(1)]);
    scene.release(present);
    assert_eq!(scene.pool.connection_count(), 1);
}

#[test]
fn releasing_an_idle_connection_again_changes_nothing() {
    let mut scene = Scene::new(10);
    let conn = scene.open("a", 1);
    scene.release(conn);
    scene.release(conn);
    assert_eq!(scene.start("a", 2), conn);
    scene.queue("a", 3);
    scene.connecting("a");
}

#[test]
fn an_idle_connection_that_died_is_forgotten() {
    let mut scene = Scene::new(10);
    let conn = scene.open("a", 1);
    scene.release(conn);
    let handle = scene.pool.released(conn, None, false, scene.now, &mut scene.actions);
    assert_eq!((handle, scene.pool.connection_count()), (Some(1), 0));
    scene.queue("a", 2);
    scene.connecting("a");
}

#[test]
fn an_origin_is_forgotten_with_its_last_connection() {
    let mut scene = Scene::new(10);
    for key in ["a", "b", "c"] {
        let conn = scene.open(key, 1);
        scene.close(conn);
    }
    assert_eq!(scene.pool.origins.len(), 0);
}

#[test]
fn a_request_that_wants_a_fresh_connection_leaves_idle_ones_alone() {
    let mut scene = Scene::new(10);
    let idle = scene.open("a", 1);
    scene.release(idle);
    scene.wish.fresh = true;
    let fresh = scene.open("a", 2);
    assert_ne!(fresh, idle);
    scene.wish.fresh = false;
    assert_eq!(scene.start("a", 3), idle);
}

#[test]
fn a_request_that_wants_a_fresh_connection_is_not_given_a_released_one() {
    let mut scene = Scene::new(2);
    let busy = scene.open("a", 1);
    scene.wish.fresh = true;
    scene.queue("a", 2);
    let fresh = scene.connecting("a");
    scene.wish.fresh = false;
    scene.queue("a", 3);
    scene.release(busy);
    assert_eq!(scene.started(), [(busy, 3)]);
    scene.connected(fresh);
    assert_eq!(scene.started(), [(fresh, 2)]);
}

#[test]
fn a_request_that_wants_a_fresh_connection_may_start_on_http2() {
    let mut scene = Scene::sharing(2);
    let shared = scene.open_http2("a", 1, 10);
    scene.wish.fresh = true;
    assert_eq!(scene.start("a", 2), shared);
}

#[test]
fn an_idle_connection_makes_room_for_a_fresh_one_to_the_same_origin() {
    let mut scene = Scene::new(1);
    let idle = scene.open("a", 1);
    scene.release(idle);
    scene.wish.fresh = true;
    scene.queue("a", 2);
    let actions = scene.take();
    assert!(matches!(actions[0], Action::Close { why: Dropped::Evicted, .. }), "{actions:?}");
    assert!(matches!(actions[1], Action::Connect { key: "a", .. }), "{actions:?}");
}

#[test]
fn requests_that_take_any_connection_do_not_pass_one_that_wants_a_fresh_one_for_ever() {
    let mut scene = Scene::new(1);
    let conn = scene.open("a", 1);
    scene.wish.fresh = true;
    scene.queue("a", 2);
    scene.wish.fresh = false;
    for request in 3.. {
        scene.queue("a", request);
        scene.release(conn);
        let actions = scene.take();
        if let [Action::Close { .. }, Action::Connect { conn: fresh, .. }] = actions[..] {
            scene.connected(fresh);
            assert_eq!(scene.started(), [(fresh, 2)]);
            return;
        }
        assert!(matches!(actions[..], [Action::Start { .. }]), "{actions:?}");
        assert!(request < 30, "passed over for ever");
    }
}
