//! Between two attempts: what is held, and what ends the wait.

use std::sync::Arc;
use std::time::Instant;

use httparallel::{Block, Engine, Kind, Operation, Phase, Retry, Settings, Timeouts};
use httparallel_testserver::Script;

use crate::common::{
    DRIVERS, Driver, Random, assert_fails, assert_took, count, engine, eventually, finish, get, limited,
    millis, next, play_each, send_with, server, settings, within,
};
use crate::retries::{BUSY, at_once, flaky, retries, retrying};

/// A request that waits a long time for its second attempt.
fn waiting(engine: &Engine, base: &str, name: &str, driver: Driver) -> Operation {
    wait_long(engine, base, name, retrying(driver, at_once(3)), driver)
}

fn wait_long(engine: &Engine, base: &str, name: &str, settings: Settings, driver: Driver) -> Operation {
    let request = flaky(base, name, driver, "&times=9&retry_after=3600");
    let operation = engine.start(request, settings, None).unwrap();
    if driver == Driver::Caller {
        // The calling thread has to drive the first attempt: it waits until there is nothing more to drive.
        let end = Instant::now() + millis(200);
        let _ = operation.wait_body(&mut crate::common::until(end));
    } else {
        eventually("it waits", || count(engine, "IDLE") == 1);
    }
    operation
}

#[test]
fn a_request_that_waits_can_be_cancelled_and_holds_no_connection() {
    let server = server();
    let engine = Engine::new(limited(1));
    let operation = waiting(&engine, &server.http_url(), "cancelled", Driver::IoThread);
    assert_eq!(
        send_with(&engine, get(&server.http_url()), settings(Driver::IoThread)).unwrap().status(),
        200
    );
    assert!(!operation.is_over());
    operation.cancel();
    assert_fails(finish(&operation).map(|_| ()), Kind::Cancelled, Phase::Total);
    assert_eq!((count(&engine, "IDLE"), count(&engine, "ACTIVE")), (1, 0));
}

#[test]
fn nothing_is_left_of_a_request_that_was_cancelled_while_it_waited() {
    let server = server();
    let engine = engine();
    let retries = retries(at_once(3));
    let settings = Settings { retries: Some(retries.clone()), ..settings(Driver::IoThread) };
    let operation = wait_long(&engine, &server.http_url(), "forgotten", settings, Driver::IoThread);
    // Held by its waiting operation alone.
    assert!(Arc::strong_count(&retries) > 1);
    operation.cancel();
    drop(operation);
    eventually("the operation is gone", || Arc::strong_count(&retries) == 1);
}

#[test]
fn cancelling_requests_that_are_retried_leaves_nothing() {
    let server = server();
    let engine = Engine::new(limited(5));
    let retries = retries(Retry { backoff: millis(3), ..at_once(5) });
    let mut random = Random(7);
    let mut running: Vec<Operation> = Vec::new();
    for number in 0..500 {
        let url = format!("{}/flaky?id={number}&times={}", server.http_url(), random.below(6));
        let settings = Settings { retries: Some(retries.clone()), ..settings(Driver::IoThread) };
        running.push(engine.start(get(&url), settings, None).unwrap());
        if running.len() > 20 {
            let chosen = usize::try_from(random.below(running.len() as u64)).unwrap();
            running.swap_remove(chosen).cancel();
        }
    }
    running.iter().for_each(Operation::cancel);
    drop(running);
    eventually("all places are free", || count(&engine, "ACTIVE") == 0);
    eventually("the operations are gone", || Arc::strong_count(&retries) == 1);
    assert_eq!(
        send_with(&engine, get(&server.http_url()), settings(Driver::IoThread)).unwrap().status(),
        200
    );
}

#[test]
fn the_interrupt_of_a_waiting_thread_is_heard_between_attempts() {
    let server = server();
    let engine = engine();
    let operation = waiting(&engine, &server.http_url(), "interrupted", Driver::Caller);
    assert!(operation.is_over());
    assert_fails(operation.head().map(|_| ()), Kind::Cancelled, Phase::Total);
}

#[test]
fn closing_the_client_ends_the_wait() {
    let server = server();
    let engine = engine();
    let operation = waiting(&engine, &server.http_url(), "closed", Driver::IoThread);
    engine.close();
    assert_fails(finish(&operation).map(|_| ()), Kind::Closed, Phase::Build);
}

#[test]
fn the_total_time_ends_what_the_attempts_after_a_wait_take() {
    let busy = Script::new().expect_request().send(BUSY).close();
    for driver in DRIVERS {
        let server = play_each(vec![busy.clone(), Script::new().hang()]);
        let timeouts = Timeouts { total: Some(millis(300)), ..Timeouts::NONE };
        let settings = Settings { retries: Some(retries(at_once(3))), ..within(driver, timeouts) };
        let started = Instant::now();
        assert_fails(send_with(&engine(), get(&server.url()), settings), Kind::Timeout, Phase::Total);
        assert_took(started, millis(300));
    }
}

#[test]
fn a_block_keeps_the_turn_of_a_request_that_waits() {
    let server = server();
    let engine = engine();
    let block = Block::new(&engine, Some(1)).unwrap();
    let first = flaky(&server.http_url(), "turn", Driver::IoThread, "&retry_after=0.2");
    let settings = retrying(Driver::IoThread, at_once(2));
    let (first, _) = block.submit(first, settings.clone(), None).unwrap();
    let (second, _) = block.submit(get(&server.http_url()), settings, None).unwrap();
    let order: Vec<u64> = std::iter::from_fn(|| next(&block)).map(|outcome| outcome.number).collect();
    assert_eq!(order, [first, second]);
}

#[test]
fn a_request_pays_into_the_budget_when_its_turn_comes() {
    let server = server();
    let engine = engine();
    let block = Block::new(&engine, Some(1)).unwrap();
    let retries = retries(Retry { budget: Some(5.0), ..at_once(2) });
    for _ in 0..3 {
        let settings = Settings { retries: Some(retries.clone()), ..settings(Driver::IoThread) };
        block.submit(get(&format!("{}/hang", server.http_url())), settings, None).unwrap();
    }
    let withdrawn = std::iter::from_fn(|| retries.budget.withdraw(Instant::now()).then_some(())).take(25);
    // The reserve, and what the first of the three has paid in.
    assert_eq!(withdrawn.count(), 15);
}

#[test]
fn a_block_that_is_closed_cancels_what_waits() {
    let server = server();
    let engine = engine();
    let block = Block::new(&engine, None).unwrap();
    let request = flaky(&server.http_url(), "block", Driver::IoThread, "&times=9&retry_after=3600");
    let (_, operation) = block.submit(request, retrying(Driver::IoThread, at_once(2)), None).unwrap();
    eventually("it waits", || count(&engine, "IDLE") == 1);
    block.close();
    assert!(operation.is_over());
}
