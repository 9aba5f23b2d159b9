//! Time as an argument.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Where the time comes from.
///
/// Every reading is truncated to microseconds, which is what PostgreSQL keeps,
/// so that a time written and read back is the same on both databases.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands still until it is told to move.
    Manual(ManualClock),
}

impl Clock {
    /// A clock that shows `start` until it is advanced.
    pub fn manual(start: DateTime<Utc>) -> (Self, ManualClock) {
        let clock = ManualClock(Arc::new(AtomicI64::new(start.timestamp_micros())));
        (Self::Manual(clock.clone()), clock)
    }

    /// The time now, in UTC, to the microsecond.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            #[expect(
                clippy::disallowed_methods,
                reason = "the one place that reads the machine's clock"
            )]
            Self::System => Utc::now().trunc_subsecs(6),
            Self::Manual(clock) => clock.now(),
        }
    }
}

/// The handle that moves a [`Clock::Manual`].
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// Moves the clock on.
    pub fn advance(&self, by: TimeDelta) {
        self.0
            .fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap_or_default()
    }
}
