//! An execution as programs read it, and what repeated runs came to.

use crate::output;
use serde_json::{Value, json};
use stagehook_core::config::HookType;
use stagehook_core::contract::HookInput;
use stagehook_core::digest::Digest;
use stagehook_core::execution::Execution;
use std::io;

/// The whole execution, with the names that a log has.
pub(super) fn document(
    execution: &Execution,
    digest: Digest,
    input: &HookInput,
) -> serde_json::Result<Value> {
    Ok(json!({
        "plugin": {"digest": digest.to_string()},
        "hook_type": HookType::Wasm,
        "status": execution.status,
        "success": execution.status.is_success(),
        "result": execution.result,
        "stdout": execution.stdout,
        "stderr": execution.stderr,
        "exit_code": execution.exit_code,
        "error": execution.error,
        "retryable": execution.retryable,
        "duration_ms": execution.duration.as_secs_f64() * 1_000.0,
        "usage": execution.usage,
        "input": serde_json::to_value(input)?,
    }))
}

/// Whether repeated runs came to the same.
pub(super) fn repetition(runs: usize, differing: &[Value]) -> io::Result<()> {
    if differing.is_empty() {
        return output::line(&format!("\nall {runs} runs came to the same"));
    }
    let lines: Vec<String> = differing
        .iter()
        .map(|run| {
            format!(
                "  run {}: another {}",
                run["run"],
                output::cell(&run["differs_in"])
            )
        })
        .collect();
    output::line(&format!(
        "\n{} of {runs} runs came to something else than the first\n{}",
        differing.len(),
        lines.join("\n")
    ))
}
