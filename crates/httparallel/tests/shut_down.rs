//! The end of the I/O thread: requests fail, none hangs, and a forked child starts afresh.
//!
//! This test has a main function of its own: what it shuts down is shut down for all of its process.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use httparallel::{
    Block, Config, Content, Engine, Headers, Kind, Method, MockTransport, Operation, Protocols, Request,
    Retries, Retry, RetryBudget, Settings, Url, shut_down,
};
use httparallel_testserver::{Options, TestServer};

const LIMIT: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let Ok(server) = TestServer::start(Options::default()) else { return ExitCode::FAILURE };
    let hanging = format!("{}/delay/60000", server.http_url());
    let url = server.http_url();
    let engine = Engine::new(Config::default());
    let protocols = Protocols { http1: false, http2: true };
    let multiplexed = Engine::new(Config { protocols, ..Config::default() });

    let silent = MockTransport::new_async(|_| std::future::pending());
    let mocked = Engine::new(Config { mock: Some(silent), ..Config::default() });

    let mut passed = check("a request before", outcome(start(&engine, &url, false)) == Ok(200));
    let waiting = [
        ("one on the I/O thread", start(&engine, &hanging, false)),
        ("one on its own thread", start(&engine, &hanging, true)),
        ("one on HTTP/2", start(&multiplexed, &hanging, false)),
        ("one between two attempts", start_retrying(&engine, &format!("{url}/flaky?retry_after=3600"))),
        ("one without a network", start(&mocked, &url, true)),
    ];
    let threads = waiting.map(|(who, operation)| (who, std::thread::spawn(move || outcome(operation))));
    std::thread::sleep(Duration::from_millis(200));
    let started = Instant::now();
    shut_down();
    for (who, thread) in threads {
        passed &= check(who, thread.join().ok() == Some(Err(Some(Kind::Closed))));
    }
    passed &= check("at once", started.elapsed() < Duration::from_secs(2));
    passed &= check("a request after", outcome(start(&engine, &url, false)) == Err(Some(Kind::Closed)));
    passed &= check("a driven one after", outcome(start(&engine, &url, true)) == Err(Some(Kind::Closed)));
    let fresh = Engine::new(Config::default());
    let refused = fresh.start(request(&url), Settings::default(), None);
    passed &= check("a new client", refused.is_err_and(|error| error.kind() == Kind::Closed));
    passed &= check("a block", Block::new(&engine, None).is_err_and(|error| error.kind() == Kind::Closed));
    passed &= check("a forked child", child(&engine, &url));
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn check(what: &str, passed: bool) -> bool {
    println!("{what}: {}", if passed { "ok" } else { "FAILED" });
    passed
}

fn request(url: &str) -> Request {
    let parsed =
        Url::parse(url).and_then(|url| Request::new(Method::GET, url, &Headers::new(), Content::Empty));
    parsed.unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn start(engine: &Engine, url: &str, blocking: bool) -> httparallel::Result<Operation> {
    engine.start(request(url), Settings { blocking, ..Settings::default() }, None)
}

fn start_retrying(engine: &Engine, url: &str) -> httparallel::Result<Operation> {
    let budget = Arc::new(RetryBudget::new(Instant::now()));
    let retries = Some(Arc::new(Retries { policy: Retry::default(), budget }));
    engine.start(request(url), Settings { retries, ..Settings::default() }, None)
}

/// The status, or the kind of failure; `None` for a request that hangs.
fn outcome(operation: httparallel::Result<Operation>) -> Result<u16, Option<Kind>> {
    let operation = operation.map_err(|error| Some(error.kind()))?;
    let end = Instant::now() + LIMIT;
    let waited = operation.wait(&mut || if Instant::now() < end { Ok(()) } else { Err(()) });
    waited.map_err(|_| None)?;
    operation.head().map(|head| head.status).map_err(|error| Some(error.kind()))
}

fn child(engine: &Engine, url: &str) -> bool {
    // SAFETY: the child uses what a forked child of a threaded process may not in general, the allocator, which
    // glibc and musl keep usable after a fork; it ends without running destructors of the parent's.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let fine = outcome(start(engine, url, false)) == Ok(200);
        // SAFETY: `_exit` is what a forked child should end with.
        unsafe { libc::_exit(i32::from(!fine)) }
    }
    let mut status = 0;
    // SAFETY: `status` is a valid place for the result.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    waited == child && libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
}
