//! An execution as people read it: out of a log, of a test, or of `plugin run`,
//! which have the same names for the same things.

use crate::output;
use serde_json::{Map, Value};
use std::io;

/// Most of one text that is shown, in bytes; programs (`--json`) get all.
const SHOWN_BYTES_MAX: usize = 64 << 10;

/// Shows a log: which hook ran when and where, and then the execution.
pub(crate) fn show_log(log: &Value) -> io::Result<()> {
    let text = |pointer: &str| log.pointer(pointer).map(output::cell).unwrap_or_default();
    let hook = match text("/hook/name") {
        name if name.is_empty() => name,
        name => format!(
            "{name} (id {}, version {}, {})",
            text("/hook/id"),
            text("/hook/version"),
            text("/hook/source")
        ),
    };
    let is_test = log.get("is_test") == Some(&Value::Bool(true));
    let executed = text("/executed_at") + if is_test { " (a test)" } else { "" };
    facts(&[
        ("log", text("/id")),
        ("hook", hook),
        ("plugin", plugin(log)),
        ("script", script(log)),
        ("at", text("/hook_point") + &text("/event")),
        ("job", text("/job_id")),
        ("executed", executed),
    ])?;
    show(log)
}

/// Shows what came of an execution.
pub(crate) fn show(execution: &Value) -> io::Result<()> {
    let text = |pointer: &str| {
        let value = execution.pointer(pointer);
        value.map(output::cell).unwrap_or_default()
    };
    let message = text("/result/message");
    let mut error = text("/error");
    if error == message {
        // A `fail` is told by its message, which is then the error too.
        error.clear();
    } else if execution.get("retryable") == Some(&Value::Bool(true)) {
        error.push_str(" (worth a retry)");
    }
    facts(&[
        ("status", text("/status")),
        ("message", message),
        ("error", error),
        ("exit", text("/exit_code")),
        ("took", took(execution)),
        ("used", used(execution)),
    ])?;
    if let Some(result) = execution.get("result") {
        answer(result)?;
    }
    // Only a plugin has a log; what a script prints there is its stderr.
    let is_plugin = execution.get("hook_type").and_then(Value::as_str) == Some("wasm");
    section(if is_plugin { "log" } else { "stderr" }, &text("/stderr"))?;
    section("stdout", &text("/stdout"))
}

/// Names and values, those that are there.
pub(crate) fn facts(facts: &[(&str, String)]) -> io::Result<()> {
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let value = output::one_line(bounded(value).0);
        output::line(&format!("{name:<9}{value}"))?;
    }
    Ok(())
}

/// Which plugin ran, with the version that was pinned.
fn plugin(log: &Value) -> String {
    let text = |key: &str| {
        let value = log.pointer(&format!("/input/hook_config/{key}"));
        value.and_then(Value::as_str)
    };
    match (text("plugin"), text("pinned/version")) {
        (Some(plugin), Some(version)) => format!("{plugin} = {version}"),
        (plugin, _) => plugin.unwrap_or_default().to_owned(),
    }
}

/// Which script ran, and what it said then.
fn script(log: &Value) -> String {
    let text = |pointer: &str| log.pointer(pointer).and_then(Value::as_str);
    match (
        text("/input/hook_config/script_path"),
        text("/script/digest"),
    ) {
        (Some(path), Some(digest)) => format!("{path} = {digest}"),
        (path, _) => path.unwrap_or_default().to_owned(),
    }
}

fn took(execution: &Value) -> String {
    match execution.get("duration_ms") {
        Some(Value::Number(ms)) if ms.is_u64() => format!("{ms} ms"),
        Some(ms) => format!("{:.1} ms", ms.as_f64().unwrap_or_default()),
        None => String::new(),
    }
}

/// What was measured, on one line.
fn used(execution: &Value) -> String {
    let count = |key: &str| execution.pointer(&format!("/usage/{key}"))?.as_u64();
    let mut parts = Vec::new();
    if let Some(fuel) = count("fuel_used") {
        parts.push(format!("{fuel} fuel"));
    }
    if let Some(ms) = count("cpu_ms") {
        parts.push(format!("{ms} ms of processor time"));
    }
    if let Some(bytes) = count("peak_memory_bytes") {
        parts.push(format!("{} KiB of memory", bytes.div_ceil(1024)));
    }
    let host_ms = execution.pointer("/usage/host_call_ms");
    if let Some(ms) = host_ms.and_then(Value::as_f64) {
        parts.push(format!("{ms:.1} ms in host calls"));
    }
    for (key, what) in [
        ("bytes_read", "bytes read"),
        ("bytes_written", "bytes written"),
        ("http_requests", "HTTP requests"),
        ("http_bytes_sent", "bytes sent"),
        ("http_bytes_received", "bytes received"),
        ("stdout_dropped_bytes", "bytes of stdout dropped"),
        ("stderr_dropped_bytes", "bytes of log dropped"),
    ] {
        if let Some(count) = count(key).filter(|count| *count > 0) {
            parts.push(format!("{count} {what}"));
        }
    }
    parts.join(", ")
}

fn answer(result: &Value) -> io::Result<()> {
    let list = |key: &str| {
        let items = result.get(key).and_then(Value::as_array);
        items.map(Vec::as_slice).unwrap_or_default()
    };
    let empty = Map::new();
    let map = |key: &str| {
        let entries = result.get(key).and_then(Value::as_object);
        entries.unwrap_or(&empty)
    };
    let annotations = list("annotations");
    if !annotations.is_empty() {
        output::line("\nannotations")?;
        let pointers = [
            "/level",
            "/code",
            "/message",
            "/path",
            "/start_ms",
            "/end_ms",
        ];
        let rows = annotations.iter().map(|row| output::row(row, &pointers));
        output::table(
            &["level", "code", "message", "path", "start ms", "end ms"],
            rows.collect(),
        )?;
    }
    let patch = map("metadata");
    if !patch.is_empty() {
        section("patch", &format!("{:#}", Value::Object(patch.clone())))?;
    }
    let metrics = map("metrics").iter();
    let metrics = metrics.map(|(name, value)| format!("{name} = {value}"));
    section("metrics", &metrics.collect::<Vec<_>>().join("\n"))?;
    let artifacts = list("artifacts").iter().map(|artifact| {
        let text = |key: &str| artifact.get(key).map(output::cell).unwrap_or_default();
        match text("mime") {
            mime if mime.is_empty() => text("path"),
            mime => format!("{} ({mime})", text("path")),
        }
    });
    section("artifacts", &artifacts.collect::<Vec<_>>().join("\n"))
}

/// A heading and indented lines; nothing where there is no text.
fn section(heading: &str, text: &str) -> io::Result<()> {
    if text.trim().is_empty() {
        return Ok(());
    }
    output::line(&format!("\n{heading}"))?;
    let (shown, left) = bounded(text);
    for line in output::many_lines(shown).lines() {
        output::line(&format!("  {line}"))?;
    }
    if left > 0 {
        output::line(&format!("  … and {left} bytes more: --json has all"))?;
    }
    Ok(())
}

/// As much of a text as is shown, and how many bytes are not.
fn bounded(text: &str) -> (&str, usize) {
    let end = text.floor_char_boundary(SHOWN_BYTES_MAX);
    (&text[..end], text.len() - end)
}
