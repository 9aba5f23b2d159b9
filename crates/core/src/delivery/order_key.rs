//! Which deliveries of a hook are made one after the other.

use crate::digest::Digest;
use crate::event::Event;
use crate::ids::JobId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Longest text of an order key, in bytes.
const LENGTH_MAX: usize = 256;
/// Longest value that is kept as it is, in bytes; of a longer one its digest is.
const VALUE_MAX: usize = 128;
/// The key that is no pointer.
const JOB: &str = "job_id";

/// What tells the deliveries of a hook that are made in order from those that
/// they have no order with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum OrderKey {
    /// `job_id`: the job that the event is about.
    Job,
    /// A JSON pointer (RFC 6901) into the data of the event.
    Pointer(String),
}

/// The text is no order key.
#[derive(Debug, thiserror::Error)]
#[error(
    "must be 'job_id', or a JSON pointer into the data of the event (such as /shot/id) of at most \
     256 bytes, in which '~' is written ~0 and a '/' within a name ~1"
)]
pub struct InvalidOrderKey;

impl OrderKey {
    /// The value that this event has under the key, as JSON; of a long one its
    /// digest. None, and so no order, where the event has none, or null.
    pub fn value(&self, event: &Event) -> Option<String> {
        let text = match self {
            Self::Job => event.job_id.map(JobId::get)?.to_string(),
            Self::Pointer(pointer) => {
                let pointer = pointer.strip_prefix('/')?;
                let (first, rest) = pointer
                    .find('/')
                    .map_or((pointer, ""), |at| pointer.split_at(at));
                let first = first.replace("~1", "/").replace("~0", "~");
                let value = event.data.get(&first)?.pointer(rest)?;
                if value.is_null() {
                    return None;
                }
                value.to_string()
            }
        };
        if text.len() > VALUE_MAX {
            return Some(Digest::of(text.as_bytes()).to_string());
        }
        Some(text)
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Job => JOB,
            Self::Pointer(pointer) => pointer,
        }
    }
}

impl fmt::Display for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for OrderKey {
    type Err = InvalidOrderKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for OrderKey {
    type Error = InvalidOrderKey;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == JOB {
            return Ok(Self::Job);
        }
        let mut tildes = text.split('~').skip(1);
        let is_pointer = text.starts_with('/')
            && text.len() <= LENGTH_MAX
            && tildes.all(|after| after.starts_with(['0', '1']));
        if is_pointer {
            Ok(Self::Pointer(text))
        } else {
            Err(InvalidOrderKey)
        }
    }
}

impl From<OrderKey> for String {
    fn from(key: OrderKey) -> Self {
        key.to_string()
    }
}
