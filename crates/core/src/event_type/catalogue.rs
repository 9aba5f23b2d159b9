//! Catalogues: the event types of a whole application, in one file.
//!
//! ```json
//! {
//!   "application": "sublarr",
//!   "note": "for people",
//!   "business": ["upgrade_complete", {"name": "whisper_failed", "description": "…", "schema": {…}}],
//!   "progress": ["job_update"]
//! }
//! ```

use super::{EventKind, EventType, EventTypeRequest};
use crate::invalid::{FieldError, Invalid, from_value};
use crate::text;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

/// Most event types of a catalogue.
pub const CATALOGUE_MAX: usize = 1_000;
/// Most problems that are told of one catalogue.
const PROBLEMS_MAX: usize = 100;

/// The file. What is in the two lists is read on its own, so that an error names
/// its place and one wrong type does not hide the next.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    #[serde(default)]
    application: Option<String>,
    #[serde(default)]
    note: Option<String>,
    business: Option<Vec<Value>>,
    progress: Option<Vec<Value>>,
}

/// An event type of which more is told than its name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    schema: Option<Value>,
}

/// Reads a catalogue: business types first, in the order of the file.
///
/// Compiles every schema in it, which takes a while for a large one: call it
/// beside the threads that answer.
///
/// # Errors
/// What is wrong, with JSON pointers into the catalogue (the first hundred
/// problems): a name that is none, that is built in or that comes twice, a
/// schema that is none, an unknown key, more than [`CATALOGUE_MAX`] types.
pub fn parse_catalogue(value: Value) -> Result<Vec<EventType>, Invalid> {
    let catalogue: Catalogue = from_value(value)?;
    let mut problems = Vec::new();
    for (pointer, told) in [
        ("/application", &catalogue.application),
        ("/note", &catalogue.note),
    ] {
        if let Some(told) = told
            && let Err(Invalid(errors)) = text::free(pointer, told)
        {
            problems.extend(errors);
        }
    }
    if catalogue.business.is_none() && catalogue.progress.is_none() {
        return Err(Invalid::one(
            "",
            "must have the lists business or progress: this is no catalogue of event types",
        ));
    }
    let business = catalogue.business.unwrap_or_default();
    let progress = catalogue.progress.unwrap_or_default();
    let count = business.len() + progress.len();
    if count > CATALOGUE_MAX {
        return Err(Invalid::one(
            "",
            format!("has {count} event types, at most {CATALOGUE_MAX} are taken at once: split it"),
        ));
    }

    let mut types: Vec<EventType> = Vec::with_capacity(count);
    let mut places: HashMap<String, String> = HashMap::with_capacity(count);
    for (kind, entries) in [
        (EventKind::Business, business),
        (EventKind::Progress, progress),
    ] {
        for (i, entry) in entries.into_iter().enumerate() {
            if problems.len() >= PROBLEMS_MAX {
                break;
            }
            let place = format!("/{kind}/{i}");
            match parse_entry(kind, entry, &place) {
                Err(Invalid(errors)) => problems.extend(errors),
                Ok(event_type) => {
                    if let Some(first) = places.get(&event_type.name) {
                        let detail =
                            format!("'{}' is also at {first}: remove one", event_type.name);
                        problems.push(FieldError::new(place, detail));
                    } else {
                        places.insert(event_type.name.clone(), place);
                        types.push(event_type);
                    }
                }
            }
        }
    }
    if problems.is_empty() {
        Ok(types)
    } else {
        problems.truncate(PROBLEMS_MAX);
        Err(Invalid(problems))
    }
}

fn parse_entry(kind: EventKind, entry: Value, place: &str) -> Result<EventType, Invalid> {
    match entry {
        Value::String(name) => EventTypeRequest {
            name,
            kind,
            description: String::new(),
            schema: None,
        }
        .check()
        .map_err(|Invalid(errors)| {
            // A bare name is its own place: there is no key below it.
            Invalid(
                errors
                    .into_iter()
                    .map(|error| FieldError::new(place, error.detail))
                    .collect(),
            )
        }),
        Value::Object(_) => from_value::<Described>(entry)
            .and_then(|described| {
                EventTypeRequest {
                    name: described.name,
                    kind,
                    description: described.description,
                    schema: described.schema,
                }
                .check()
            })
            .map_err(|invalid| invalid.below(place)),
        _ => Err(Invalid::one(
            place,
            "must be the name of an event type, or an object with name, description and schema",
        )),
    }
}
