//! How fast a hook's deliveries are begun.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most deliveries of a rate.
pub const RATE_DELIVERIES_MAX: u32 = 100_000;
/// Longest time of a rate, in seconds.
pub const RATE_SECONDS_MAX: u32 = 86_400;
/// Parts of a rate's time that are told apart.
const PARTS: i64 = 50;
/// One of these parts, of a second, in milliseconds.
const PART_MS: i64 = 1_000 / PARTS;

/// At most so many deliveries of a hook begin within any so many seconds,
/// attempts that are retries counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// So many, from 1 to 100000.
    #[schema(minimum = 1, maximum = 100_000)]
    pub deliveries: u32,
    /// Within so many seconds, from 1 to 86400; 1 by default.
    #[serde(default = "one_second")]
    #[schema(minimum = 1, maximum = 86_400)]
    pub per_seconds: u32,
}

const fn one_second() -> u32 {
    1
}

impl RateLimit {
    fn window(self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.per_seconds))
    }

    /// The end of the part of time that this moment is in.
    fn end_of_part(self, at: DateTime<Utc>) -> i64 {
        let part = PART_MS * i64::from(self.per_seconds.max(1));
        at.timestamp_millis()
            .div_euclid(part)
            .saturating_add(1)
            .saturating_mul(part)
    }
}

/// What a hook began lately, as far as its rate asks for it.
///
/// Each delivery is noted as begun at the end of the part of time it was begun
/// in, a fiftieth of the rate's time: what is kept is bounded, whatever the rate,
/// and is forgotten by so much too late, never too early.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RateWindow(Vec<(i64, u32)>);

impl RateWindow {
    /// How many deliveries may begin now.
    pub fn free(&mut self, limit: RateLimit, now: DateTime<Utc>) -> u32 {
        let latest = limit.end_of_part(now);
        let over = (now - limit.window()).timestamp_millis();
        for (end, _) in &mut self.0 {
            // Whoever has set the clock back does not wait for it to catch up.
            *end = latest.min(*end);
        }
        self.0.retain(|(end, _)| *end > over);
        limit.deliveries.saturating_sub(self.begun())
    }

    /// Notes that so many begin now.
    pub fn begin(&mut self, limit: RateLimit, now: DateTime<Utc>, deliveries: u32) {
        if deliveries == 0 {
            return;
        }
        let end = limit.end_of_part(now);
        match self.0.last_mut() {
            Some((last, begun)) if *last >= end => *begun = begun.saturating_add(deliveries),
            _ => self.0.push((end, deliveries)),
        }
    }

    /// When the next may begin, where none may now.
    pub fn next_at(&self, limit: RateLimit) -> Option<DateTime<Utc>> {
        let mut begun = self.begun();
        for (end, deliveries) in &self.0 {
            if begun < limit.deliveries {
                break;
            }
            begun = begun.saturating_sub(*deliveries);
            if begun < limit.deliveries {
                return DateTime::from_timestamp_millis(*end)?.checked_add_signed(limit.window());
            }
        }
        None
    }

    fn begun(&self) -> u32 {
        let begun = self.0.iter().map(|(_, deliveries)| *deliveries);
        begun.fold(0, u32::saturating_add)
    }
}
