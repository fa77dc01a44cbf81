//! A client that was used before `fork()` works in the child, and goes on working in the parent.
//!
//! This test has a main function of its own: a forked child of a threaded test harness could do little.

use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use httparallel::{Block, Config, Content, Engine, Headers, Method, Pace, RateLimit, Request, Settings, Url};
use httparallel_testserver::{Options, TestServer};

const LIMIT: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let Ok(server) = TestServer::start(Options::default()) else { return ExitCode::FAILURE };
    // Requests wait for places and for their time, so that the child finds both taken.
    let engine = Engine::new(Config { max_concurrency_per_host: Some(2), ..Config::default() });
    let url = server.http_url();
    let mut passed = check("the parent before", &engine, &url);
    let opened = server.stats().connections_opened;
    // A request that is on its way at the fork is the parent's.
    let hanging = request(&format!("{url}/delay/500")).and_then(|request| start(&engine, request, false));

    // SAFETY: the child uses what a forked child of a threaded process may not in general, the allocator, which
    // glibc and musl keep usable after a fork; it ends without running destructors of the parent's.
    match unsafe { libc::fork() } {
        0 => {
            let fine = check("the child", &engine, &url) && grandchild(&engine, &url);
            // SAFETY: `_exit` is what a forked child should end with.
            unsafe { libc::_exit(i32::from(!fine)) }
        }
        child => {
            passed &= wait_for(child);
            passed &= check("the parent after", &engine, &url);
            passed &= hanging.is_some_and(|operation| finished(&operation));
        }
    }
    // Neither the child nor the grandchild used a connection of the parent's.
    passed &= server.stats().connections_opened >= opened + 2;
    println!("fork: {}", if passed { "ok" } else { "FAILED" });
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn grandchild(engine: &Engine, url: &str) -> bool {
    // SAFETY: as above.
    match unsafe { libc::fork() } {
        0 => {
            let fine = check("the grandchild", engine, url);
            // SAFETY: as above.
            unsafe { libc::_exit(i32::from(!fine)) }
        }
        child => wait_for(child) && check("the child after", engine, url),
    }
}

/// Requests by both drivers and in a block.
fn check(who: &str, engine: &Engine, url: &str) -> bool {
    let sent = [true, false].into_iter().all(|blocking| {
        let operation = request(url).and_then(|request| start(engine, request, blocking));
        operation.is_some_and(|operation| finished(&operation))
    });
    let in_block = Block::new(engine, None).is_ok_and(|block| {
        let submitted = (0..5).all(|_| {
            request(url).is_some_and(|request| {
                block.submit(request, Settings { pace: pace(), ..Settings::default() }, None).is_ok()
            })
        });
        let end = Instant::now() + LIMIT;
        let delivered = std::iter::from_fn(|| block.next(&mut until(end)).ok().flatten());
        submitted && delivered.filter(|outcome| outcome.operation.head().is_ok()).count() == 5
    });
    println!("{who}: {}", if sent && in_block { "ok" } else { "FAILED" });
    sent && in_block
}

fn request(url: &str) -> Option<Request> {
    let url = Url::parse(url).ok()?;
    Request::new(Method::GET, url, &Headers::new(), Content::Empty).ok()
}

fn start(engine: &Engine, request: Request, blocking: bool) -> Option<httparallel::Operation> {
    let settings = Settings { blocking, pace: pace(), ..Settings::default() };
    engine.start(request, settings, None).ok()
}

fn pace() -> Option<Pace> {
    static PACE: LazyLock<Option<Pace>> = LazyLock::new(|| RateLimit::per_second(50.0).ok().map(Pace::new));
    PACE.clone()
}

fn finished(operation: &httparallel::Operation) -> bool {
    operation.wait(&mut until(Instant::now() + LIMIT)).is_ok()
        && operation.head().is_ok_and(|head| head.status == 200)
}

fn until(end: Instant) -> impl FnMut() -> Result<(), ()> {
    move || if Instant::now() < end { Ok(()) } else { Err(()) }
}

fn wait_for(child: libc::pid_t) -> bool {
    let end = Instant::now() + 3 * LIMIT;
    let mut status = 0;
    while Instant::now() < end {
        // SAFETY: `status` is a valid place for the result.
        if unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) } == child {
            return libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    // SAFETY: the child is this process's own, and has not been waited for.
    unsafe { libc::kill(child, libc::SIGKILL) };
    false
}
