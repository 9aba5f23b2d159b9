//! How deep JSON from outside may be nested.

use serde_json::{Map, Value};

/// Deepest nesting of JSON that comes from outside, in levels.
///
/// JSON readers stop at 128 levels, and what comes from outside is kept inside
/// documents of ours: without room for these, something could be written that
/// cannot be read again.
pub const NESTING_MAX: usize = 96;

/// Whether a value is nested deeper than [`NESTING_MAX`].
pub fn is_too_deep(value: &Value) -> bool {
    exceeds(value, NESTING_MAX)
}

/// Whether an object is nested deeper than [`NESTING_MAX`].
pub fn is_object_too_deep(object: &Map<String, Value>) -> bool {
    object.values().any(|value| exceeds(value, NESTING_MAX - 1))
}

fn exceeds(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(values) => {
            levels == 0 || values.iter().any(|value| exceeds(value, levels - 1))
        }
        Value::Object(object) => {
            levels == 0 || object.values().any(|value| exceeds(value, levels - 1))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
