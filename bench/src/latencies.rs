//! How long each of many calls took.

use std::fmt;
use std::time::Duration;

/// How long each of many calls took. Shown as the cells `p50 | p99 | calls`,
/// in microseconds.
#[derive(Debug, Clone, Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Adds one.
    pub fn push(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    /// The latency that this share of all calls stayed within; zero where there
    /// was none.
    pub fn quantile(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a number of calls"
        )]
        let at = (sorted.len() as f64 * share) as usize;
        sorted
            .get(at.min(sorted.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = |share| self.quantile(share).as_secs_f64() * 1e6;
        write!(f, "{:.0} | {:.0} | {}", us(0.5), us(0.99), self.0.len())
    }
}
