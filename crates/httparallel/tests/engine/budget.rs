//! Bodies that nobody collects: a block holds so much of them and no more.

use httparallel::{Block, Engine};

use crate::common::{Driver, engine, eventually, finish, get, h2c, limited, next, server, settings, wait};

const BUDGET: usize = 1024 * 1024;
const BODY: usize = 256 * 1024;
/// What one read may add after the budget is used up.
const ONE_READ: usize = 128 * 1024;

fn fetch(server: &httparallel_testserver::TestServer, block: &Block, requests: usize) {
    for _ in 0..requests {
        let url = format!("{}/bytes/{BODY}", server.http_url());
        block.submit(get(&url), settings(Driver::IoThread), None).unwrap();
    }
}

#[test]
fn what_nobody_collects_is_not_read_past_the_budget() {
    let server = server();
    for engine in [engine(), Engine::new(h2c())] {
        let block = Block::holding(&engine, Some(20), BUDGET).unwrap();
        fetch(&server, &block, 60);
        eventually("the budget is used up", || block.held() >= BUDGET);
        // Everything that was on its way has had the time of a whole exchange to arrive.
        let probe = get(&format!("{}/delay/50", server.http_url()));
        let settings = httparallel::Settings { blocking: true, ..settings(Driver::IoThread) };
        wait(&Engine::start(&engine, probe, settings, None).unwrap());
        assert!(block.held() <= BUDGET + 20 * ONE_READ, "held {}", block.held());
    }
}

#[test]
fn every_body_arrives_whole_when_they_are_collected() {
    let server = server();
    for engine in [engine(), Engine::new(h2c())] {
        let block = Block::holding(&engine, Some(20), BUDGET).unwrap();
        fetch(&server, &block, 60);
        eventually("the budget is used up", || block.held() >= BUDGET);
        let mut answered = 0;
        while let Some(outcome) = next(&block) {
            assert_eq!(finish(&outcome.operation).unwrap().body.len(), BODY);
            answered += 1;
        }
        assert_eq!((answered, block.held()), (60, 0));
    }
}

#[test]
fn a_budget_smaller_than_one_body_holds_nothing_up() {
    let server = server();
    let engine = engine();
    let block = Block::holding(&engine, None, 1).unwrap();
    fetch(&server, &block, 10);
    for _ in 0..10 {
        assert_eq!(finish(&next(&block).unwrap().operation).unwrap().body.len(), BODY);
    }
}

#[test]
fn a_certain_response_is_waited_for_past_the_budget() {
    let server = server();
    let engine = Engine::new(limited(4));
    let block = Block::holding(&engine, Some(4), BUDGET).unwrap();
    fetch(&server, &block, 30);
    let url = format!("{}/bytes/{BODY}", server.http_url());
    let (_, last) = block.submit(get(&url), settings(Driver::IoThread), None).unwrap();
    eventually("the budget is used up", || block.held() >= BUDGET);
    wait(&last);
    assert_eq!(finish(&last).unwrap().body.len(), BODY);
}

#[test]
fn cancelling_what_is_held_up_holds_nothing_else_up() {
    let server = server();
    let engine = engine();
    let block = Block::holding(&engine, None, 1).unwrap();
    let url = format!("{}/bytes/{BODY}", server.http_url());
    let submit = || block.submit(get(&url), settings(Driver::IoThread), None).unwrap().1;
    let operations: Vec<_> = (0..10).map(|_| submit()).collect();
    eventually("something arrives", || block.held() > 0);
    for operation in &operations[..9] {
        operation.cancel();
    }
    let mut whole = 0;
    while let Some(outcome) = next(&block) {
        whole += usize::from(outcome.operation.head().is_ok());
    }
    assert!(whole >= 1, "the one that was not cancelled arrives");
}
