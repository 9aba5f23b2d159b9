//! A stretch of time up to now, in parts that a chart can show.

use chrono::{DateTime, Duration, Utc};

/// Longest window, in hours.
pub const HOURS_MAX: u32 = 720;
/// Most parts of a window; it has at least [`PARTS_MIN`].
pub const PARTS_MAX: i64 = 60;
/// Fewest parts of a window.
pub const PARTS_MIN: i64 = 24;

/// Lengths of parts, in seconds, that people read easily. Each is at most 2.5
/// times the one before, so that a window never has fewer than [`PARTS_MIN`].
const LENGTHS: [i64; 12] = [
    60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
];

/// The time from so many hours ago until now, in parts of the same length that
/// begin at round times. The last part goes on beyond now, and the first one
/// may begin after the window would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    ends: DateTime<Utc>,
    length: Duration,
    parts: i64,
}

impl Window {
    /// The last so many hours, from 1 to [`HOURS_MAX`].
    pub fn of_hours(hours: u32, now: DateTime<Utc>) -> Self {
        let seconds = i64::from(hours.clamp(1, HOURS_MAX)) * 3_600;
        let longest = LENGTHS.last().copied().unwrap_or(seconds);
        let length = LENGTHS
            .into_iter()
            .find(|length| seconds <= length * PARTS_MAX)
            .unwrap_or(longest);
        let begun = now.timestamp() - now.timestamp().rem_euclid(length);
        Self {
            ends: DateTime::from_timestamp(begun + length, 0).unwrap_or(now),
            length: Duration::seconds(length),
            parts: (seconds + length - 1) / length,
        }
    }

    /// When it begins.
    pub fn since(&self) -> DateTime<Utc> {
        self.ends - self.length * i32::try_from(self.parts).unwrap_or(i32::MAX)
    }

    /// When it ends, without that moment itself.
    pub const fn until(&self) -> DateTime<Utc> {
        self.ends
    }

    /// How many parts it has.
    pub const fn parts(&self) -> i64 {
        self.parts
    }

    /// When each of its parts begins, oldest first; each ends where the next one
    /// begins.
    pub fn begins(&self) -> impl Iterator<Item = DateTime<Utc>> + use<> {
        let (since, length) = (self.since(), self.length);
        (0..i32::try_from(self.parts).unwrap_or(i32::MAX)).map(move |part| since + length * part)
    }

    /// How long each part is.
    pub const fn length(&self) -> Duration {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_cover_the_window_without_a_gap(
            hours in 1..=HOURS_MAX, now in 0_i64..10_000_000_000, nanos in 0_u32..1_000_000_000
        ) {
            let now = DateTime::from_timestamp(now, nanos).unwrap();
            let window = Window::of_hours(hours, now);
            let begins: Vec<_> = window.begins().collect();
            prop_assert!((PARTS_MIN..=PARTS_MAX).contains(&window.parts()), "{window:?}");
            prop_assert_eq!(i64::try_from(begins.len()).unwrap(), window.parts());
            prop_assert_eq!(begins[0], window.since());
            for pair in begins.windows(2) {
                prop_assert_eq!(pair[1] - pair[0], window.length());
            }
            let last = *begins.last().unwrap();
            prop_assert_eq!(last + window.length(), window.until());
            prop_assert!(last <= now && now < window.until());
            // As long as was asked, but for less than one part.
            let asked = Duration::hours(i64::from(hours));
            let shown = window.until() - window.since();
            prop_assert!(shown >= asked && shown - asked < window.length());
        }
    }

    #[test]
    fn a_part_begins_at_a_round_time() {
        let now = "2026-03-04T05:06:07.000008Z".parse().unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        for (hours, parts, since, until) in [
            (1, 60, "2026-03-04T04:07:00Z", "2026-03-04T05:07:00Z"),
            (24, 48, "2026-03-03T05:30:00Z", "2026-03-04T05:30:00Z"),
            (720, 60, "2026-02-02T12:00:00Z", "2026-03-04T12:00:00Z"),
        ] {
            let window = Window::of_hours(hours, now);
            assert_eq!(window.parts(), parts, "{hours}");
            assert_eq!(window.since(), at(since), "{hours}");
            assert_eq!(window.until(), at(until), "{hours}");
        }
    }
}
