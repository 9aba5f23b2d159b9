//! JSON merge patches (RFC 7396) for the metadata of a stage.

use serde_json::{Map, Value};

/// Applies a merge patch: a key with `null` is removed, an object is merged,
/// anything else replaces what was there.
pub fn apply(metadata: &mut Map<String, Value>, patch: &Map<String, Value>) {
    let mut document = Value::Object(std::mem::take(metadata));
    json_patch::merge(&mut document, &Value::Object(patch.clone()));
    if let Value::Object(merged) = document {
        *metadata = merged;
    }
}
