//! Problems (RFC 9457), as people read them.

use crate::output::{many_lines, one_line};
use serde_json::Value;
use std::fmt;

/// What the server answered instead of what was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) struct Problem {
    status: u16,
    title: String,
    detail: Option<String>,
    errors: Vec<(String, String)>,
}

impl Problem {
    /// Reads a problem; any other body is shown as it is.
    pub(crate) fn new(status: u16, body: &Value) -> Self {
        let text = |value: &Value, key: &str| {
            value
                .get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let errors = body
            .get("errors")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|error| {
                (
                    text(error, "pointer").unwrap_or_default(),
                    text(error, "detail").unwrap_or_default(),
                )
            })
            .collect();
        let raw = body.as_str().map(|text| text.chars().take(400).collect());
        Self {
            status,
            title: text(body, "title").unwrap_or_else(|| "the server refused".to_owned()),
            detail: text(body, "detail").or(raw),
            errors,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", one_line(&self.title), self.status)?;
        // Of a single error the detail says the same in other words.
        let repeated = matches!((&self.detail, self.errors.as_slice()),
            (Some(detail), [(_, only)]) if detail.contains(only));
        if let Some(detail) = self.detail.as_deref().filter(|_| !repeated) {
            write!(f, "\n  {}", many_lines(detail))?;
        }
        for (pointer, detail) in &self.errors {
            // What is wrong with the whole says so itself: `it is empty`.
            if pointer.is_empty() {
                write!(f, "\n  {}", one_line(detail))?;
            } else {
                write!(f, "\n  {}: {}", one_line(pointer), one_line(detail))?;
            }
        }
        Ok(())
    }
}
