//! Frame rates as exact fractions.

use std::fmt;

use serde::{Serialize, Serializer};

/// Frames per second as a reduced fraction, written `30000/1001`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    numerator: u64,
    denominator: u64,
}

impl Rate {
    /// `frames` shown in `ticks` of a clock with `timescale` ticks a second.
    pub(crate) fn of_frames(frames: u64, ticks: u64, timescale: u32) -> Option<Self> {
        if frames == 0 || ticks == 0 || timescale == 0 {
            return None;
        }
        let numerator = u128::from(frames) * u128::from(timescale);
        let denominator = u128::from(ticks);
        let divisor = gcd(numerator, denominator);
        Some(Self {
            numerator: u64::try_from(numerator / divisor).ok()?,
            denominator: u64::try_from(denominator / divisor).ok()?,
        })
    }

    /// One frame every so many nanoseconds.
    ///
    /// Nanoseconds cannot hold 1001/30000 s exactly, so this is the nearest
    /// fraction of small numbers (the same bound as ffmpeg's).
    pub(crate) fn of_frame_duration(nanoseconds: u128) -> Option<Self> {
        const BOUND: u128 = 30_000;
        const SECOND: u128 = 1_000_000_000;
        if nanoseconds == 0 || nanoseconds > 100 * SECOND {
            return None;
        }
        // Convergents of the continued fraction of SECOND / nanoseconds.
        let (mut a, mut b) = (SECOND, nanoseconds);
        let (mut before, mut now) = ((0, 1), (1, 0));
        while b != 0 {
            let whole = a / b;
            let next = (whole * now.0 + before.0, whole * now.1 + before.1);
            if next.0 > BOUND || next.1 > BOUND {
                break;
            }
            (before, now) = (now, next);
            (a, b) = (b, a % b);
        }
        if now.0 == 0 || now.1 == 0 {
            return None;
        }
        Some(Self {
            numerator: u64::try_from(now.0).ok()?,
            denominator: u64::try_from(now.1).ok()?,
        })
    }

    /// As a number.
    #[expect(
        clippy::cast_precision_loss,
        reason = "frame rates are far below 2^52, and the exact fraction is kept beside it"
    )]
    pub fn per_second(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ntsc_rates_survive_nanoseconds() {
        for (nanoseconds, rate) in [
            (33_366_666, "30000/1001"),
            (33_366_667, "30000/1001"),
            (41_708_333, "24000/1001"),
            (41_708_334, "24000/1001"),
            (40_000_000, "25/1"),
            (16_666_667, "60/1"),
            (20_833_333, "48/1"),
        ] {
            let found = Rate::of_frame_duration(nanoseconds).map(|rate| rate.to_string());
            assert_eq!(found.as_deref(), Some(rate), "{nanoseconds} ns");
        }
    }

    #[test]
    fn nothing_shown_has_no_rate() {
        assert_eq!(Rate::of_frames(0, 100, 25), None);
        assert_eq!(Rate::of_frames(10, 0, 25), None);
        assert_eq!(Rate::of_frame_duration(0), None);
    }
}
