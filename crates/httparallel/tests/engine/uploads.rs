//! Content that is produced while it is sent: by whom it is written, and in which order.

use std::sync::Arc;

use bytes::Bytes;
use httparallel::{Config, Content, Engine, Kind, Phase, Upload};
use httparallel_testserver::Script;

use crate::common::{
    DRIVERS, Driver, Random, assert_fails, engine, finish, h2c, play, request, server, settings, wait,
    with_header,
};

/// Pieces of all sizes, some of them copied before they are sent and some not, and what they are together.
fn pieces(count: usize) -> (Vec<Bytes>, Bytes) {
    let mut random = Random(0x5eed);
    let pieces: Vec<Bytes> = (0..count)
        .map(|number| {
            let largest = if number % 3 == 0 { 200_000 } else { 3_000 };
            let length = usize::try_from(random.below(largest)).unwrap();
            (0..length).map(|index| (index * (number + 1)).to_le_bytes()[0]).collect()
        })
        .collect();
    let whole = pieces.concat().into();
    (pieces, whole)
}

#[test]
fn pieces_of_all_sizes_arrive_in_order() {
    let (pieces, whole) = pieces(60);
    for (config, driver) in
        [Config::default(), h2c()].into_iter().flat_map(|c| DRIVERS.map(|d| (c.clone(), d)))
    {
        let (server, engine) = (server(), Engine::new(config));
        for length in [None, Some(whole.len())] {
            let mut request = request("POST", &format!("{}/echo-body", server.http_url()), Content::Stream);
            if let Some(length) = length {
                request.headers.append("Content-Length", length.to_string());
            }
            let upload = Arc::new(Upload::default());
            let operation = engine.start(request, settings(driver), Some(upload.clone())).unwrap();
            for piece in &pieces {
                assert!(upload.push(piece.clone()));
                upload.wait(&mut || Ok(())).unwrap();
            }
            upload.end();
            assert!(finish(&operation).unwrap().body == whole, "{driver:?}, {length:?}");
        }
    }
}

#[test]
fn a_producer_waits_while_the_server_does_not_read() {
    let script = Script::new().expect_head().wait("read").expect_bytes(1).send("HTTP/1.1 204 No\r\n\r\n");
    let (server, engine) = (play(script.hang()), engine());
    let upload = Arc::new(Upload::default());
    let request = request("POST", &server.url(), Content::Stream);
    let operation = engine.start(request, settings(Driver::IoThread), Some(upload.clone())).unwrap();
    // More than the socket's buffers of both sides take.
    let piece = Bytes::from(vec![b'x'; 64 * 1024]);
    let mut pushed = 0;
    while upload.wait(&mut || Err(())).is_ok() {
        assert!(upload.push(piece.clone()));
        pushed += 1;
        assert!(pushed < 10_000, "nothing holds the producer up");
    }
    assert!(upload.is_full());
    server.signal("read");
    wait(&operation);
    assert_eq!(finish(&operation).unwrap().status(), 204);
}

#[test]
fn a_producer_that_goes_too_far_fails_its_request() {
    for driver in DRIVERS {
        let (server, engine) = (server(), engine());
        let url = format!("{}/echo-body", server.http_url());
        let upload = Arc::new(Upload::default());
        let request = with_header(request("POST", &url, Content::Stream), "Content-Length", "100000");
        let operation = engine.start(request, settings(driver), Some(upload.clone())).unwrap();
        for _ in 0..2 {
            upload.push(vec![b'x'; 60_000].into());
        }
        upload.end();
        assert_fails(finish(&operation), Kind::InvalidRequest, Phase::Write);
        assert!(!upload.push(Bytes::from_static(b"more")), "the request is over");
    }
}
