//! How long something is kept: `30d`, `12h`, `forever`.

use serde::Deserialize;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The units, largest first, each with its seconds.
const UNITS: [(char, u64); 5] = [
    ('w', 7 * 86_400),
    ('d', 86_400),
    ('h', 3_600),
    ('m', 60),
    ('s', 1),
];
/// Longest time, in seconds: a hundred years.
const SECONDS_MAX: u64 = 36_500 * 86_400;

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Keep {
    /// For ever.
    Forever,
    /// So many seconds, at least one.
    Seconds(u64),
}

/// The text is no such time.
#[derive(Debug, thiserror::Error)]
#[error(
    "must be 'forever', or a number with a unit (s, m, h, d, w) such as 30d, of at most 36500d"
)]
pub(crate) struct InvalidKeep;

impl Keep {
    /// How long; none: for ever.
    pub(crate) const fn duration(self) -> Option<Duration> {
        match self {
            Self::Forever => None,
            Self::Seconds(seconds) => Some(Duration::from_secs(seconds)),
        }
    }
}

impl FromStr for Keep {
    type Err = InvalidKeep;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "forever" {
            return Ok(Self::Forever);
        }
        let unit = UNITS
            .iter()
            .find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, seconds)));
        let (number, unit) = unit.ok_or(InvalidKeep)?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = number.parse::<u64>().ok().filter(|_| is_number);
        seconds
            .and_then(|number| number.checked_mul(*unit))
            .filter(|seconds| (1..=SECONDS_MAX).contains(seconds))
            .map(Self::Seconds)
            .ok_or(InvalidKeep)
    }
}

impl TryFrom<String> for Keep {
    type Error = InvalidKeep;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Seconds(seconds) = self else {
            return f.write_str("forever");
        };
        let fits = |(_, unit): &&(char, u64)| seconds % unit == 0;
        // Days are what people say, weeks what they may write.
        match UNITS[1..].iter().find(fits) {
            Some((unit, length)) => write!(f, "{}{unit}", seconds / length),
            None => write!(f, "{seconds}s"),
        }
    }
}
