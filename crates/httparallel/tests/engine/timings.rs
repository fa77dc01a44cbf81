//! How long the parts of a request took, and over which connection it went.

use std::time::{Duration, Instant};

use httparallel::{
    Block, Config, Engine, Limits, Policy, Protocols, Proxies, Proxy, Settings, Timeouts, Timings, Verify,
};
use httparallel_testserver::{Script, TestServer};

use crate::common::{
    Answer, DRIVERS, Driver, eventually, finish, get, h2c, limited, millis, play, play_each, post, read_body,
    send, send_with, server, settings, streaming, wait, with_header, within,
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const PAUSE: Duration = Duration::from_millis(40);

fn timings(answer: &Answer) -> Timings {
    answer.operation.timings()
}

/// Those that are known.
fn sum(timings: &Timings) -> Duration {
    let Timings { queue, dns, connect, tls, send, wait, receive, .. } = *timings;
    [queue, dns, connect, tls, send, wait, receive].into_iter().flatten().sum()
}

/// The server's pause begins with the last byte it gets, which may be before we know that it was taken.
fn answered_after(timings: &Timings) -> Duration {
    timings.send.unwrap() + timings.wait.unwrap()
}

fn trusting(server: &TestServer, http2: bool) -> Config {
    let verify = Verify::Roots(server.ca_pem().into_bytes());
    Config { verify, protocols: Protocols { http1: true, http2 }, ..Config::default() }
}

#[test]
fn the_parts_add_up_to_the_whole() {
    let server = server();
    let cases = [
        (Config::default(), server.http_url()),
        (h2c(), server.http_url()),
        (trusting(&server, false), server.https_url()),
        (trusting(&server, true), server.https_url()),
    ];
    for (config, url) in cases {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            for _ in 0..3 {
                let answer = send(&engine, get(&format!("{url}/bytes/300000")), driver).unwrap();
                let timings = timings(&answer);
                assert_eq!(Some(sum(&timings)), timings.total, "{timings:?}");
                assert_eq!(timings.attempts, 1);
                assert!(timings.total.unwrap() <= answer.operation.elapsed());
            }
        }
    }
}

#[test]
fn a_connection_is_opened_once_and_has_a_number() {
    let server = server();
    let secure = trusting(&server, true);
    for (config, url) in [(Config::default(), server.http_url()), (secure, server.https_url())] {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            let first = timings(&send(&engine, get(&url), driver).unwrap());
            assert!(first.dns.is_some() && first.connect.is_some() && !first.reused, "{first:?}");
            assert_eq!(first.tls.is_some(), url.starts_with("https"), "{first:?}");
            let second = timings(&send(&engine, get(&url), driver).unwrap());
            assert_eq!((second.dns, second.connect, second.tls), (None, None, None));
            assert!(second.reused && first.connection.is_some());
            assert_eq!(first.connection, second.connection);
        }
    }
}

#[test]
fn connections_have_numbers_of_their_own() {
    let server = server();
    let engine = Engine::new(Config::default());
    let url = format!("{}/delay/40", server.http_url());
    let running: Vec<_> =
        (0..3).map(|_| engine.start(get(&url), settings(Driver::IoThread), None).unwrap()).collect();
    let mut numbers: Vec<_> =
        running.iter().map(|operation| timings(&finish(operation).unwrap()).connection.unwrap()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 3);
}

#[test]
fn a_server_that_takes_its_time_is_waited_for() {
    let server = server();
    for config in [Config::default(), h2c()] {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            let url = format!("{}/delay/{}", server.http_url(), PAUSE.as_millis());
            let timings = timings(&send(&engine, get(&url), driver).unwrap());
            assert!(answered_after(&timings) >= PAUSE, "{timings:?}");
        }
    }
}

#[test]
fn a_body_that_drips_is_received_for_as_long() {
    for driver in DRIVERS {
        let (head, body) = OK.split_at(OK.len() - 2);
        let server = play(Script::new().expect_request().send(head).wait("body").pause(PAUSE).send(body));
        let engine = Engine::new(Config::default());
        let operation = engine.start(get(&server.url()), streaming(driver), None).unwrap();
        wait(&operation);
        let early = operation.timings();
        assert!(early.wait.is_some(), "{early:?}");
        assert_eq!((early.receive, early.total), (None, None));
        server.signal("body");
        assert_eq!(read_body(&operation).unwrap(), "ok");
        let late = operation.timings();
        assert!(late.receive.unwrap() >= PAUSE, "{late:?}");
        assert_eq!((late.wait, late.total), (early.wait, Some(sum(&late))));
    }
}

#[test]
fn interim_responses_are_not_what_is_waited_for() {
    let early_hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    for driver in DRIVERS {
        let server = play(Script::new().expect_request().send(early_hints).pause(PAUSE).send(OK).forever());
        let engine = Engine::new(Config::default());
        let timings = timings(&send(&engine, get(&server.url()), driver).unwrap());
        assert!(answered_after(&timings) >= PAUSE, "{timings:?}");
    }
}

#[test]
fn waiting_for_another_request_s_connection_is_queueing() {
    let server = server();
    for driver in DRIVERS {
        let engine = Engine::new(limited(1));
        let url = format!("{}/delay/{}", server.http_url(), PAUSE.as_millis());
        let before = Instant::now();
        let first = engine.start(get(&url), settings(Driver::IoThread), None).unwrap();
        let second = engine.start(get(&url), settings(driver), None).unwrap();
        let between = before.elapsed();
        let timings = timings(&finish(&second).unwrap());
        assert!(timings.queue.unwrap() + between >= PAUSE, "{timings:?}");
        assert!(timings.reused && timings.connect.is_none());
        finish(&first).unwrap();
    }
}

#[test]
fn a_block_s_request_waits_for_its_turn_without_being_timed() {
    let server = server();
    let engine = Engine::new(Config::default());
    let url = format!("{}/delay/{}", server.http_url(), PAUSE.as_millis());
    let started = Instant::now();
    let block = Block::new(&engine, Some(1)).unwrap();
    let operations: Vec<_> =
        (0..2).map(|_| block.submit(get(&url), Settings::default(), None).unwrap().1).collect();
    let timings = operations.iter().map(|operation| timings(&finish(operation).unwrap()));
    let totals: Duration = timings.map(|timings| timings.total.unwrap()).sum();
    assert!(totals <= started.elapsed(), "{totals:?}");
}

#[test]
fn requests_that_share_a_new_connection_count_its_opening_once() {
    let server = server();
    for (config, url) in [(h2c(), server.http_url()), (trusting(&server, true), server.https_url())] {
        let engine = Engine::new(config);
        let running: Vec<_> =
            (0..20).map(|_| engine.start(get(&url), settings(Driver::IoThread), None).unwrap()).collect();
        let timings: Vec<_> = running.iter().map(|operation| timings(&finish(operation).unwrap())).collect();
        assert_eq!(timings.iter().filter(|timings| !timings.reused).count(), 1);
        assert_eq!(timings.iter().filter(|timings| timings.connect.is_some()).count(), 1);
        assert!(timings.iter().all(|one| one.connection == timings[0].connection));
        assert!(timings.iter().all(|one| Some(sum(one)) == one.total));
    }
}

#[test]
fn each_redirect_has_its_own() {
    let server = server();
    let policy = Policy { follow_redirects: true, ..Policy::default() };
    for config in [Config::default(), h2c()] {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            let url = format!("{}/redirect/2", server.http_url());
            let answer =
                send_with(&engine, get(&url), Settings { policy: policy.clone(), ..settings(driver) })
                    .unwrap();
            let mut all: Vec<_> =
                answer.operation.take_history().iter().map(|hop| hop.course.timings()).collect();
            all.push(timings(&answer));
            assert_eq!(all.len(), 3);
            assert_eq!(all.iter().map(|hop| hop.reused).collect::<Vec<_>>(), [false, true, true]);
            assert!(all.iter().all(|hop| Some(sum(hop)) == hop.total && hop.attempts == 1), "{all:?}");
            let totals: Duration = all.iter().map(|hop| hop.total.unwrap()).sum();
            assert!(totals <= answer.operation.elapsed());
        }
    }
}

#[test]
fn a_request_that_was_sent_again_says_so() {
    for driver in DRIVERS {
        let stale = Script::new().expect_request().send(OK).expect_request().pause(PAUSE).close();
        let server = play_each(vec![stale, Script::new().expect_request().send(OK).forever()]);
        let engine = Engine::new(Config::default());
        let first = timings(&send(&engine, get(&server.url()), driver).unwrap());
        let again = timings(&send(&engine, get(&server.url()), driver).unwrap());
        assert_eq!((first.attempts, again.attempts), (1, 2));
        assert!(!again.reused && again.connection != first.connection, "{again:?}");
        // The parts are those of the last attempt, the whole is that of both.
        assert!(sum(&again) + PAUSE <= again.total.unwrap(), "{again:?}");
    }
}

#[test]
fn a_request_that_found_its_connection_closed_was_sent_once() {
    for driver in DRIVERS {
        let closing = Script::new().expect_request().send(OK).close();
        let server = play_each(vec![closing, Script::new().expect_request().send(OK).forever()]);
        let engine = Engine::new(Config::default());
        send(&engine, get(&server.url()), driver).unwrap();
        assert!(server.wait_finished(crate::common::LIMIT, 1));
        let timings = timings(&send(&engine, get(&server.url()), driver).unwrap());
        assert_eq!((timings.attempts, timings.reused, timings.total), (1, false, Some(sum(&timings))));
    }
}

#[test]
fn a_refused_stream_counts_as_sent() {
    let server = server();
    let engine = Engine::new(h2c());
    let url = format!("{}/refuse-first?token=timings", server.http_url());
    let timings = timings(&send(&engine, get(&url), Driver::IoThread).unwrap());
    assert_eq!(timings.attempts, 2, "{timings:?}");
}

#[test]
fn the_way_through_a_proxy_is_connecting() {
    for driver in DRIVERS {
        let server = server();
        let proxy = Proxy::new(&server.proxy_url()).unwrap().with_credentials("proxy", "secret").unwrap();
        let config = Config { proxies: Proxies::all(proxy), ..trusting(&server, false) };
        let engine = Engine::new(config);
        let tunnelled = timings(&send(&engine, get(&server.https_url()), driver).unwrap());
        assert!(tunnelled.connect.is_some() && tunnelled.tls.is_some(), "{tunnelled:?}");
        let forwarded = timings(&send(&engine, get(&server.http_url()), driver).unwrap());
        assert!(forwarded.connect.is_some() && forwarded.tls.is_none(), "{forwarded:?}");

        let answer = "HTTP/1.1 200 OK\r\n\r\n";
        let slow = play(Script::new().expect_head().pause(PAUSE).send(answer).expect_request().send(OK));
        let proxies = Proxies::all(Proxy::new(&slow.url()).unwrap());
        let protocols = Protocols { http1: false, http2: true };
        let engine = Engine::new(Config { proxies, protocols, ..Config::default() });
        // What it tunnels to speaks no HTTP/2, but the tunnel is there when that turns out.
        let operation = engine.start(get("http://example.test/"), settings(driver), None).unwrap();
        finish(&operation).unwrap_err();
        assert!(operation.timings().connect.unwrap() >= PAUSE, "{:?}", operation.timings());
    }
}

#[test]
fn a_response_that_comes_early_ends_the_sending() {
    let server = server();
    for driver in DRIVERS {
        let engine = Engine::new(Config::default());
        let url = format!("{}/early-413", server.http_url());
        let answer = send(&engine, post(&url, vec![b'x'; 32 << 20]), driver).unwrap();
        let timings = timings(&answer);
        assert_eq!((answer.status(), timings.wait), (413, Some(Duration::ZERO)), "{timings:?}");
        assert_eq!(timings.total, Some(sum(&timings)));
    }
}

#[test]
fn a_request_that_fails_tells_how_far_it_got() {
    let server = server();
    for config in [Config::default(), h2c()] {
        for driver in DRIVERS {
            let engine = Engine::new(config.clone());
            let timeouts = Timeouts { read: Some(PAUSE), ..Timeouts::default() };
            let hang = get(&format!("{}/hang", server.http_url()));
            let operation = engine.start(hang, within(driver, timeouts), None).unwrap();
            finish(&operation).unwrap_err();
            let timings = operation.timings();
            assert!(timings.queue.is_some() && timings.connect.is_some(), "{timings:?}");
            assert_eq!((timings.wait, timings.receive), (None, None));
            assert!(timings.total.unwrap() >= PAUSE && timings.connection.is_some(), "{timings:?}");
        }
    }
}

#[test]
fn a_connection_that_is_too_old_serves_no_more() {
    let server = server();
    for config in [Config::default(), h2c()] {
        for driver in DRIVERS {
            let limits = Limits { max_connection_age: Some(Duration::ZERO), ..Limits::default() };
            let engine = Engine::new(Config { limits, ..config.clone() });
            for _ in 0..3 {
                let timings = timings(&send(&engine, get(&server.http_url()), driver).unwrap());
                assert!(!timings.reused, "{timings:?}");
            }
            eventually("all are closed", || engine.connections().is_empty());
            let too_old = httparallel::pool::Closed::Dropped(httparallel::pool::Dropped::TooOld);
            assert_eq!(engine.closings(), [(too_old, 3)]);
        }
    }
}

#[test]
fn a_connection_that_gets_too_old_while_it_idles_is_closed() {
    let server = server();
    for driver in DRIVERS {
        let limits =
            Limits { max_connection_age: Some(millis(30)), keepalive_expiry: None, ..Limits::default() };
        let engine = Engine::new(Config { limits, ..Config::default() });
        send(&engine, get(&server.http_url()), driver).unwrap();
        eventually("it is closed", || engine.connections().is_empty());
        eventually("the server sees it", || server.stats().connections_open == 0);
    }
}

#[test]
fn streams_of_a_connection_that_is_too_old_are_brought_to_their_end() {
    let server = server();
    let limits = Limits { max_connection_age: Some(millis(30)), ..Limits::default() };
    let engine = Engine::new(Config { limits, ..h2c() });
    let url = |delay| get(&format!("{}/delay/{delay}", server.http_url()));
    let slow: Vec<_> = [150, 200]
        .into_iter()
        .map(|delay| engine.start(url(delay), settings(Driver::IoThread), None).unwrap())
        .collect();
    eventually("they are on their way", || server.stats().requests == 2);
    send(&engine, url(40), Driver::IoThread).unwrap();
    let young = timings(&send(&engine, url(0), Driver::IoThread).unwrap());
    let old: Vec<_> = slow.iter().map(|operation| timings(&finish(operation).unwrap())).collect();
    assert_eq!(old[0].connection, old[1].connection);
    assert!(!young.reused && young.connection != old[0].connection, "{young:?}");
}

#[test]
fn permission_to_go_on_is_part_of_sending() {
    let go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    for driver in DRIVERS {
        let script = Script::new().expect_head().pause(PAUSE).send(go_on).expect_bytes(4).send(OK);
        let server = play(script.forever());
        let engine = Engine::new(Config::default());
        let request = with_header(post(&server.url(), "body"), "Expect", "100-continue");
        let timings = timings(&send(&engine, request, driver).unwrap());
        assert!(timings.send.unwrap() >= PAUSE, "{timings:?}");
    }
}
