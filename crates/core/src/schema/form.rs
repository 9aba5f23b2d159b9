//! What a schema may look like, whatever it means.

use super::reference;
use crate::invalid::{Findings, Invalid, pointer_token};
use serde_json::Value;

/// Largest schema, in bytes of its JSON.
pub const SCHEMA_BYTES_MAX: usize = 256 << 10;
/// Deepest nesting of a schema, in levels.
pub const SCHEMA_NESTING_MAX: usize = 64;
/// Most patterns (`pattern`, `patternProperties`) of a schema.
pub const PATTERNS_MAX: usize = 200;

/// Checks everything that can be seen without knowing which parts are schemas.
pub(super) fn check(schema: &Value) -> Result<(), Invalid> {
    if !schema.is_object() {
        return Err(Invalid::one("", "must be a JSON object"));
    }
    if depth_exceeds(schema, SCHEMA_NESTING_MAX) {
        return Err(Invalid::one(
            "",
            format!("is nested deeper than {SCHEMA_NESTING_MAX} levels"),
        ));
    }
    // Serializing counts: it ends early only for what is not JSON.
    let bytes = serde_json::to_string(schema).map_or(usize::MAX, |text| text.len());
    if bytes > SCHEMA_BYTES_MAX {
        return Err(Invalid::one(
            "",
            format!("has {bytes} bytes, at most {SCHEMA_BYTES_MAX} are taken"),
        ));
    }
    let mut walk = Walk {
        root: schema,
        findings: Findings::default(),
    };
    walk.schema(schema, &mut String::new());
    let patterns = patterns(schema);
    if patterns > PATTERNS_MAX {
        walk.findings.push(
            "",
            format!("has {patterns} patterns, at most {PATTERNS_MAX} are taken"),
        );
    }
    walk.findings.finish()
}

fn depth_exceeds(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(values) => {
            levels == 0 || values.iter().any(|value| depth_exceeds(value, levels - 1))
        }
        Value::Object(object) => {
            levels == 0
                || object
                    .values()
                    .any(|value| depth_exceeds(value, levels - 1))
        }
        _ => false,
    }
}

/// How many patterns there are, also where no schema is looked for: a reference
/// can lead there.
fn patterns(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(patterns).sum(),
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| {
                let own = match (key.as_str(), value) {
                    ("pattern", Value::String(_)) => 1,
                    ("patternProperties", Value::Object(by_pattern)) => by_pattern.len(),
                    _ => 0,
                };
                own + patterns(value)
            })
            .sum(),
        _ => 0,
    }
}

struct Walk<'a> {
    root: &'a Value,
    findings: Findings,
}

impl Walk<'_> {
    fn schema(&mut self, schema: &Value, at: &mut String) {
        let Some(keywords) = schema.as_object() else {
            return;
        };
        for (keyword, value) in keywords {
            let before = at.len();
            at.push('/');
            at.push_str(&pointer_token(keyword));
            match keyword.as_str() {
                "$ref" => self.reference(value, at),
                // Where a reference leads is then told by its text alone.
                "$dynamicRef" | "$recursiveRef" | "$anchor" | "$dynamicAnchor"
                | "$recursiveAnchor" => self.findings.push(
                    at.as_str(),
                    "is not supported: use $ref with a pointer such as #/$defs/name",
                ),
                "$id" | "id" if before > 0 => self.findings.push(
                    at.as_str(),
                    "is not supported below the top of a schema: remove it",
                ),
                // Values, not schemas.
                "const" | "enum" | "default" | "example" | "examples" => {}
                "properties" | "patternProperties" | "$defs" | "definitions"
                | "dependentSchemas" | "dependencies" => {
                    self.each(value, at);
                }
                _ if value.is_array() => self.each(value, at),
                _ => self.schema(value, at),
            }
            at.truncate(before);
        }
    }

    fn each(&mut self, values: &Value, at: &mut String) {
        let before = at.len();
        match values {
            Value::Array(values) => {
                for (i, value) in values.iter().enumerate() {
                    at.push('/');
                    at.push_str(&i.to_string());
                    self.schema(value, at);
                    at.truncate(before);
                }
            }
            Value::Object(values) => {
                for (key, value) in values {
                    at.push('/');
                    at.push_str(&pointer_token(key));
                    self.schema(value, at);
                    at.truncate(before);
                }
            }
            _ => {}
        }
    }

    /// Also where the validator would find its way: it reads pointers that are
    /// none (`#/allOf/01`), and what it finds there could cost anything.
    fn reference(&mut self, target: &Value, at: &str) {
        let text = target.as_str().unwrap_or_default();
        if text != "#" && !text.starts_with("#/") {
            self.findings.push(
                at,
                "must stay within the schema, such as #/$defs/name: nothing is fetched",
            );
            return;
        }
        let found = reference::target(self.root, text);
        self.findings.require(
            found.is_some_and(|found| found.is_object() || found.is_boolean()),
            at,
            "leads to no schema of this document: name one that is there by its JSON pointer, \
             such as #/$defs/name",
        );
    }
}
