//! Bodies are read no further than their limit.

use httparallel::{Block, Config, Engine, Guard, Kind, Phase, Policy, Settings};
use httparallel_testserver::Script;

use crate::common::{
    DRIVERS, Driver, assert_fails, engine, eventually, finish, get, h2c, next, play, send_with, server,
    settings, streaming,
};

fn at_most(bytes: u64, settings: Settings) -> Settings {
    Settings { guard: Guard::limited(bytes), ..settings }
}

#[test]
fn a_body_of_just_the_limit_is_delivered() {
    let server = server();
    for (config, driver) in
        [Config::default(), h2c()].into_iter().flat_map(|c| DRIVERS.map(|d| (c.clone(), d)))
    {
        let engine = Engine::new(config);
        for mode in [settings(driver), streaming(driver)] {
            let url = |bytes| format!("{}/bytes/{bytes}", server.http_url());
            let answer = send_with(&engine, get(&url(70_000)), at_most(70_000, mode.clone())).unwrap();
            assert_eq!(answer.body.len(), 70_000);
            let refused = send_with(&engine, get(&url(70_001)), at_most(70_000, mode));
            assert_fails(refused, Kind::BodyTooLarge, Phase::Read);
        }
    }
}

#[test]
fn a_body_without_a_length_is_read_no_further() {
    for (config, driver) in
        [Config::default(), h2c()].into_iter().flat_map(|c| DRIVERS.map(|d| (c.clone(), d)))
    {
        let (server, engine) = (server(), Engine::new(config));
        let url = format!("{}/stream/1000000?interval_ms=1", server.http_url());
        let refused = send_with(&engine, get(&url), at_most(100_000, settings(driver)));
        assert_fails(refused, Kind::BodyTooLarge, Phase::Read);
        eventually("the server is told", || server.stats().cancelled == 1);
        assert_eq!(send_with(&engine, get(&server.http_url()), settings(driver)).unwrap().status(), 200);
    }
}

#[test]
fn a_head_that_announces_too_much_ends_the_request() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n";
    for driver in DRIVERS {
        let scripted = play(Script::new().expect_request().send(head).hang());
        let refused = send_with(&engine(), get(&scripted.url()), at_most(10, settings(driver)));
        assert_fails(refused, Kind::BodyTooLarge, Phase::Read);
    }
}

#[test]
fn the_body_of_a_redirect_counts() {
    let head = "HTTP/1.1 302 Found\r\nLocation: /next\r\nTransfer-Encoding: chunked\r\n\r\n";
    for driver in DRIVERS {
        let script = Script::new().expect_request().send(head).send_repeated("5\r\nhello\r\n", 100).hang();
        let scripted = play(script);
        let policy = Policy { follow_redirects: true, ..Policy::default() };
        let settings = Settings { policy, ..at_most(99, settings(driver)) };
        assert_fails(send_with(&engine(), get(&scripted.url()), settings), Kind::BodyTooLarge, Phase::Read);
    }
}

#[test]
fn a_block_goes_on_after_a_body_that_is_too_large() {
    let server = server();
    let engine = engine();
    let block = Block::new(&engine, Some(2)).unwrap();
    for number in 0..20 {
        let url = format!("{}/bytes/{}", server.http_url(), 1000 + number % 2);
        block.submit(get(&url), at_most(1000, settings(Driver::IoThread)), None).unwrap();
    }
    let outcomes: Vec<_> = std::iter::from_fn(|| next(&block)).collect();
    let refused = outcomes
        .iter()
        .filter(|outcome| finish(&outcome.operation).is_err_and(|error| error.kind() == Kind::BodyTooLarge));
    assert_eq!((refused.count(), outcomes.len(), block.held()), (10, 20, 0));
}
