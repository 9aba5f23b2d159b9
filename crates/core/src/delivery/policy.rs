//! How often a hook's deliveries are tried, and how long apart.

use super::RateLimit;
use std::time::Duration;

/// Retries of a hook that says nothing about them. REQ-EVT-6
pub const RETRIES_DEFAULT: u32 = 3;
/// Most retries that a hook may ask for, the long tail aside.
pub const RETRIES_MAX: u32 = 20;
/// Attempts at once for a hook that says nothing about them.
pub const CONCURRENCY_DEFAULT: u32 = 16;
/// Most attempts at once that a hook may ask for.
pub const CONCURRENCY_MAX: u32 = 256;
/// Retries of the long tail.
const LONG_TAIL_RETRIES: u32 = 6;
/// Longest wait before an ordinary retry.
pub const WAIT_MAX: Duration = Duration::from_hours(1);
/// The waits of the long tail, which begins when the ordinary retries are used
/// up.
pub const LONG_TAIL: [Duration; LONG_TAIL_RETRIES as usize] = [
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(6),
    Duration::from_hours(12),
];

/// How much a wait of the long tail is changed at most, as a part of itself: so
/// that what failed together does not come back together.
const JITTER: f64 = 0.2;
/// The first wait before a retry; each is twice the one before. REQ-EVT-6
const FIRST_WAIT_SECONDS: u64 = 2;

/// How the deliveries of a hook are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeliveryPolicy {
    /// Attempts after the first.
    pub retries: u32,
    /// Whether [`LONG_TAIL`] follows on these.
    pub long_tail: bool,
    /// Attempts of all deliveries of the hook at once.
    pub concurrency: u32,
    /// How fast they begin; as fast as they can where there is none.
    pub rate_limit: Option<RateLimit>,
}

impl Default for DeliveryPolicy {
    fn default() -> Self {
        Self {
            retries: RETRIES_DEFAULT,
            long_tail: false,
            concurrency: CONCURRENCY_DEFAULT,
            rate_limit: None,
        }
    }
}

impl DeliveryPolicy {
    /// Most attempts that are made of one delivery.
    pub const fn attempts(self) -> u32 {
        let tail = if self.long_tail { LONG_TAIL_RETRIES } else { 0 };
        self.retries.saturating_add(1).saturating_add(tail)
    }

    /// How long to wait after this attempt (from 1) before the next one; `None`
    /// when it was the last.
    ///
    /// After 2 s, 4 s, 8 s and so on, at most [`WAIT_MAX`]; then, where the hook
    /// has it, the [`LONG_TAIL`], each wait a fifth shorter (`jitter` 0.0) to a
    /// fifth longer (1.0). A wait of the tail is no shorter than the last
    /// ordinary one, that fifth aside: who asks for many retries waits longer
    /// and longer, too.
    pub fn wait_after(self, attempt: u32, jitter: f64) -> Option<Duration> {
        let earlier = attempt.saturating_sub(1);
        let Some(of_tail) = earlier.checked_sub(self.retries) else {
            return Some(ordinary_wait(earlier));
        };
        if !self.long_tail {
            return None;
        }
        let wait = *LONG_TAIL.get(of_tail as usize)?;
        let wait = match self.retries.checked_sub(1) {
            Some(last) => wait.max(ordinary_wait(last)),
            None => wait,
        };
        // A number that is none would make a duration that is none.
        let jitter = if jitter.is_nan() { 0.5 } else { jitter };
        Some(wait.mul_f64(1.0 + JITTER * (2.0 * jitter.clamp(0.0, 1.0) - 1.0)))
    }
}

/// The wait before an ordinary retry that has so many before it.
fn ordinary_wait(retries_before: u32) -> Duration {
    let seconds = 2_u64
        .checked_pow(retries_before)
        .map_or(u64::MAX, |factor| factor.saturating_mul(FIRST_WAIT_SECONDS));
    Duration::from_secs(seconds).min(WAIT_MAX)
}
