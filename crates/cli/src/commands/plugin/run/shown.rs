//! An execution as people and programs read it.

use crate::output;
use serde_json::{Map, Value, json};
use stagehook_core::contract::{HookInput, HookResult};
use stagehook_core::digest::Digest;
use stagehook_core::execution::{Execution, Usage};
use std::io;

/// The whole execution, with the names that a log has.
pub(super) fn document(
    execution: &Execution,
    digest: Digest,
    input: &HookInput,
) -> serde_json::Result<Value> {
    Ok(json!({
        "plugin": {"digest": digest.to_string()},
        "status": execution.status,
        "success": execution.status.is_success(),
        "result": execution.result,
        "stdout": execution.stdout,
        "stderr": execution.stderr,
        "exit_code": execution.exit_code,
        "error": execution.error,
        "retryable": execution.retryable,
        "duration_ms": milliseconds(execution),
        "usage": execution.usage,
        "input": serde_json::to_value(input)?,
    }))
}

/// The execution, for people.
pub(super) fn execution(execution: &Execution) -> io::Result<()> {
    let mut facts = vec![("status", execution.status.to_string())];
    let result = execution.result.as_ref();
    if let Some(message) = result.and_then(|result| result.message.as_ref()) {
        facts.push(("message", message.clone()));
    }
    if let Some(error) = &execution.error {
        let retry = if execution.retryable {
            " (worth a retry)"
        } else {
            ""
        };
        facts.push(("error", format!("{error}{retry}")));
    }
    facts.push(("took", format!("{:.1} ms", milliseconds(execution))));
    facts.push(("used", used(&execution.usage)));
    for (name, value) in facts {
        output::line(&format!("{name:<9}{}", output::one_line(&value)))?;
    }
    if let Some(result) = result {
        answer(result)?;
    }
    section("log", &execution.stderr)?;
    section("stdout", &execution.stdout)
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

fn answer(result: &HookResult) -> io::Result<()> {
    if !result.annotations.is_empty() {
        output::line("\nannotations")?;
        let rows = result.annotations.iter().map(|annotation| {
            let row = json!(annotation);
            let pointers = [
                "/level",
                "/code",
                "/message",
                "/path",
                "/start_ms",
                "/end_ms",
            ];
            output::row(&row, &pointers)
        });
        output::table(
            &["level", "code", "message", "path", "start ms", "end ms"],
            rows.collect(),
        )?;
    }
    patch(&result.metadata)?;
    if !result.metrics.is_empty() {
        let lines: Vec<String> = result
            .metrics
            .iter()
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        section("metrics", &lines.join("\n"))?;
    }
    if !result.artifacts.is_empty() {
        let lines: Vec<String> = result
            .artifacts
            .iter()
            .map(|artifact| match &artifact.mime {
                Some(mime) => format!("{} ({mime})", artifact.path),
                None => artifact.path.clone(),
            })
            .collect();
        section("artifacts", &lines.join("\n"))?;
    }
    Ok(())
}

fn patch(metadata: &Map<String, Value>) -> io::Result<()> {
    if metadata.is_empty() {
        return Ok(());
    }
    section(
        "patch",
        &serde_json::to_string_pretty(metadata).unwrap_or_default(),
    )
}

/// A heading and indented lines; nothing where there is no text.
fn section(heading: &str, text: &str) -> io::Result<()> {
    if text.trim().is_empty() {
        return Ok(());
    }
    output::line(&format!("\n{heading}"))?;
    for line in output::many_lines(text).lines() {
        output::line(&format!("  {line}"))?;
    }
    Ok(())
}

fn milliseconds(execution: &Execution) -> f64 {
    execution.duration.as_secs_f64() * 1_000.0
}

/// What was measured, on one line.
pub(super) fn used(usage: &Usage) -> String {
    let mut parts = Vec::new();
    if let Some(fuel) = usage.fuel_used {
        parts.push(format!("{fuel} fuel"));
    }
    if let Some(bytes) = usage.peak_memory_bytes {
        parts.push(format!("{} KiB of memory", bytes.div_ceil(1024)));
    }
    if let Some(ms) = usage.host_call_ms {
        parts.push(format!("{ms:.1} ms in host calls"));
    }
    for (count, what) in [
        (usage.bytes_read, "bytes read"),
        (usage.bytes_written, "bytes written"),
        (usage.http_requests, "HTTP requests"),
        (usage.http_bytes_sent, "bytes sent"),
        (usage.http_bytes_received, "bytes received"),
        (usage.stdout_dropped_bytes, "bytes of stdout dropped"),
        (usage.stderr_dropped_bytes, "bytes of log dropped"),
    ] {
        if let Some(count) = count.filter(|count| *count > 0) {
            parts.push(format!("{count} {what}"));
        }
    }
    parts.join(", ")
}
