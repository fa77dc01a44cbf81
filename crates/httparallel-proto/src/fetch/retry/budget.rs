//! How many attempts a client may add to the load it makes anyway.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// What one retry costs, and what a request brings in if as many retries as requests are allowed.
const TOKEN: u64 = 1000;
const TOKEN_F64: f64 = 1000.0;

/// What the balance tends to: enough for a client that has just begun, or makes few requests.
const RESERVE: u64 = 10 * TOKEN;

/// More than this is never saved.
const MOST: u64 = 16_000 * TOKEN;

/// Time is counted in steps of a quarter of a second.
const STEPS_PER_SECOND: u64 = 4;

/// How fast the reserve is filled up again: one retry a second.
const REFILL: u64 = TOKEN / STEPS_PER_SECOND;

/// After so many steps, half of what was saved beyond the reserve is gone.
const HALF_LIFE: u64 = 22;

/// How many bits of the state are the balance; the others are the time.
const BALANCE_BITS: u32 = 32;

/// A budget for retries, shared by the requests of a client.
///
/// Each request pays in a part of a retry, a fifth by default, and each retry takes a whole one out. So a server that
/// fails everything gets at most a fifth more requests, however many attempts each of them might make. Savings melt
/// away within seconds: what was saved in good times must not be spent on a server the moment it breaks down. A small
/// reserve, ten retries, is filled up by one a second, so that clients with few requests can retry too.
///
/// It has no lock, so a forked child can go on with it.
#[derive(Debug)]
pub struct RetryBudget {
    epoch: Instant,
    /// The balance, and above it the step at which it was settled last.
    state: AtomicU64,
}

impl RetryBudget {
    /// A budget with its reserve. `now`: the moment, for which any will do that is not later than those to come.
    pub fn new(now: Instant) -> Self {
        Self { epoch: now, state: AtomicU64::new(RESERVE) }
    }

    /// A request begins, and pays in `part` of a retry: 0.2 is one retry for five requests.
    pub fn deposit(&self, part: f64, now: Instant) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped; NaN becomes 0")]
        let paid = (part.clamp(0.0, 1000.0) * TOKEN_F64).round() as u64;
        self.settle(now, |balance| Some((balance + paid).min(MOST)));
    }

    /// Takes a retry out. Returns `false` if there is none left.
    pub fn withdraw(&self, now: Instant) -> bool {
        self.settle(now, |balance| balance.checked_sub(TOKEN))
    }

    fn settle(&self, now: Instant, change: impl Fn(u64) -> Option<u64>) -> bool {
        let elapsed =
            now.saturating_duration_since(self.epoch).as_millis() * u128::from(STEPS_PER_SECOND) / 1000;
        // 34 years, after which time stands still.
        let step = u64::try_from(elapsed).unwrap_or(u64::MAX).min((1 << (64 - BALANCE_BITS)) - 1);
        let update = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
            let (balance, settled) = (state & ((1 << BALANCE_BITS) - 1), state >> BALANCE_BITS);
            let balance = change(after(balance, step.saturating_sub(settled)))?;
            Some(step.max(settled) << BALANCE_BITS | balance)
        });
        update.is_ok()
    }
}

/// What a balance has become after so many steps: it tends to the reserve from both sides.
fn after(balance: u64, steps: u64) -> u64 {
    let Some(saved) = balance.checked_sub(RESERVE) else {
        return RESERVE.min(balance + REFILL.saturating_mul(steps));
    };
    let halved = saved.checked_shr(u32::try_from(steps / HALF_LIFE).unwrap_or(u32::MAX)).unwrap_or(0);
    // The 22nd root of a half is 0.969: nearly 31/32.
    RESERVE + (0..steps % HALF_LIFE).fold(halved, |left, _| left - left / 32)
}
