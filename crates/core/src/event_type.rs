//! Types of events: the catalogue of what can happen. REQ-EVT-1
//!
//! A *business* event is kept and triggers the hooks whose pattern matches its
//! name; a *progress* event goes to live clients alone. Stagehook brings its own
//! types ([`built_in()`]); people add theirs, one by one ([`EventTypeRequest`]) or
//! a whole catalogue at once ([`parse_catalogue`]).

mod built_in;
mod catalogue;
mod request;

pub use built_in::{built_in, is_built_in};
pub use catalogue::{CATALOGUE_MAX, parse_catalogue};
pub use request::EventTypeRequest;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// It is kept, and triggers hooks.
    Business,
    /// It goes to the clients that listen at that moment, and never triggers a
    /// hook.
    Progress,
}

impl EventKind {
    /// The name used in JSON and in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Progress => "progress",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no kind of event.
#[derive(Debug, thiserror::Error)]
#[error("must be one of business, progress")]
pub struct UnknownEventKind;

impl FromStr for EventKind {
    type Err = UnknownEventKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "business" => Ok(Self::Business),
            "progress" => Ok(Self::Progress),
            _ => Err(UnknownEventKind),
        }
    }
}

/// A type of events.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EventType {
    /// Its name, which every event of the type carries.
    #[schema(example = "translation_complete")]
    pub name: String,
    /// What becomes of its events.
    pub kind: EventKind,
    /// For people.
    pub description: String,
    /// JSON Schema of its events' data; none where any data will do.
    #[schema(value_type = Option<Object>)]
    pub schema: Option<Value>,
    /// Whether Stagehook itself emits it; such a type cannot be changed.
    pub built_in: bool,
}
