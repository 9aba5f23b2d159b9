//! How much work one check may take.
//!
//! References let a small schema stand for an enormous one, by way of
//! alternatives that hold alternatives. This walks a schema beside a value as a
//! validator would that never stops early, and counts.

use super::reference;
use serde_json::Value;

/// Most steps of one check. A million takes well below a second.
const STEPS_MAX: u64 = 1_000_000;
/// Bytes of a text that are matched in the time of one step.
const BYTES_A_STEP: usize = 32;
/// Deepest way through schemas and references, in levels.
const LEVELS_MAX: usize = 512;

/// How many steps checking this value against this schema takes at most; also
/// how many problems it can find. `None` when it would not end soon.
pub(super) fn steps(root: &Value, value: &Value) -> Option<u64> {
    let mut walk = Walk {
        root,
        left: STEPS_MAX,
    };
    walk.apply(root, value, LEVELS_MAX)?;
    Some(STEPS_MAX - walk.left)
}

struct Walk<'a> {
    root: &'a Value,
    left: u64,
}

impl Walk<'_> {
    /// `None` when too much was done.
    fn spend(&mut self, steps: usize) -> Option<()> {
        self.left = self.left.checked_sub(u64::try_from(steps).ok()?)?;
        Some(())
    }

    fn apply(&mut self, schema: &Value, value: &Value, levels: usize) -> Option<()> {
        let levels = levels.checked_sub(1)?;
        self.spend(1)?;
        let Some(keywords) = schema.as_object() else {
            return Some(());
        };
        // What is left unevaluated is found out by evaluating once more.
        let rounds = if keywords.contains_key("unevaluatedProperties")
            || keywords.contains_key("unevaluatedItems")
        {
            2
        } else {
            1
        };
        for _ in 0..rounds {
            for (keyword, argument) in keywords {
                self.keyword(keyword, argument, value, levels)?;
            }
        }
        Some(())
    }

    fn keyword(
        &mut self,
        keyword: &str,
        argument: &Value,
        value: &Value,
        levels: usize,
    ) -> Option<()> {
        match keyword {
            "$ref" => {
                // Only to be missing where no schema is looked for: it could be
                // anything then.
                let target = reference::target(self.root, argument.as_str()?)?;
                self.apply(target, value, levels)
            }
            // Only to be found where no schema is looked for.
            "$dynamicRef" | "$recursiveRef" => None,
            "enum" | "required" => self.spend(argument.as_array().map_or(1, Vec::len)),
            "allOf" | "anyOf" | "oneOf" => {
                let schemas = argument.as_array().into_iter().flatten();
                self.all(schemas, value, levels)
            }
            "not" | "if" | "then" | "else" => self.apply(argument, value, levels),
            "dependentSchemas" | "dependencies" => {
                let schemas = argument.as_object().into_iter().flat_map(|o| o.values());
                self.all(schemas, value, levels)
            }
            "properties" => {
                let schemas = argument.as_object().into_iter().flatten();
                for (key, schema) in schemas {
                    self.spend(1)?;
                    if let Some(value) = value.get(key) {
                        self.apply(schema, value, levels)?;
                    }
                }
                Some(())
            }
            "patternProperties" => {
                let schemas = argument.as_object().into_iter().flat_map(|o| o.values());
                for schema in schemas {
                    // Each pattern is held against each key.
                    for key in value.as_object().into_iter().flat_map(|o| o.keys()) {
                        self.spend(1 + key.len() / BYTES_A_STEP)?;
                    }
                    self.children(schema, value, levels)?;
                }
                Some(())
            }
            "prefixItems" | "items" if argument.is_array() => {
                let schemas = argument.as_array().into_iter().flatten();
                let values = value.as_array().into_iter().flatten();
                for (schema, value) in schemas.zip(values) {
                    self.apply(schema, value, levels)?;
                }
                Some(())
            }
            "items"
            | "contains"
            | "additionalItems"
            | "unevaluatedItems"
            | "additionalProperties"
            | "unevaluatedProperties" => self.children(argument, value, levels),
            "propertyNames" => {
                for key in value.as_object().into_iter().flat_map(|o| o.keys()) {
                    self.apply(argument, &Value::String(key.clone()), levels)?;
                }
                Some(())
            }
            // What is read letter by letter.
            "pattern" | "format" | "minLength" | "maxLength" => {
                self.spend(1 + value.as_str().map_or(0, str::len) / BYTES_A_STEP)
            }
            _ => self.spend(1),
        }
    }

    fn all<'s>(
        &mut self,
        mut schemas: impl Iterator<Item = &'s Value>,
        value: &Value,
        levels: usize,
    ) -> Option<()> {
        schemas.try_for_each(|schema| self.apply(schema, value, levels))
    }

    fn children(&mut self, schema: &Value, value: &Value, levels: usize) -> Option<()> {
        match value {
            Value::Array(values) => values
                .iter()
                .try_for_each(|value| self.apply(schema, value, levels)),
            Value::Object(values) => values
                .values()
                .try_for_each(|value| self.apply(schema, value, levels)),
            _ => Some(()),
        }
    }
}
