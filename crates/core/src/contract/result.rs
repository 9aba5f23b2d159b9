//! What a hook may answer. REQ-RUN-3

use crate::invalid::from_slice;
use crate::nesting::{NESTING_MAX, is_object_too_deep};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Largest result, in bytes of JSON.
pub const RESULT_MAX_BYTES: usize = 1 << 20;

/// The hook's own word on how it went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultStatus {
    /// All is well.
    #[default]
    Pass,
    /// Something is wrong.
    Fail,
    /// It did not apply.
    Skip,
    /// A person should look before the pipeline goes on.
    NeedsReview,
}

/// How grave an annotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnnotationLevel {
    /// Worth knowing.
    Info,
    /// Worth a look.
    Warning,
    /// Wrong.
    Error,
}

/// A remark about a file or a span of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Annotation {
    /// How grave it is.
    pub level: AnnotationLevel,
    /// A stable short code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// For people.
    pub message: String,
    /// The file it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where the span begins, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<u64>,
    /// Where the span ends, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_ms: Option<u64>,
}

/// A file that the hook made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// Where it is.
    pub path: String,
    /// Its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
}

/// The structured result, the same from every hook type.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HookResult {
    /// How it went; `pass` by default.
    pub status: ResultStatus,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Remarks about files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
    /// An RFC 7396 merge patch for the stage's metadata.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// Files it made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    /// Measurements.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, f64>,
}

/// Why a result cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidResult {
    /// Too many bytes.
    #[error("the result has {actual} bytes, at most {RESULT_MAX_BYTES} are read")]
    TooLarge {
        /// How many there were.
        actual: u64,
    },
    /// Not the object that the contract describes.
    #[error("the result does not follow the contract: {0}")]
    Malformed(String),
}

impl HookResult {
    /// Reads a result; an unknown key is an error, so that a misspelt one is
    /// never dropped in silence.
    pub fn parse(json: &[u8]) -> Result<Self, InvalidResult> {
        if json.len() > RESULT_MAX_BYTES {
            return Err(InvalidResult::TooLarge {
                actual: json.len() as u64,
            });
        }
        let result: Self =
            from_slice(json).map_err(|invalid| InvalidResult::Malformed(invalid.to_string()))?;
        if is_object_too_deep(&result.metadata) {
            return Err(InvalidResult::Malformed(format!(
                "/metadata: is nested deeper than {NESTING_MAX} levels"
            )));
        }
        Ok(result)
    }

    /// Whether a JSON body is meant as a result: an object that has one of its
    /// telling keys. Anything else that a webhook answers is just output.
    pub fn is_meant_by(body: &Value) -> bool {
        body.as_object().is_some_and(|object| {
            ["status", "metadata", "annotations", "artifacts", "metrics"]
                .iter()
                .any(|key| object.contains_key(*key))
        })
    }
}
