//! An event type as it comes from outside.

use super::{EventKind, EventType, is_built_in};
use crate::event_pattern::{EVENT_NAME_MAX, is_event_name};
use crate::invalid::{Findings, Invalid};
use crate::schema::JsonSchema;
use crate::text;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// An event type as it comes from outside, before it is checked.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventTypeRequest {
    /// 1 to 128 letters, digits, `_`, `.`, `:` or `-`; not that of a built-in
    /// type.
    #[schema(example = "translation_complete")]
    pub name: String,
    /// What becomes of its events.
    pub kind: EventKind,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of its events' data; without one, any data will do.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub schema: Option<Value>,
}

impl EventTypeRequest {
    /// Checks the request; all that is wrong with it is reported at once.
    ///
    /// # Errors
    /// With pointers `/name`, `/description`, and into `/schema`.
    pub fn check(self) -> Result<EventType, Invalid> {
        let mut findings = Findings::default();
        findings.take(check_name(&self.name));
        findings.take(text::free("/description", &self.description));
        if let Some(schema) = &self.schema {
            findings.take(JsonSchema::compile(schema).map_err(|invalid| invalid.below("/schema")));
        }
        findings.finish()?;
        Ok(EventType {
            name: self.name,
            kind: self.kind,
            description: self.description,
            schema: self.schema,
            built_in: false,
        })
    }
}

fn check_name(name: &str) -> Result<(), Invalid> {
    if !is_event_name(name) {
        return Err(Invalid::one(
            "/name",
            format!("must be 1 to {EVENT_NAME_MAX} letters, digits, '_', '.', ':' or '-'"),
        ));
    }
    if is_built_in(name) {
        return Err(Invalid::one(
            "/name",
            format!("'{name}' is built in and cannot be changed: choose another name"),
        ));
    }
    Ok(())
}
