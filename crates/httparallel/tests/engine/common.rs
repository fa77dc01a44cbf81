//! Requests, servers and bounded waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use httparallel::{
    Block, Config, Content, Engine, Error, Head, Headers, Kind, Limits, Method, Mode, Operation, Outcome,
    Phase, Protocols, Request, Result, Settings, Timeouts, Url,
};
use httparallel_testserver::{Options, Script, ScriptedServer, TestServer};

/// The longest any wait of a test may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// Who reads the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    Caller,
    IoThread,
}

pub(crate) const DRIVERS: [Driver; 2] = [Driver::Caller, Driver::IoThread];

/// A response with its whole body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Arc<Head>,
    pub(crate) body: Bytes,
    pub(crate) operation: Operation,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.status
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

pub(crate) fn server() -> TestServer {
    TestServer::start(Options::default()).unwrap()
}

pub(crate) fn play(script: Script) -> ScriptedServer {
    ScriptedServer::start(script).unwrap()
}

pub(crate) fn play_each(scripts: Vec<Script>) -> ScriptedServer {
    ScriptedServer::start_each(scripts).unwrap()
}

pub(crate) fn engine() -> Engine {
    Engine::new(Config::default())
}

pub(crate) fn limited(max_connections: usize) -> Config {
    Config {
        limits: Limits { max_connections: Some(max_connections), ..Limits::default() },
        ..Config::default()
    }
}

/// HTTP/2 with prior knowledge.
pub(crate) fn h2c() -> Config {
    Config { protocols: Protocols { http1: false, http2: true }, ..Config::default() }
}

pub(crate) fn request(method: &str, url: &str, content: Content) -> Request {
    let url = Url::parse(url).unwrap();
    Request::new(Method::new(method).unwrap(), url, &Headers::new(), content).unwrap()
}

pub(crate) fn get(url: &str) -> Request {
    request("GET", url, Content::Empty)
}

pub(crate) fn post(url: &str, body: impl Into<Bytes>) -> Request {
    request("POST", url, Content::Bytes(body.into()))
}

pub(crate) fn with_header(mut request: Request, name: &'static str, value: &'static str) -> Request {
    request.headers.append(name, value);
    request
}

pub(crate) fn settings(driver: Driver) -> Settings {
    Settings { blocking: driver == Driver::Caller, ..Settings::default() }
}

pub(crate) fn streaming(driver: Driver) -> Settings {
    Settings { mode: Mode::Streaming, ..settings(driver) }
}

/// With these limits, and otherwise none.
pub(crate) fn within(driver: Driver, timeouts: Timeouts) -> Settings {
    Settings { timeouts, ..settings(driver) }
}

pub(crate) fn send(engine: &Engine, request: Request, driver: Driver) -> Result<Answer> {
    send_with(engine, request, settings(driver))
}

pub(crate) fn send_with(engine: &Engine, request: Request, settings: Settings) -> Result<Answer> {
    finish(&engine.start(request, settings, None)?)
}

/// Waits for the response and all of its body.
pub(crate) fn finish(operation: &Operation) -> Result<Answer> {
    wait(operation);
    let head = operation.head()?;
    let body = read_body(operation)?;
    Ok(Answer { head, body, operation: operation.clone() })
}

pub(crate) fn wait(operation: &Operation) {
    let waited = operation.wait(&mut until(Instant::now() + LIMIT));
    assert!(waited.is_ok(), "no response within {LIMIT:?}");
}

pub(crate) fn read_body(operation: &Operation) -> Result<Bytes> {
    let mut body = Vec::new();
    while let Some(pieces) = operation.take_body()? {
        if pieces.is_empty() {
            let waited = operation.wait_body(&mut until(Instant::now() + LIMIT));
            assert!(waited.is_ok(), "nothing more of the body within {LIMIT:?}");
        }
        for piece in pieces {
            body.extend_from_slice(&piece);
        }
    }
    Ok(body.into())
}

pub(crate) fn next(block: &Block) -> Option<Outcome> {
    block.next(&mut until(Instant::now() + LIMIT)).expect("an outcome in time")
}

pub(crate) fn until(end: Instant) -> impl FnMut() -> Result<(), ()> {
    move || if Instant::now() < end { Ok(()) } else { Err(()) }
}

/// Waits for what another thread will soon make true, where there is no event to wait for.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < end, "{what}: not within {LIMIT:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// How many connections are in that state.
pub(crate) fn count(engine: &Engine, state: &str) -> usize {
    engine.connections().iter().filter(|connection| connection.state == state).count()
}

#[track_caller]
pub(crate) fn assert_fails<T: std::fmt::Debug>(outcome: Result<T>, kind: Kind, phase: Phase) -> Error {
    let error = outcome.expect_err("a failure");
    assert_eq!((error.kind(), error.phase()), (kind, phase), "{error:?}");
    error
}

/// That something took about this long: not less, and not much more, on a busy machine.
#[track_caller]
pub(crate) fn assert_took(started: Instant, wanted: Duration) {
    let took = started.elapsed();
    let least = wanted.saturating_sub(Duration::from_millis(5));
    assert!(took >= least && took < wanted + Duration::from_millis(900), "{took:?}, not {wanted:?}");
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A small generator of numbers that are the same in each run (xorshift64*).
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}
