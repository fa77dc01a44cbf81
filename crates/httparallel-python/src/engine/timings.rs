//! Timings as the Python package takes them.

use std::time::Duration;

use httparallel::Timings;

/// Queue, dns, connect, tls, send, wait, receive and total, in seconds; connection, reused, attempts.
pub(super) type Fields = (
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<u64>,
    bool,
    u32,
);

pub(super) fn fields(timings: &Timings) -> Fields {
    let seconds = |part: Option<Duration>| part.map(|part| part.as_secs_f64());
    (
        seconds(timings.queue),
        seconds(timings.dns),
        seconds(timings.connect),
        seconds(timings.tls),
        seconds(timings.send),
        seconds(timings.wait),
        seconds(timings.receive),
        seconds(timings.total),
        timings.connection,
        timings.reused,
        timings.attempts,
    )
}
