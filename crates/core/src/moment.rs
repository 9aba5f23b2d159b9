//! Moments that are asked for.

use chrono::{DateTime, Datelike as _, Utc};
use serde::{Deserialize, Deserializer, de::Error as _};

/// A moment of the years 1 to 9999 of the common era (RFC 3339): what every
/// database can compare, in whatever way it keeps times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(DateTime<Utc>);

impl Moment {
    /// None outside of these years.
    pub fn new(at: DateTime<Utc>) -> Option<Self> {
        (1..=9999).contains(&at.year()).then_some(Self(at))
    }

    /// When it is.
    pub const fn get(self) -> DateTime<Utc> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let at = DateTime::deserialize(deserializer)?;
        Self::new(at).ok_or_else(|| D::Error::custom("must be in the years 1 to 9999"))
    }
}
