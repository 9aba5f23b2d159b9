//! Keeps secrets out of recordings.

use super::value::{self, TEXT};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Shorter values occur everywhere; a secret that short is replaced only where
/// it is handed out.
const REPLACED_MIN_BYTES: usize = 4;

/// The secrets that may occur in what the host answers.
#[derive(Debug)]
pub(super) struct Withheld {
    /// The longest first: one may be part of another.
    values: Vec<String>,
    /// Size of each secret that the plugin read, by name.
    read: BTreeMap<String, usize>,
}

/// What stands in a recording where a secret was: of the same size, so that a
/// replay does the same work.
pub(super) fn placeholder(bytes: usize) -> String {
    "redacted-".chars().cycle().take(bytes).collect()
}

impl Withheld {
    pub(super) fn new(values: impl IntoIterator<Item = String>) -> Self {
        let mut values: Vec<_> = values
            .into_iter()
            .filter(|value| value.len() >= REPLACED_MIN_BYTES)
            .collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self {
            values,
            read: BTreeMap::new(),
        }
    }

    /// Names and sizes of the secrets that the plugin read.
    pub(super) fn read(&self) -> BTreeMap<String, usize> {
        self.read.clone()
    }

    /// The results of handing out a secret.
    pub(super) fn of_reading(&mut self, name: &[Value], results: &[Value]) -> Vec<Value> {
        let name = name.first().and_then(|name| name.get(TEXT)?.as_str());
        let replaced = results.iter().map(|result| {
            let Some(secret) = result.get("ok").and_then(value::bytes) else {
                return result.clone();
            };
            self.read
                .insert(name.unwrap_or_default().to_owned(), secret.len());
            json!({"ok": {TEXT: placeholder(secret.len())}})
        });
        replaced.collect()
    }

    /// A value without secrets.
    pub(super) fn replaced(&self, value: &Value) -> Value {
        if self.values.is_empty() {
            return value.clone();
        }
        if let Some(bytes) = value::bytes(value) {
            let clean = self.in_bytes(&bytes);
            return if clean == bytes {
                value.clone()
            } else if value.get(TEXT).is_some() {
                json!({TEXT: String::from_utf8_lossy(&clean)})
            } else {
                value::of_bytes(clean)
            };
        }
        match value {
            Value::Array(items) => items.iter().map(|item| self.replaced(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, field)| (name.clone(), self.replaced(field)))
                .collect::<Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }

    /// A text without secrets.
    pub(super) fn in_text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.in_bytes(text.as_bytes())).into_owned()
    }

    /// Whether a secret stands in this text.
    pub(super) fn occurs_in(&self, text: &str) -> bool {
        self.values.iter().any(|value| text.contains(value))
    }

    fn in_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for secret in self.values.iter().map(String::as_bytes) {
            let mut from = 0;
            while let Some(found) = bytes[from..]
                .windows(secret.len())
                .position(|window| window == secret)
            {
                let at = from + found;
                from = at + secret.len();
                bytes[at..from].copy_from_slice(placeholder(secret.len()).as_bytes());
            }
        }
        bytes
    }
}
