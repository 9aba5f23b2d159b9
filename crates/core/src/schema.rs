//! JSON Schemas that come from outside: of a plugin's settings, of an event's
//! data.
//!
//! A schema is written by whoever wrote the plugin or added the event type, so
//! that reading it, and checking a value against it, has to end soon whatever it
//! says: nothing is fetched, patterns are matched without backtracking, and
//! size, nesting, patterns and the work of one check are bounded.

mod cost;
mod form;
mod reference;

use crate::invalid::{FieldError, Invalid};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

pub use form::{PATTERNS_MAX, SCHEMA_BYTES_MAX, SCHEMA_NESTING_MAX};

/// Most problems that one check tells.
pub const PROBLEMS_MAX: usize = 100;
/// Most steps of a check whose problems are looked for one by one: the validator
/// finds all of them before it tells the first, and keeps some 300 bytes of each.
const TOLD_STEPS_MAX: u64 = 50_000;
/// Largest program of one pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 256 << 10;
/// Longest text of one problem, in characters.
const DETAIL_MAX: usize = 500;

/// A schema that values can be checked against. Clones are the same schema.
#[derive(Clone)]
pub struct JsonSchema {
    validator: Arc<Validator>,
    document: Arc<Value>,
}

impl JsonSchema {
    /// Reads a schema (JSON Schema 2020-12, or what `$schema` names).
    ///
    /// # Errors
    /// What makes it no schema, or none that can be used here, with JSON
    /// pointers into the schema: an unknown type, a reference to elsewhere, a
    /// pattern that needs backtracking, too large, nested too deeply.
    pub fn compile(schema: &Value) -> Result<Self, Invalid> {
        form::check(schema)?;
        let validator = jsonschema::options()
            .offline()
            .should_validate_formats(true)
            .with_pattern_options(
                PatternOptions::regex()
                    .size_limit(PATTERN_BYTES_MAX)
                    .dfa_size_limit(PATTERN_BYTES_MAX),
            )
            .build(schema)
            .map_err(|error| Invalid(vec![told(&error, "")]))?;
        Ok(Self {
            validator: Arc::new(validator),
            document: Arc::new(schema.clone()),
        })
    }

    /// Checks a value; pointers in the errors begin with `prefix`.
    ///
    /// # Errors
    /// The first [`PROBLEMS_MAX`] problems (of a very large value, that there are
    /// some), or that checking takes too much work.
    pub fn check(&self, value: &Value, prefix: &str) -> Result<(), Invalid> {
        let Some(steps) = cost::steps(&self.document, value) else {
            return Err(Invalid::one(
                prefix,
                "takes too much work to check against its schema: make it smaller",
            ));
        };
        if self.validator.is_valid(value) {
            return Ok(());
        }
        if steps > TOLD_STEPS_MAX {
            return Err(Invalid::one(
                prefix,
                "does not follow its schema, and is too large to say where: make it smaller",
            ));
        }
        let mut problems: Vec<FieldError> = Vec::new();
        for error in self.validator.iter_errors(value).take(PROBLEMS_MAX) {
            let problem = told(&error, prefix);
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        Err(Invalid(problems))
    }
}

impl fmt::Debug for JsonSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonSchema").field(&self.document).finish()
    }
}

/// The problem, without the value that it is about: that may be a secret that
/// somebody put where it does not belong.
fn told(error: &ValidationError<'_>, prefix: &str) -> FieldError {
    let mut pointer = format!("{prefix}{}", error.instance_path());
    // A missing key is told where it belongs, an unknown one where it stands.
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            if let Some(key) = property.as_str() {
                pointer = format!("{pointer}/{}", crate::invalid::pointer_token(key));
            }
            return FieldError::new(pointer, "is required");
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            if let [key] = unexpected.as_slice() {
                pointer = format!("{pointer}/{}", crate::invalid::pointer_token(key));
                return FieldError::new(pointer, "is not known to the schema");
            }
        }
        ValidationErrorKind::FalseSchema => {
            return FieldError::new(pointer, "has what the schema allows nowhere");
        }
        _ => {}
    }
    let text = error.masked().to_string();
    let mut detail: String = text.chars().take(DETAIL_MAX).collect();
    if detail.len() < text.len() {
        detail.push('…');
    }
    FieldError::new(pointer, detail)
}
