//! Processor time, memory, and the figures that are printed.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, Write as _};
use std::time::Instant;

use crate::Error;

/// What the requests of a run returned.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The sum of what each returned.
    pub(crate) size: u64,
    /// Each request's time, where it was taken.
    pub(crate) seconds: Vec<f64>,
}

impl Outcome {
    pub(crate) fn add(&mut self, other: Self) {
        self.size += other.size;
        self.seconds.extend(other.seconds);
    }
}

/// Says that the warm-up is over, waits until the run may begin, and measures from here.
pub(crate) struct Measurement {
    cpu: f64,
    memory: f64,
    start: Instant,
}

impl Measurement {
    pub(crate) fn begin() -> Result<Self, Error> {
        println!("ready");
        std::io::stdout().flush()?;
        std::io::stdin().lock().read_line(&mut String::new())?;
        // Sets the peak to what is used now.
        let _ = fs::write("/proc/self/clear_refs", "5");
        Ok(Self { cpu: cpu_seconds(), memory: status_mb("VmRSS:"), start: Instant::now() })
    }

    /// Prints the figures as JSON.
    pub(crate) fn end(self, count: usize, mut outcome: Outcome) {
        let wall = self.start.elapsed().as_secs_f64();
        let cpu = cpu_seconds() - self.cpu;
        let memory = (status_mb("VmHWM:") - self.memory).max(0.0);
        let mut text = format!(
            r#""count": {count}, "size": {}, "wall_s": {wall}, "cpu_s": {cpu}, "memory_mb": {memory}"#,
            outcome.size
        );
        if !outcome.seconds.is_empty() {
            outcome.seconds.sort_by(f64::total_cmp);
            let (p50, p99) = (quantile(&outcome.seconds, 50), quantile(&outcome.seconds, 99));
            let _ = write!(text, r#", "p50_us": {}, "p99_us": {}"#, p50 * 1e6, p99 * 1e6);
        }
        println!("{{{text}}}");
    }
}

fn quantile(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() - 1) * percent / 100]
}

/// User and system time of all threads.
#[expect(clippy::cast_precision_loss, reason = "microseconds fit")]
fn cpu_seconds() -> f64 {
    // SAFETY: `rusage` consists of numbers, for which zeros are valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a whole `rusage`, which the call fills in.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

fn status_mb(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or_default() * 1024.0 / 1e6
}
