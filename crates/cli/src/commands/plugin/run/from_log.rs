//! An execution out of a server's log: what it was told, and by which config.

use crate::client::{Client, segment};
use crate::output;
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use stagehook_core::execution::Execution;
use stagehook_core::ids::LogId;

/// An execution that a server logged.
#[derive(Debug)]
pub(super) struct Logged {
    /// What the plugin was told. Its `hook_config` has settings, grants and
    /// limits.
    pub(super) input: Value,
    /// What came of it, for comparison.
    pub(super) summary: Value,
    plugin: String,
    version: Option<String>,
}

/// Reads a log.
pub(super) async fn fetch(client: &Client, id: LogId) -> anyhow::Result<Logged> {
    let mut log = client.get(&format!("/hook-logs/{id}")).await?;
    let text = |pointer: &str| log.pointer(pointer).and_then(Value::as_str);
    if text("/hook_type") != Some("wasm") {
        bail!(
            "log {id} is of a {} hook: only executions of plugins can be run again",
            text("/hook_type").unwrap_or("unknown")
        );
    }
    let plugin = text("/input/hook_config/plugin")
        .with_context(|| format!("log {id} has no input: the hook was not run"))?
        .to_owned();
    let version = text("/input/hook_config/pinned/version").map(str::to_owned);
    let summary = json!({
        "log_id": id,
        "hook": log["hook"],
        "status": log["status"],
        "error": log["error"],
        "result": log["result"],
        "usage": log["usage"],
        "executed_at": log["executed_at"],
    });
    Ok(Logged {
        input: log["input"].take(),
        summary,
        plugin,
        version,
    })
}

impl Logged {
    /// The component that ran, from the server.
    pub(super) async fn component(&self, client: &Client) -> anyhow::Result<Vec<u8>> {
        let Some((name, wanted)) = self.plugin.split_once('@') else {
            bail!(
                "the hook names its plugin by digest ({}): give the component's file too",
                output::one_line(&self.plugin)
            );
        };
        let version = self.version.as_deref().unwrap_or(wanted);
        let path = format!("/plugins/{}/{}/component", segment(name), segment(version));
        client.download(&path).await
    }

    /// How what came of it here compares with what the server logged.
    pub(super) fn beside(&self, execution: &Execution) -> String {
        let status = output::cell(&self.summary["status"]);
        let error = self.summary["error"].as_str();
        let verdict = if status != execution.status.as_str() {
            "another status"
        } else if error != execution.error.as_deref() {
            "the same status, another error"
        } else if self.summary["result"] == json!(execution.result) {
            "the same"
        } else {
            "the same status, another result"
        };
        let another = error.filter(|error| Some(*error) != execution.error.as_deref());
        output::one_line(&format!(
            "logged    {status} at {}{}; here it came to {verdict}",
            output::cell(&self.summary["executed_at"]),
            another
                .map(|error| format!(" ({error})"))
                .unwrap_or_default(),
        ))
    }
}
