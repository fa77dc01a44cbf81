//! What requests wait for before they ask the pool: a place at their origin, and their time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use httparallel::{
    Block, Config, Engine, Kind, Pace, Phase, Policy, RateLimit, Retries, Retry, RetryBudget, Settings,
    Timeouts,
};
use httparallel_testserver::TestServer;

use crate::common::{
    DRIVERS, Driver, Random, assert_fails, eventually, finish, get, h2c, limited, millis, next, read_body,
    send_with, server, settings, streaming, wait, within,
};

fn per_host(most: usize, config: Config) -> Engine {
    Engine::new(Config { max_concurrency_per_host: Some(most), ..config })
}

fn paced(driver: Driver, pace: &Pace) -> Settings {
    Settings { pace: Some(pace.clone()), ..settings(driver) }
}

fn pace(requests: f64, burst: u32) -> Pace {
    Pace::new(RateLimit::per_second(requests).unwrap().with_burst(burst).unwrap())
}

/// No phase but the total may take long.
fn hasty(driver: Driver, total: Option<Duration>) -> Settings {
    within(driver, Timeouts { pool: Some(millis(1)), total, ..Timeouts::default() })
}

// Places.

#[test]
fn so_many_are_on_their_way_to_an_origin() {
    let server = server();
    for config in [Config::default(), h2c()] {
        let engine = per_host(3, config);
        server.reset_stats();
        let url = format!("{}/delay/5", server.http_url());
        let all: Vec<_> =
            (0..30).map(|_| engine.start(get(&url), hasty(Driver::IoThread, None), None).unwrap()).collect();
        for operation in &all {
            assert_eq!(finish(operation).unwrap().status(), 200);
        }
        assert!(server.stats().requests_peak <= 3, "{:?}", server.stats());
    }
}

#[test]
fn waiting_for_a_place_uses_up_no_pool_timeout_but_the_total_one() {
    let server = server();
    for driver in DRIVERS {
        let engine = per_host(1, Config::default());
        let url = format!("{}/delay/100", server.http_url());
        let first = engine.start(get(&url), settings(Driver::IoThread), None).unwrap();
        assert_eq!(send_with(&engine, get(&url), hasty(driver, None)).unwrap().status(), 200);
        assert_eq!(finish(&first).unwrap().status(), 200);

        let holding = engine.start(get(&url), settings(Driver::IoThread), None).unwrap();
        let outcome = send_with(&engine, get(&url), hasty(driver, Some(millis(20))));
        assert_fails(outcome, Kind::Timeout, Phase::Total);
        assert_eq!(finish(&holding).unwrap().status(), 200);
    }
}

#[test]
fn a_place_is_kept_until_the_body_has_ended() {
    let server = server();
    for config in [Config::default(), h2c()] {
        let engine = per_host(1, config);
        let long = format!("{}/bytes/3000000", server.http_url());
        let streamed = engine.start(get(&long), streaming(Driver::IoThread), None).unwrap();
        wait(&streamed);
        let small = engine.start(get(&server.http_url()), settings(Driver::IoThread), None).unwrap();
        assert!(!small.is_over());
        assert_eq!(read_body(&streamed).unwrap().len(), 3_000_000);
        assert_eq!(finish(&small).unwrap().status(), 200);

        let given_up = engine.start(get(&long), streaming(Driver::IoThread), None).unwrap();
        wait(&given_up);
        let small = engine.start(get(&server.http_url()), settings(Driver::IoThread), None).unwrap();
        given_up.cancel();
        assert_eq!(finish(&small).unwrap().status(), 200);
    }
}

#[test]
fn other_origins_go_on() {
    let (busy, other) = (server(), server());
    let engine = per_host(1, Config::default());
    let hanging = engine.start(get(&format!("{}/hang", busy.http_url())), settings(Driver::IoThread), None);
    let waiting = engine.start(get(&busy.http_url()), settings(Driver::IoThread), None).unwrap();
    for driver in DRIVERS {
        assert_eq!(send_with(&engine, get(&other.http_url()), settings(driver)).unwrap().status(), 200);
    }
    assert!(!waiting.is_over());
    hanging.unwrap().cancel();
    assert_eq!(finish(&waiting).unwrap().status(), 200);
}

#[test]
fn those_who_wait_at_an_origin_do_not_fill_a_block() {
    let (busy, other) = (server(), server());
    let engine = per_host(1, Config::default());
    let block = Block::new(&engine, Some(2)).unwrap();
    let hang = format!("{}/hang", busy.http_url());
    let hanging = block.submit(get(&hang), settings(Driver::IoThread), None).unwrap().1;
    for _ in 0..50 {
        block.submit(get(&busy.http_url()), settings(Driver::IoThread), None).unwrap();
    }
    for _ in 0..50 {
        block.submit(get(&other.http_url()), settings(Driver::IoThread), None).unwrap();
    }
    for _ in 0..50 {
        let number = next(&block).unwrap().number;
        assert!(number > 50, "{number}");
    }
    hanging.cancel();
    let mut rest: Vec<_> = std::iter::from_fn(|| next(&block)).map(|outcome| outcome.number).collect();
    rest.sort_unstable();
    assert_eq!(rest, (0..=50).collect::<Vec<_>>());
    assert_eq!((busy.stats().requests, other.stats().requests), (51, 50));
}

#[test]
fn a_block_keeps_both_limits() {
    let servers = [server(), server(), server()];
    let engine = per_host(2, Config::default());
    let block = Block::new(&engine, Some(4)).unwrap();
    for number in 0..90 {
        let url = format!("{}/delay/{}", servers[number % 3].http_url(), number % 4);
        block.submit(get(&url), hasty(Driver::IoThread, None), None).unwrap();
    }
    let mut delivered = 0;
    while let Some(outcome) = next(&block) {
        assert_eq!(finish(&outcome.operation).unwrap().status(), 200);
        let active = engine.connections().iter().filter(|each| each.state == "ACTIVE").count();
        assert!(active <= 4, "{active}");
        delivered += 1;
    }
    assert_eq!(delivered, 90);
    for server in servers {
        assert!(server.stats().requests_peak <= 2);
    }
}

#[test]
fn a_redirect_takes_a_place_where_it_leads() {
    let (from, to) = (server(), server());
    let engine = per_host(1, Config::default());
    let policy = Policy { follow_redirects: true, ..Policy::default() };
    let holding = engine.start(get(&format!("{}/hang", to.http_url())), settings(Driver::IoThread), None);
    let url = format!("{}/redirect-to?url={}/", from.http_url(), to.http_url());
    let redirected = Settings { policy: policy.clone(), ..settings(Driver::IoThread) };
    let led = engine.start(get(&url), redirected, None).unwrap();
    eventually("the first hop is over", || led.url().as_str().starts_with(&to.http_url()));
    assert!(!led.is_over());
    // The place at the first origin is free again.
    assert_eq!(send_with(&engine, get(&from.http_url()), settings(Driver::IoThread)).unwrap().status(), 200);
    led.cancel();
    holding.unwrap().cancel();
    for driver in DRIVERS {
        let redirected = Settings { policy: policy.clone(), ..settings(driver) };
        assert_eq!(send_with(&engine, get(&url), redirected).unwrap().status(), 200);
    }
}

#[test]
fn a_closed_client_fails_those_who_wait_for_a_place() {
    let server = server();
    let engine = per_host(1, Config::default());
    let hang = format!("{}/hang", server.http_url());
    let all: Vec<_> =
        (0..5).map(|_| engine.start(get(&hang), settings(Driver::IoThread), None).unwrap()).collect();
    engine.close();
    for operation in all {
        assert_fails(finish(&operation), Kind::Closed, Phase::Build);
    }
}

/// Whatever is cancelled, in whichever state, the places are free in the end.
#[test]
fn cancelled_requests_leave_their_places() {
    let server = server();
    let mut random = Random(7);
    for config in [limited(2), h2c()] {
        let engine = per_host(3, config);
        let pace = pace(5000.0, 3);
        let block = Block::new(&engine, Some(5)).unwrap();
        let mut running = Vec::new();
        for _ in 0..600 {
            let url = format!("{}/delay/{}", server.http_url(), random.below(4));
            let settings = paced(Driver::IoThread, &pace);
            let operation = match random.below(2) {
                0 => engine.start(get(&url), settings, None).unwrap(),
                _ => block.submit(get(&url), settings, None).unwrap().1,
            };
            running.push(operation);
            if random.below(2) == 0 {
                let chosen = usize::try_from(random.below(running.len() as u64)).unwrap();
                running.swap_remove(chosen).cancel();
            }
        }
        for operation in &running {
            assert_eq!(finish(operation).unwrap().status(), 200);
        }
        let block_is_over = std::iter::from_fn(|| next(&block)).count();
        assert!(block_is_over > 100);
        let last: Vec<_> = (0..9)
            .map(|_| engine.start(get(&server.http_url()), settings(Driver::IoThread), None).unwrap())
            .collect();
        for operation in last {
            assert_eq!(finish(&operation).unwrap().status(), 200);
        }
    }
}

// Time.

/// How long so many requests take, one after the other or all at once.
fn time_of(server: &TestServer, driver: Driver, pace: &Pace, requests: usize) -> Duration {
    let engine = Engine::new(Config::default());
    let started = Instant::now();
    let url = server.http_url();
    if driver == Driver::Caller {
        for _ in 0..requests {
            assert_eq!(send_with(&engine, get(&url), paced(driver, pace)).unwrap().status(), 200);
        }
    } else {
        let all: Vec<_> =
            (0..requests).map(|_| engine.start(get(&url), paced(driver, pace), None).unwrap()).collect();
        for operation in &all {
            assert_eq!(finish(operation).unwrap().status(), 200);
        }
    }
    started.elapsed()
}

#[test]
fn requests_start_no_faster_than_allowed() {
    let server = server();
    for driver in DRIVERS {
        // Each of ten but the first waits for 10 ms, up to 5 ms of which a late timer may take off.
        let took = time_of(&server, driver, &pace(100.0, 1), 11);
        assert!(took >= millis(95), "{driver:?}: {took:?}");
        let took = time_of(&server, driver, &pace(100.0, 6), 11);
        assert!(took >= millis(45), "{driver:?}: {took:?}");
        assert!(time_of(&server, driver, &pace(0.001, 5), 5) < Duration::from_secs(15));
    }
}

#[test]
fn attempts_of_redirects_count() {
    let server = server();
    for driver in DRIVERS {
        let policy = Policy { follow_redirects: true, ..Policy::default() };
        let redirected = Settings { policy, ..paced(driver, &pace(100.0, 1)) };
        let started = Instant::now();
        let url = format!("{}/redirect/5", server.http_url());
        assert_eq!(send_with(&Engine::new(Config::default()), get(&url), redirected).unwrap().status(), 200);
        assert!(started.elapsed() >= millis(45));
    }
}

#[test]
fn waiting_counts_as_queueing_and_the_parts_add_up() {
    let server = server();
    for driver in DRIVERS {
        let engine = per_host(1, Config::default());
        let pace = pace(20.0, 1);
        let url = server.http_url();
        assert_eq!(send_with(&engine, get(&url), paced(driver, &pace)).unwrap().status(), 200);
        let holding =
            engine.start(get(&format!("{url}/delay/60")), settings(Driver::IoThread), None).unwrap();
        let timings = send_with(&engine, get(&url), paced(driver, &pace)).unwrap().operation.timings();
        assert!(timings.queue.unwrap() >= millis(30), "{timings:?}");
        let parts =
            [timings.queue, timings.dns, timings.connect, timings.send, timings.wait, timings.receive];
        assert_eq!(parts.into_iter().flatten().sum::<Duration>(), timings.total.unwrap());
        assert_eq!(finish(&holding).unwrap().status(), 200);
    }
}

#[test]
fn attempts_of_retries_count_and_keep_their_place() {
    let server = server();
    for driver in DRIVERS {
        let policy = Retry { attempts: 4, backoff: Duration::ZERO, budget: None, ..Retry::default() };
        let budget = Arc::new(RetryBudget::new(Instant::now()));
        let retries = Arc::new(Retries { policy, budget });
        let engine = per_host(1, Config::default());
        let url = format!("{}/flaky?id=paced-{driver:?}&times=3", server.http_url());
        let started = Instant::now();
        let settings = Settings { retries: Some(retries), ..paced(driver, &pace(50.0, 1)) };
        assert_eq!(send_with(&engine, get(&url), settings).unwrap().text(), "attempt 4\n");
        assert!(started.elapsed() >= millis(55), "{:?}", started.elapsed());
        assert_eq!(send_with(&engine, get(&server.http_url()), hasty(driver, None)).unwrap().status(), 200);
    }
}

#[test]
fn waiting_for_ones_time_counts_against_the_total_timeout_only() {
    let server = server();
    for driver in DRIVERS {
        let pace = pace(10.0, 1);
        let engine = Engine::new(Config::default());
        let with = |total| Settings { pace: Some(pace.clone()), ..hasty(driver, total) };
        let url = server.http_url();
        // The time for a connection of its own is not what this is about.
        assert_eq!(send_with(&engine, get(&url), settings(driver)).unwrap().status(), 200);
        assert_eq!(send_with(&engine, get(&url), with(None)).unwrap().status(), 200);
        assert_eq!(send_with(&engine, get(&url), with(None)).unwrap().status(), 200);
        assert_fails(send_with(&engine, get(&url), with(Some(millis(10)))), Kind::Timeout, Phase::Total);
    }
}

#[test]
fn whoever_is_cancelled_lets_the_next_one_have_its_time() {
    let server = server();
    let (engine, pace) = (Engine::new(Config::default()), pace(4.0, 1));
    let start = || engine.start(get(&server.http_url()), paced(Driver::IoThread, &pace), None).unwrap();
    let first = start();
    let started = Instant::now();
    let waiting: Vec<_> = (0..100).map(|_| start()).collect();
    let last = start();
    waiting.iter().for_each(httparallel::Operation::cancel);
    assert_eq!((finish(&first).unwrap().status(), finish(&last).unwrap().status()), (200, 200));
    assert!(started.elapsed() < Duration::from_secs(15));
    assert_eq!(server.stats().requests, 2);
}

#[test]
fn a_closed_pace_fails_those_who_wait_and_stops_nobody_after() {
    let server = server();
    let (engine, pace) = (Engine::new(Config::default()), pace(0.001, 1));
    let start = || engine.start(get(&server.http_url()), paced(Driver::IoThread, &pace), None).unwrap();
    assert_eq!(finish(&start()).unwrap().status(), 200);
    let waiting = start();
    let turn = pace.turn(None).unwrap();
    assert!(turn.outcome().is_none());
    pace.close();
    assert_fails(finish(&waiting), Kind::Closed, Phase::Build);
    assert_fails(turn.outcome().unwrap(), Kind::Closed, Phase::Build);
    assert_eq!(finish(&start()).unwrap().status(), 200);
}

#[test]
fn a_turn_comes_in_its_order_or_when_its_deadline_does() {
    let pace = pace(50.0, 1);
    assert!(matches!(pace.turn(None).unwrap().outcome(), Some(Ok(()))));
    let (first, second) = (pace.turn(None).unwrap(), pace.turn(None).unwrap());
    assert!(first.outcome().is_none() && second.outcome().is_none());
    drop(first);
    second.wait(&mut || Ok(())).unwrap();
    assert!(matches!(second.outcome(), Some(Ok(()))));

    let slow = Pace::new(RateLimit::per_second(0.001).unwrap());
    drop(slow.turn(None).unwrap());
    let late = slow.turn(Some(Instant::now() + millis(10))).unwrap();
    late.wait(&mut || Ok(())).unwrap();
    assert_fails(late.outcome().unwrap(), Kind::Timeout, Phase::Total);
}
