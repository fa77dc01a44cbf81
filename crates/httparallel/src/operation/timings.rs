//! How long the parts of an exchange took.
//!
//! ```text
//!  wanted                     given         sent           answered         ended
//!    ├─ queue ─┬─ opened ──────┼──── send ────┼──── wait ─────┼─── receive ────┤
//!              dns connect tls
//! ```
//!
//! Who passes one of these moments notes the time, under the operation's lock that it holds for other reasons. What lies
//! between them is worked out when somebody asks: it takes a dozen subtractions of times, which cost more than all the
//! rest.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::net::ConnectionFacts;

/// How long the parts of one exchange took, and which connection it went over.
///
/// A part that has not come to its end, or that there was none of, is `None`. The parts follow one another without
/// gaps: those that are there add up to `total`, unless the request was sent more than once. A redirect and the
/// response after it are two exchanges with their own timings.
///
/// ```
/// # let server = httparallel_testserver::TestServer::start(Default::default())?;
/// # let url = server.http_url();
/// let client = httparallel::blocking::Client::new();
/// let (first, second) = (client.get(&url).send()?, client.get(&url).send()?);
/// assert!(first.timings().connect.is_some() && !first.timings().reused);
/// assert!(second.timings().connect.is_none() && second.timings().reused);
/// assert_eq!(first.timings().connection, second.timings().connection);
/// assert!(second.timings().wait < second.timings().total);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timings {
    /// Waiting for a connection, or for a stream of one: from when the request was started, in a parallel block from
    /// its turn, without the time that opening its connection took. If it was sent more than once, from when the
    /// last attempt began.
    pub queue: Option<Duration>,
    /// Resolving the name of the host, or of its proxy. `None` if the connection was [`reused`](Self::reused).
    pub dns: Option<Duration>,
    /// Connecting the socket, and from there through the proxy if there is one; earlier attempts of
    /// [`connect_retries`](crate::ClientBuilder::connect_retries) included. `None` if the connection was reused.
    pub connect: Option<Duration>,
    /// The TLS handshake with the origin. `None` without TLS, and if the connection was reused.
    pub tls: Option<Duration>,
    /// Sending: from when the connection was given until the system had taken the last byte of the request, or
    /// until the response began if that was sooner.
    pub send: Option<Duration>,
    /// From there until the first byte of the response.
    pub wait: Option<Duration>,
    /// From there to the end of the body, or to where it broke off. The pauses of whoever reads a streamed body
    /// count.
    pub receive: Option<Duration>,
    /// From when the request was started, or the redirect followed, to the end of the response: all attempts and the
    /// pauses between them included.
    pub total: Option<Duration>,
    /// A number that no other connection of this client has; in a forked child they are counted anew. `None`
    /// before a connection was given.
    pub connection: Option<u64>,
    /// Whether another request was sent on the connection before.
    pub reused: bool,
    /// How often the request was sent: more than once if it was lost with its connection, or refused unprocessed.
    pub attempts: u32,
}

/// When the steps of opening a connection were done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    started: Instant,
    /// When the last attempt began, and when it had the addresses.
    attempt: Instant,
    resolved: Instant,
    connected: Instant,
    secured: Option<Instant>,
}

impl Opening {
    pub(crate) fn new(now: Instant) -> Self {
        Self { started: now, attempt: now, resolved: now, connected: now, secured: None }
    }

    /// Another attempt begins.
    pub(crate) fn attempt(&mut self, now: Instant) {
        (self.attempt, self.resolved, self.connected) = (now, now, now);
    }

    pub(crate) fn resolved(&mut self, now: Instant) {
        self.resolved = now;
    }

    /// There is a way for bytes, to the origin or to a proxy that forwards them.
    pub(crate) fn connected(&mut self, now: Instant) {
        self.connected = now;
    }

    /// TLS with the origin is up.
    pub(crate) fn secured(&mut self, now: Instant) {
        self.secured = Some(now);
    }

    /// What of it a request waited for that wants a connection since that moment: it may have come later.
    fn since(&self, wanted: Instant) -> Opened {
        let overlap = |from: Instant, to: Instant| to.saturating_duration_since(from.max(wanted));
        let dns = overlap(self.attempt, self.resolved);
        Opened {
            dns,
            connect: overlap(self.started, self.connected).saturating_sub(dns),
            tls: self.secured.map(|secured| overlap(self.connected, secured)),
        }
    }
}

/// How long a request waited for the steps of opening its connection.
#[derive(Clone, Copy, Debug)]
struct Opened {
    dns: Duration,
    connect: Duration,
    tls: Option<Duration>,
}

impl Opened {
    fn total(&self) -> Duration {
        self.dns + self.connect + self.tls.unwrap_or_default()
    }
}

/// What a connection noted of an exchange when the response's head was there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered {
    /// When the request got its stream, if that was later than the connection.
    pub(crate) given: Option<Instant>,
    /// When the last byte of the request was taken; `None` if that is still to come.
    pub(crate) sent: Option<Instant>,
    /// When the first byte of the response was there.
    pub(crate) at: Instant,
}

/// When an exchange passed which moment: [`timings`](Self::timings) tells what lay between them.
///
/// A binding keeps this with a response, for whoever asks.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// When the request, or the redirect's next one, began.
    begun: Option<Instant>,
    wanted: Option<Instant>,
    given: Option<Instant>,
    connection: Option<Arc<ConnectionFacts>>,
    reused: bool,
    sent: Option<Instant>,
    answered: Option<Instant>,
    ended: Option<Instant>,
    attempts: u32,
}

impl Course {
    /// The course of a request that begins now.
    pub(super) fn new(now: Instant) -> Self {
        Self { begun: Some(now), wanted: Some(now), ..Self::default() }
    }

    /// Forgets an attempt that was lost.
    pub(super) fn again(&mut self) {
        *self = Self { begun: self.begun, ..Self::default() };
    }

    /// A connection is wanted. Where one turns out to be of no use, another one is wanted since then, too.
    pub(crate) fn wants(&mut self, now: Instant) {
        self.begun.get_or_insert(now);
        self.wanted.get_or_insert(now);
    }

    /// A connection was given.
    pub(super) fn given(&mut self, connection: Arc<ConnectionFacts>, reused: bool, now: Instant) {
        self.given = Some(now);
        self.connection = Some(connection);
        self.reused = reused;
    }

    /// Whether its connection had served a request before.
    pub(super) fn is_reused(&self) -> bool {
        self.reused
    }

    /// The connection it went over.
    pub fn connection(&self) -> Option<&ConnectionFacts> {
        self.connection.as_deref()
    }

    /// How long the request waited for its connection to be opened, if it was the first on it.
    fn opened(&self) -> Option<Opened> {
        let connection = self.connection.as_ref().filter(|_| !self.reused)?;
        Some(connection.opening.since(self.wanted?))
    }

    pub(super) fn answered(&mut self, answered: Answered) {
        let Answered { given, sent, at } = answered;
        self.given = given.or(self.given);
        // The I/O thread looks at the clock before it has the connection, which another thread may still be using.
        let at = self.given.map_or(at, |given| at.max(given));
        // A response may come before the request is sent: from there on, receiving is what is done.
        self.sent = Some(sent.map_or(at, |sent| sent.min(at)));
        self.answered = Some(at);
    }

    /// The course so far, of a request that was sent so often.
    pub(super) fn until(self, ended: Option<Instant>, attempts: u32) -> Self {
        Self { ended, attempts, ..self }
    }

    /// How long each part took.
    pub fn timings(&self) -> Timings {
        let (waited, opened) = (between(self.wanted, self.given), self.opened());
        Timings {
            queue: waited.map(|all| all.saturating_sub(opened.map_or(Duration::ZERO, |o| o.total()))),
            dns: opened.map(|opened| opened.dns),
            connect: opened.map(|opened| opened.connect),
            tls: opened.and_then(|opened| opened.tls),
            send: between(self.given, self.sent),
            wait: between(self.sent, self.answered),
            receive: between(self.answered, self.ended),
            total: between(self.begun, self.ended),
            connection: self.connection.as_ref().map(|connection| connection.number()),
            reused: self.reused,
            attempts: self.attempts,
        }
    }
}

fn between(from: Option<Instant>, to: Option<Instant>) -> Option<Duration> {
    Some(to?.saturating_duration_since(from?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(opening: Opening) -> Arc<ConnectionFacts> {
        Arc::new(ConnectionFacts::opened(opening))
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A connection whose opening began at 10 ms, and took 5 ms, 20 ms and 15 ms.
    fn opening(start: Instant) -> Opening {
        let mut opening = Opening::new(start + ms(10));
        opening.resolved(start + ms(15));
        opening.connected(start + ms(35));
        opening.secured(start + ms(50));
        opening
    }

    #[test]
    fn the_parts_add_up() {
        let start = Instant::now();
        let mut course = Course::new(start);
        course.given(over(opening(start)), false, start + ms(52));
        let sent = Some(start + ms(53));
        course.answered(Answered { given: None, sent, at: start + ms(60) });
        let timings = course.clone().until(Some(start + ms(100)), 1).timings();
        assert_eq!(timings.queue, Some(ms(12)));
        assert_eq!((timings.dns, timings.connect, timings.tls), (Some(ms(5)), Some(ms(20)), Some(ms(15))));
        assert_eq!((timings.send, timings.wait, timings.receive), (Some(ms(1)), Some(ms(7)), Some(ms(40))));
        assert_eq!((timings.total, timings.reused, timings.attempts), (Some(ms(100)), false, 1));
    }

    #[test]
    fn a_request_that_came_while_its_connection_was_opened_waited_for_the_rest_only() {
        let start = Instant::now();
        let mut course = Course::default();
        course.wants(start + ms(25));
        course.given(over(opening(start)), false, start + ms(51));
        let timings = course.clone().until(None, 1).timings();
        assert_eq!((timings.dns, timings.connect, timings.tls), (Some(ms(0)), Some(ms(10)), Some(ms(15))));
        assert_eq!((timings.queue, timings.total), (Some(ms(1)), None));
    }

    #[test]
    fn attempts_to_connect_that_failed_count_as_connecting() {
        let start = Instant::now();
        let mut opening = Opening::new(start);
        opening.resolved(start + ms(2));
        opening.attempt(start + ms(500));
        opening.resolved(start + ms(503));
        opening.connected(start + ms(510));
        let mut course = Course::new(start);
        course.given(over(opening), false, start + ms(510));
        let timings = course.clone().until(None, 1).timings();
        assert_eq!((timings.dns, timings.connect, timings.tls), (Some(ms(3)), Some(ms(507)), None));
        assert_eq!(timings.queue, Some(ms(0)));
    }

    #[test]
    fn a_response_that_is_early_ends_the_sending() {
        let start = Instant::now();
        for sent in [None, Some(start + ms(9))] {
            let mut course = Course::new(start);
            course.given(over(opening(start)), true, start);
            course.answered(Answered { given: None, sent, at: start + ms(5) });
            let timings = course.clone().until(Some(start + ms(20)), 1).timings();
            assert_eq!(
                (timings.send, timings.wait, timings.receive),
                (Some(ms(5)), Some(ms(0)), Some(ms(15)))
            );
        }
    }

    #[test]
    fn another_attempt_is_timed_by_itself_and_all_count_in_total() {
        let start = Instant::now();
        let mut course = Course::new(start);
        course.given(over(opening(start)), true, start + ms(1));
        course.again();
        assert_eq!(course.clone().until(None, 2).timings(), Timings { attempts: 2, ..Timings::default() });
        course.wants(start + ms(30));
        course.given(over(opening(start)), true, start + ms(32));
        course.answered(Answered {
            given: Some(start + ms(34)),
            sent: Some(start + ms(35)),
            at: start + ms(36),
        });
        let timings = course.clone().until(Some(start + ms(40)), 2).timings();
        assert_eq!((timings.queue, timings.total, timings.attempts), (Some(ms(4)), Some(ms(40)), 2));
    }
}
