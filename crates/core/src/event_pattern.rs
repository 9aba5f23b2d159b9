//! Names of events, and the patterns by which hooks choose among them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// Longest event name or pattern, in bytes.
pub const EVENT_NAME_MAX: usize = 128;

/// A pattern over event names: an exact name, a glob such as `job.*` (each `*`
/// stands for any run of characters), or `*` alone for every event. REQ-EVT-2
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "job_*")]
pub struct EventPattern(String);

/// The text is no event pattern.
#[derive(Debug, thiserror::Error)]
#[error(
    "must be 1 to {EVENT_NAME_MAX} letters, digits, '_', '.', ':' or '-', with '*' for any run of characters"
)]
pub struct InvalidEventPattern;

/// Whether the text can name an event type.
pub fn is_event_name(text: &str) -> bool {
    (1..=EVENT_NAME_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b))
}

impl EventPattern {
    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an event of this name triggers the hook.
    pub fn matches(&self, event_name: &str) -> bool {
        let mut parts = self.0.split('*');
        // `split` always yields at least one part.
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = event_name.strip_prefix(first) else {
            return false;
        };
        let Some(mut last) = parts.next() else {
            return rest.is_empty();
        };
        for part in parts {
            let Some(at) = rest.find(last) else {
                return false;
            };
            rest = &rest[at + last.len()..];
            last = part;
        }
        rest.ends_with(last)
    }
}

impl FromStr for EventPattern {
    type Err = InvalidEventPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.:-*".contains(&b);
        if (1..=EVENT_NAME_MAX).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidEventPattern)
        }
    }
}

impl TryFrom<String> for EventPattern {
    type Error = InvalidEventPattern;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EventPattern> for String {
    fn from(pattern: EventPattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for EventPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
