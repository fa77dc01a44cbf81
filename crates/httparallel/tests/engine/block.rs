//! Parallel blocks.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use httparallel::{Block, CompletionQueue, Content, Engine, Kind, Listener, Phase, Timeouts};

use crate::common::{
    DRIVERS, Driver, assert_fails, count, engine, eventually, finish, get, h2c, limited, millis, next, play,
    read_body, request, send, server, settings, streaming, with_header, within,
};

fn buffered() -> httparallel::Settings {
    settings(Driver::IoThread)
}

#[test]
fn delivers_each_of_a_thousand_requests_once() {
    let server = server();
    for engine in [engine(), Engine::new(h2c())] {
        let block = Block::new(&engine, Some(50)).unwrap();
        for number in 0..1000 {
            let url = format!("{}/bytes/{number}", server.http_url());
            block.submit(get(&url), buffered(), None).unwrap();
        }
        let mut seen = HashSet::new();
        while let Some(outcome) = next(&block) {
            let answer = finish(&outcome.operation).unwrap();
            assert_eq!(answer.body.len() as u64, outcome.number);
            assert!(seen.insert(outcome.number));
        }
        assert_eq!((seen.len(), block.pending()), (1000, 0));
    }
}

#[test]
fn delivers_in_order_of_completion() {
    let server = server();
    let engine = engine();
    let block = Block::new(&engine, None).unwrap();
    for delay in [300, 150, 0] {
        block.submit(get(&format!("{}/delay/{delay}", server.http_url())), buffered(), None).unwrap();
    }
    let order: Vec<_> = std::iter::from_fn(|| next(&block)).map(|outcome| outcome.number).collect();
    assert_eq!(order, [2, 1, 0]);
}

#[test]
fn never_exceeds_its_concurrency() {
    let server = server();
    for engine in [engine(), Engine::new(h2c())] {
        server.reset_stats();
        let block = Block::new(&engine, Some(5)).unwrap();
        for _ in 0..60 {
            block.submit(get(&format!("{}/delay/3", server.http_url())), buffered(), None).unwrap();
        }
        while let Some(outcome) = next(&block) {
            assert_eq!(outcome.operation.head().unwrap().status, 200);
        }
        assert_eq!(server.stats().requests_peak, 5);
    }
}

#[test]
fn waiting_for_its_turn_uses_up_no_time_limit() {
    let server = server();
    let engine = engine();
    let block = Block::new(&engine, Some(1)).unwrap();
    let limits = Timeouts { pool: Some(millis(500)), total: Some(millis(1000)), ..Timeouts::NONE };
    for _ in 0..8 {
        let url = format!("{}/delay/150", server.http_url());
        block.submit(get(&url), within(Driver::IoThread, limits), None).unwrap();
    }
    while let Some(outcome) = next(&block) {
        assert_eq!(outcome.operation.head().unwrap().status, 200);
    }
}

#[test]
fn closing_it_leaves_nothing_on_its_way() {
    let server = server();
    for engine in [Engine::new(limited(4)), Engine::new(h2c())] {
        server.reset_stats();
        let block = Block::new(&engine, Some(10)).unwrap();
        let all: Vec<_> = (0..50)
            .map(|_| block.submit(get(&format!("{}/hang", server.http_url())), buffered(), None).unwrap().1)
            .collect();
        eventually("requests are on their way", || server.stats().requests_active >= 4);
        block.close();
        assert_eq!(count(&engine, "ACTIVE"), 0);
        for operation in &all {
            assert_fails(operation.head(), Kind::Cancelled, Phase::Total);
        }
        eventually("the server sees it", || server.stats().requests_active == 0);
        assert!(next(&block).is_none());
        assert_fails(block.submit(get(&server.http_url()), buffered(), None), Kind::Closed, Phase::Build);
        for driver in DRIVERS {
            assert_eq!(send(&engine, get(&server.http_url()), driver).unwrap().status(), 200);
        }
    }
}

#[test]
fn closing_it_ends_streamed_responses_that_were_delivered() {
    let server = server();
    for engine in [engine(), Engine::new(h2c())] {
        let block = Block::new(&engine, None).unwrap();
        let url = format!("{}/bytes/{}", server.http_url(), 64 << 20);
        for _ in 0..2 {
            block.submit(get(&url), streaming(Driver::IoThread), None).unwrap();
        }
        let delivered = next(&block).unwrap().operation;
        assert_eq!(delivered.head().unwrap().status, 200);
        drop(block);
        assert_eq!(count(&engine, "ACTIVE"), 0);
        assert_fails(read_body(&delivered), Kind::Cancelled, Phase::Total);
    }
}

#[test]
fn a_cancelled_request_is_delivered_and_its_place_given_on() {
    let server = server();
    let engine = engine();
    let block = Block::new(&engine, Some(1)).unwrap();
    let hang = format!("{}/hang", server.http_url());
    let (_, running) = block.submit(get(&hang), buffered(), None).unwrap();
    let (_, waiting) = block.submit(get(&hang), buffered(), None).unwrap();
    block.submit(get(&server.http_url()), buffered(), None).unwrap();
    waiting.cancel();
    let outcome = next(&block).unwrap();
    assert_eq!(outcome.number, 1);
    assert_fails(outcome.operation.head(), Kind::Cancelled, Phase::Total);
    running.cancel();
    assert_eq!(next(&block).unwrap().number, 0);
    let last = next(&block).unwrap();
    assert_eq!((last.number, last.operation.head().unwrap().status), (2, 200));
    assert!(next(&block).is_none());
}

#[test]
fn a_streamed_response_keeps_its_place_until_it_is_read() {
    let server = server();
    let engine = engine();
    let block = Block::new(&engine, Some(1)).unwrap();
    let url = format!("{}/bytes/{}", server.http_url(), 8 << 20);
    for _ in 0..3 {
        block.submit(get(&url), streaming(Driver::IoThread), None).unwrap();
    }
    for number in 0..3 {
        let outcome = next(&block).unwrap();
        assert_eq!(outcome.number, number);
        std::thread::sleep(millis(20));
        assert!(block.try_next().is_none(), "the next one started before this one was read");
        assert_eq!(read_body(&outcome.operation).unwrap().len(), 8 << 20);
    }
}

#[test]
fn a_server_cannot_send_ahead_of_the_reader() {
    let piece = vec![b'x'; 64 * 1024];
    let script = httparallel_testserver::Script::new()
        .expect_request()
        .send(b"HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n")
        .send_repeated(piece, 1024)
        .hang();
    let server = play(script);
    let engine = engine();
    let block = Block::new(&engine, None).unwrap();
    block.submit(get(&server.url()), streaming(Driver::IoThread), None).unwrap();
    let operation = next(&block).unwrap().operation;
    std::thread::sleep(millis(100));
    let held: usize = operation.take_body().unwrap().unwrap().iter().map(bytes::Bytes::len).sum();
    assert!(held < 1 << 20, "{held} bytes were held in memory");
    assert_eq!(held + read_body(&operation).unwrap().len(), 64 << 20);
}

#[test]
fn a_long_row_of_invalid_requests_does_not_nest() {
    let server = server();
    let engine = Engine::new(limited(1));
    for concurrency in [Some(1), None] {
        let block = Block::new(&engine, concurrency).unwrap();
        // It holds the only place, so that all the others fail in one go when it is over.
        let (_, first) = block.submit(get(&format!("{}/hang", server.http_url())), buffered(), None).unwrap();
        let invalid = with_header(get(&server.http_url()), "A", "b\r\nc");
        for _ in 0..100_000 {
            block.submit(invalid.clone(), within(Driver::IoThread, Timeouts::NONE), None).unwrap();
        }
        first.cancel();
        let mut failed = 0;
        while let Some(outcome) = next(&block) {
            let error = outcome.operation.head().expect_err("a failure");
            assert!(matches!(error.kind(), Kind::InvalidRequest | Kind::Cancelled), "{error:?}");
            failed += 1;
        }
        assert_eq!(failed, 100_001);
    }
    assert_eq!(server.stats().requests, 2);
}

#[test]
fn a_long_row_of_impossible_urls_does_not_nest() {
    let engine = engine();
    let block = Block::new(&engine, Some(1)).unwrap();
    let url = httparallel::Url::parse("ftp://example.test/").unwrap();
    let mut impossible = get("http://example.test/");
    impossible.url = url;
    for _ in 0..100_000 {
        block.submit(impossible.clone(), buffered(), None).unwrap();
    }
    let mut failed = 0;
    while let Some(outcome) = next(&block) {
        assert_fails(outcome.operation.head(), Kind::UnsupportedScheme, Phase::Build);
        failed += 1;
    }
    assert_eq!(failed, 100_000);
}

#[test]
fn a_request_can_be_waited_for_by_itself() {
    let server = server();
    let engine = engine();
    let block = Block::new(&engine, None).unwrap();
    let (number, operation) =
        block.submit(get(&format!("{}/delay/20", server.http_url())), buffered(), None).unwrap();
    assert_eq!(finish(&operation).unwrap().status(), 200);
    assert!(block.take(number));
    assert!(!block.take(number));
    assert!(next(&block).is_none());
}

#[test]
fn work_may_be_added_while_outcomes_come() {
    let server = server();
    let engine = engine();
    let block = Block::new(&engine, Some(4)).unwrap();
    block.submit(get(&server.http_url()), buffered(), None).unwrap();
    let mut delivered = 0;
    while next(&block).is_some() {
        delivered += 1;
        for _ in 0..2 {
            if delivered <= 100 {
                block.submit(get(&server.http_url()), buffered(), None).unwrap();
            }
        }
    }
    assert_eq!(delivered, 201);
}

#[test]
fn an_interrupted_wait_leaves_the_block_as_it_was() {
    let server = server();
    let engine = engine();
    let block = Block::new(&engine, None).unwrap();
    block.submit(get(&format!("{}/delay/400", server.http_url())), buffered(), None).unwrap();
    let started = Instant::now();
    assert!(block.next(&mut || Err(())).is_err());
    assert!(started.elapsed() < millis(390));
    assert_eq!(next(&block).unwrap().operation.head().unwrap().status, 200);
}

#[test]
fn a_queue_gathers_completions_of_many_operations() {
    let server = server();
    let engine = engine();
    let queue = Arc::new(CompletionQueue::new().unwrap());
    let mut tokens = Vec::new();
    let operations: Vec<_> = (0..200)
        .map(|token| {
            let operation = engine.start(get(&server.http_url()), buffered(), None).unwrap();
            if !operation.listen(Listener::Queue(queue.clone(), token)) {
                tokens.push(token);
            }
            operation
        })
        .collect();
    while tokens.len() < 200 {
        let end = Instant::now() + crate::common::LIMIT;
        assert!(queue.notifier().wait(&mut crate::common::until(end)).is_ok(), "{} tokens", tokens.len());
        queue.drain(&mut tokens);
    }
    tokens.sort_unstable();
    assert_eq!(tokens, (0..200).collect::<Vec<_>>());
    assert!(operations.iter().all(httparallel::Operation::is_over));
}

#[test]
fn a_produced_body_is_sent_from_a_block() {
    let server = server();
    let engine = engine();
    let block = Block::new(&engine, None).unwrap();
    let upload = Arc::new(httparallel::Upload::default());
    let post = request("POST", &format!("{}/echo-body", server.http_url()), Content::Stream);
    block.submit(post, buffered(), Some(upload.clone())).unwrap();
    upload.push(bytes::Bytes::from_static(b"produced"));
    upload.end();
    assert_eq!(finish(&next(&block).unwrap().operation).unwrap().text(), "produced");
}
