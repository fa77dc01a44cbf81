//! Connections: how many, which one, for how long.

use std::time::Duration;

use httparallel::{Config, Engine, Kind, Limits, Phase};

use crate::common::{
    DRIVERS, Driver, assert_fails, count, engine, eventually, finish, get, limited, millis, send, server,
    settings,
};

#[test]
fn requests_one_after_another_share_a_connection() {
    let server = server();
    for driver in DRIVERS {
        server.reset_stats();
        let engine = engine();
        for _ in 0..100 {
            send(&engine, get(&server.http_url()), driver).unwrap();
        }
        assert_eq!(server.stats().connections_opened, 1);
        assert_eq!(engine.connections()[0].requests, 100);
    }
}

#[test]
fn both_drivers_share_a_connection() {
    let server = server();
    let engine = engine();
    for round in 0..50 {
        send(&engine, get(&server.http_url()), DRIVERS[round % 2]).unwrap();
    }
    assert_eq!(server.stats().connections_opened, 1);
}

#[test]
fn max_connections_is_never_exceeded() {
    let server = server();
    let engine = Engine::new(limited(3));
    let url = format!("{}/delay/5", server.http_url());
    let running: Vec<_> =
        (0..60).map(|_| engine.start(get(&url), settings(Driver::IoThread), None).unwrap()).collect();
    for operation in &running {
        assert_eq!(finish(operation).unwrap().status(), 200);
    }
    let stats = server.stats();
    assert_eq!((stats.connections_opened, stats.requests_peak), (3, 3));
}

#[test]
fn connections_that_idle_too_long_are_closed() {
    let server = server();
    for driver in DRIVERS {
        let limits = Limits { keepalive_expiry: Some(millis(50)), ..Limits::default() };
        let engine = Engine::new(Config { limits, ..Config::default() });
        send(&engine, get(&server.http_url()), driver).unwrap();
        assert_eq!(count(&engine, "IDLE"), 1);
        eventually("the idle connection is closed", || engine.connections().is_empty());
        eventually("the server sees it", || server.stats().connections_open == 0);
    }
}

#[test]
fn connections_are_not_kept_if_none_may_idle() {
    let server = server();
    for limits in [
        Limits { keepalive_expiry: Some(Duration::ZERO), ..Limits::default() },
        Limits { max_keepalive_connections: Some(0), ..Limits::default() },
    ] {
        for driver in DRIVERS {
            server.reset_stats();
            let engine = Engine::new(Config { limits, ..Config::default() });
            for _ in 0..3 {
                send(&engine, get(&server.http_url()), driver).unwrap();
                assert!(engine.connections().is_empty());
            }
            assert_eq!(server.stats().connections_opened, 3);
        }
    }
}

#[test]
fn an_idle_connection_makes_room_for_another_origin() {
    let (first, second) = (server(), server());
    for driver in DRIVERS {
        let engine = Engine::new(limited(1));
        for _ in 0..3 {
            for server in [&first, &second] {
                assert_eq!(send(&engine, get(&server.http_url()), driver).unwrap().status(), 200);
                assert_eq!(engine.connections().len(), 1);
            }
        }
    }
}

#[test]
fn two_origins_take_turns_on_one_connection() {
    let (first, second) = (server(), server());
    let engine = Engine::new(limited(1));
    let running: Vec<_> = (0..100)
        .map(|number| {
            let server = if number % 2 == 0 { &first } else { &second };
            engine.start(get(&server.http_url()), settings(DRIVERS[1]), None).unwrap()
        })
        .collect();
    for operation in &running {
        assert_eq!(finish(operation).unwrap().status(), 200);
    }
}

#[test]
fn many_threads_share_one_engine() {
    let server = server();
    let engine = Engine::new(limited(8));
    std::thread::scope(|scope| {
        for thread in 0..32 {
            let (engine, server) = (&engine, &server);
            scope.spawn(move || {
                for round in 0..30 {
                    let length = thread * 100 + round;
                    let url = format!("{}/bytes/{length}", server.http_url());
                    let answer = send(engine, get(&url), DRIVERS[(thread + round) % 2]).unwrap();
                    assert_eq!(answer.body.len(), length);
                }
            });
        }
    });
    assert_eq!(count(&engine, "ACTIVE"), 0);
    assert!(server.stats().connections_opened <= 8, "{:?}", server.stats());
}

#[test]
fn a_dropped_engine_closes_its_connections() {
    let server = server();
    for driver in DRIVERS {
        send(&engine(), get(&server.http_url()), driver).unwrap();
        eventually("the server sees the end", || server.stats().connections_open == 0);
    }
}

#[test]
fn requests_that_race_with_the_close_of_their_client_end_and_leave_no_connection() {
    let server = server();
    for round in 0..40 {
        let engine = engine();
        send(&engine, get(&server.http_url()), Driver::IoThread).unwrap();
        std::thread::scope(|scope| {
            let (engine, server) = (&engine, &server);
            for driver in [Driver::IoThread, Driver::Caller, Driver::IoThread] {
                scope.spawn(move || while send(engine, get(&server.http_url()), driver).is_ok() {});
            }
            std::thread::sleep(Duration::from_micros(100 * (round % 10)));
            engine.close();
        });
        assert_fails(send(&engine, get(&server.http_url()), Driver::IoThread), Kind::Closed, Phase::Build);
        assert!(engine.connections().is_empty());
    }
}

#[test]
fn requests_leave_whether_or_not_anybody_waits_for_them() {
    let server = server();
    let engine = engine();
    let start = |path: &str| {
        engine.start(get(&format!("{}{path}", server.http_url())), settings(Driver::IoThread), None).unwrap()
    };
    // The connections that the others find.
    let first: Vec<_> = (0..30).map(|_| start("/delay/20")).collect();
    for operation in &first {
        assert_eq!(finish(operation).unwrap().status(), 200);
    }
    let hanging: Vec<_> = (0..30).map(|_| start("/hang")).collect();
    eventually("all are on their way", || server.stats().requests_active == 30);
    hanging.iter().for_each(httparallel::Operation::cancel);
    assert_eq!(count(&engine, "ACTIVE"), 0);
    assert_eq!(server.stats().connections_opened, 30);
}
