//! JSON given on the command line: inline, `@file`, or `-` for stdin.

use anyhow::{Context as _, bail};
use serde_json::{Map, Value};
use std::io::Read as _;

/// Reads a JSON document from where an argument says.
pub(crate) fn read(argument: &str) -> anyhow::Result<Value> {
    let (text, whence) = if argument == "-" {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("cannot read stdin")?;
        (text, "stdin".to_owned())
    } else if let Some(path) = argument.strip_prefix('@') {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
        (text, path.to_owned())
    } else {
        (argument.to_owned(), "the argument".to_owned())
    };
    serde_json::from_str(&text).with_context(|| {
        format!("{whence} is no JSON (give it inline, as @FILE, or as - for stdin)")
    })
}

/// Reads a JSON object.
pub(crate) fn read_object(argument: &str, what: &str) -> anyhow::Result<Map<String, Value>> {
    match read(argument).with_context(|| format!("{what} cannot be read"))? {
        Value::Object(object) => Ok(object),
        other => bail!("{what} must be a JSON object, not {}", kind(&other)),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
