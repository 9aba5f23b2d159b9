//! What is wrong with something that came from outside.

mod strict;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Write as _;
use utoipa::ToSchema;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the request's body; empty for the whole.
    #[schema(example = "/config/timeout_seconds")]
    pub pointer: String,
    /// What is wrong and what would be right.
    #[schema(example = "must be between 1 and 86400")]
    pub detail: String,
}

impl FieldError {
    /// An error at a JSON pointer.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }
}

/// Everything that is wrong with a value; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", summary(.0))]
pub struct Invalid(pub Vec<FieldError>);

impl Invalid {
    /// One error at a JSON pointer.
    pub fn one(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self(vec![FieldError::new(pointer, detail)])
    }

    /// The same errors, one level deeper.
    #[must_use]
    pub fn below(mut self, prefix: &str) -> Self {
        for error in &mut self.0 {
            error.pointer.insert_str(0, prefix);
        }
        self
    }
}

fn summary(errors: &[FieldError]) -> String {
    let mut text = String::new();
    for error in errors {
        if !text.is_empty() {
            text.push_str("; ");
        }
        if !error.pointer.is_empty() {
            let _ = write!(text, "{}: ", error.pointer);
        }
        text.push_str(&error.detail);
    }
    text
}

/// Collects errors, so that a person sees all of them at once.
#[derive(Debug, Default)]
pub struct Findings(Vec<FieldError>);

impl Findings {
    /// Notes an error.
    pub fn push(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldError::new(pointer, detail));
    }

    /// Notes an error unless the condition holds.
    pub fn require(&mut self, holds: bool, pointer: impl Into<String>, detail: impl Into<String>) {
        if !holds {
            self.push(pointer, detail);
        }
    }

    /// The value, or what is wrong with it.
    pub fn take<T>(&mut self, result: Result<T, Invalid>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(Invalid(errors)) => {
                self.0.extend(errors);
                None
            }
        }
    }

    /// `Ok` when nothing was found.
    pub fn finish(self) -> Result<(), Invalid> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Invalid(self.0))
        }
    }
}

/// Escapes one key for use in a JSON pointer (RFC 6901, section 3).
pub fn pointer_token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Reads a typed value out of JSON; an ill-typed or unknown key is an error
/// that names its JSON pointer, and so is an array in place of an object.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Invalid> {
    serde_path_to_error::deserialize(strict::Strict(value)).map_err(|error| located(&error))
}

/// Reads a typed value out of JSON text; see [`from_value`]. Text that is no
/// JSON is an error with line and column; of a key that is written twice the
/// last value counts.
pub fn from_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, Invalid> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| located(&error))?;
    reader
        .end()
        .map_err(|error| Invalid::one("", error.to_string()))?;
    from_value(value)
}

fn located<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>) -> Invalid {
    let mut pointer = String::new();
    for segment in error.path() {
        match segment {
            serde_path_to_error::Segment::Seq { index } => {
                let _ = write!(pointer, "/{index}");
            }
            serde_path_to_error::Segment::Map { key } => {
                let _ = write!(pointer, "/{}", pointer_token(key));
            }
            serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => {}
        }
    }
    Invalid::one(pointer, error.inner().to_string())
}
