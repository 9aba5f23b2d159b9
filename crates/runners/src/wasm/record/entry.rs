//! One thing that a plugin asked the host for, and what came back.

use super::super::traffic::Breach;
use super::value;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stagehook_core::digest::Digest;
use wasmtime_wasi::{I32Exit, ResourceTableError};

/// Longer arguments are recorded as their size and digest: they are only
/// compared.
const ARGUMENT_BYTES: usize = 4 << 10;

/// A call of an imported function, or the end of a handle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Entry {
    Drop {
        /// Number of the handle.
        drop: u32,
    },
    Call(Call),
}

/// A call of an imported function. Neither results nor a trap: it was not
/// answered before the plugin's time was over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the file names it so")]
pub(super) struct Call {
    /// Such as `wasi:io/streams@0.2.6#[method]input-stream.read`.
    pub(super) call: String,
    pub(super) args: Vec<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) results: Option<Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) trap: Option<Trap>,
    /// What the host itself wrote into the log by then.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) log: String,
}

/// The host ended the plugin instead of answering.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Trap {
    /// The plugin asked for it.
    Exit(i32),
    /// It holds too many host resources.
    HostResources,
    /// In the host's words.
    Error(String),
}

impl Trap {
    pub(super) fn of(error: &wasmtime::Error) -> Self {
        if let Some(I32Exit(code)) = error.downcast_ref() {
            Self::Exit(*code)
        } else if error.is::<ResourceTableError>() {
            Self::HostResources
        } else {
            Self::Error(error.root_cause().to_string())
        }
    }

    pub(super) fn to_error(&self) -> wasmtime::Error {
        match self {
            Self::Exit(code) => I32Exit(*code).into(),
            Self::HostResources => ResourceTableError::Full.into(),
            Self::Error(text) => wasmtime::Error::msg(text.clone()),
        }
    }
}

/// What the host made of an execution after its last call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Afterwards {
    /// What it wrote into the log.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) log: String,
    /// The bound on traffic that was passed, which decides over the outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) breach: Option<Breach>,
}

/// Arguments as they are recorded and compared: long ones as size and digest;
/// once the plugin knows a secret, every text as its size alone, because a
/// secret may be in it in any shape.
pub(super) fn abridged(args: &[Value], knows_secret: bool) -> Vec<Value> {
    args.iter().map(|arg| abridge(arg, knows_secret)).collect()
}

fn abridge(arg: &Value, knows_secret: bool) -> Value {
    if let Some(bytes) = value::bytes(arg) {
        return if knows_secret {
            json!({"$withheld": bytes.len()})
        } else if bytes.len() > ARGUMENT_BYTES {
            json!({"$bytes": bytes.len(), "$digest": Digest::of(&bytes).to_string()})
        } else {
            arg.clone()
        };
    }
    match arg {
        Value::Array(items) => abridged(items, knows_secret).into(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.clone(), abridge(field, knows_secret)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// Whether this call handed a secret to the plugin.
pub(super) fn gives_secret(call: &str, results: &[Value]) -> bool {
    call.starts_with("stagehook:hook/secrets@")
        && results
            .first()
            .is_some_and(|result| result.get("ok").is_some())
}

impl Entry {
    /// For people.
    pub(super) fn to_text(&self) -> String {
        const SHOWN_CHARS: usize = 200;
        let text = match self {
            Self::Drop { drop } => format!("drop of handle {drop}"),
            Self::Call(call) => {
                let args: Vec<String> = call.args.iter().map(ToString::to_string).collect();
                format!("{}({})", call.call, args.join(", "))
            }
        };
        if text.chars().count() > SHOWN_CHARS {
            let text: String = text.chars().take(SHOWN_CHARS).collect();
            return format!("{text}…");
        }
        text
    }
}
