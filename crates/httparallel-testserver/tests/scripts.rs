//! Scripted servers, seen through a raw socket.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use httparallel_testserver::{Script, ScriptedServer};

const LIMIT: Duration = Duration::from_secs(5);

fn connect(server: &ScriptedServer) -> TcpStream {
    let stream = TcpStream::connect(server.addr()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream
}

fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn plays_a_script_per_connection_and_the_last_one_again() {
    let scripts = vec![Script::new().send("first"), Script::new().send("other").close()];
    let server = ScriptedServer::start_each(scripts).unwrap();
    let answers: Vec<_> = (0..3).map(|_| read_to_end(&mut connect(&server))).collect();
    assert_eq!(answers, ["first", "other", "other"]);
    assert!(server.wait_finished(LIMIT, 3));
}

#[test]
fn records_requests_with_their_bodies() {
    let server = ScriptedServer::start(Script::new().expect_request().send("ok").forever()).unwrap();
    let mut stream = connect(&server);
    let requests = [
        "GET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: v\r\n\r\n",
    ];
    for request in requests {
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = [0; 2];
        stream.read_exact(&mut answer).unwrap();
    }
    assert_eq!(server.received(), [requests.concat().into_bytes()]);
}

#[test]
fn waits_for_the_rest_of_a_body() {
    let server = ScriptedServer::start(Script::new().expect_request().send("ok")).unwrap();
    let mut stream = connect(&server);
    stream.write_all(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab").unwrap();
    assert!(
        server.wait_received(LIMIT, |received| received.first().is_some_and(|bytes| bytes.ends_with(b"ab")))
    );
    assert_eq!(server.finished(), 0);
    stream.write_all(b"c").unwrap();
    assert_eq!(read_to_end(&mut stream), "ok");
}

#[test]
fn resets_instead_of_closing() {
    let server = ScriptedServer::start(Script::new().expect_head().send("partial").reset()).unwrap();
    let mut stream = connect(&server);
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn goes_on_when_signalled() {
    let server = ScriptedServer::start(Script::new().wait("go").send("gone")).unwrap();
    let mut stream = connect(&server);
    assert!(!server.wait_finished(Duration::from_millis(20), 1));
    server.signal("go");
    assert_eq!(read_to_end(&mut stream), "gone");
}

#[test]
fn sends_slowly_and_repeatedly() {
    let script =
        Script::new().send_slowly("abc", Duration::from_millis(5)).send_repeated("xy", 100_000).finish();
    let server = ScriptedServer::start(script).unwrap();
    let begun = Instant::now();
    let answer = read_to_end(&mut connect(&server));
    assert!(begun.elapsed() >= Duration::from_millis(10));
    assert_eq!(answer, format!("abc{}", "xy".repeat(100_000)));
}

#[test]
fn speaks_frames() {
    let script = Script::new().expect_bytes(3).expect_frame(4).send_frame(7, 0, 0, [0; 8]);
    let server = ScriptedServer::start(script).unwrap();
    let mut stream = connect(&server);
    // Three bytes, an empty PING, an empty SETTINGS.
    stream.write_all(b"PRI\0\0\0\x06\0\0\0\0\0\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn dropping_the_server_ends_what_hangs() {
    let scripts = vec![Script::new().hang(), Script::new().wait("never"), Script::new().pause(Duration::MAX)];
    let server = ScriptedServer::start_each(scripts).unwrap();
    let mut streams: Vec<_> = (0..3).map(|_| connect(&server)).collect();
    assert!(server.wait_received(LIMIT, |received| received.len() == 3));
    drop(server);
    for stream in &mut streams {
        assert_eq!(read_to_end(stream), "");
    }
}
