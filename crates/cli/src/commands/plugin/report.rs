//! What was found out about a component, as people read it.

use crate::ending::Ending;
use crate::output;
use serde_json::Value;
use std::io;

/// Shows a report: whether a component could be published, and why not.
pub(super) fn show(what: &str, report: &Value, as_json: bool) -> anyhow::Result<Ending> {
    let is_valid = report.get("valid") == Some(&Value::Bool(true));
    if as_json {
        output::json(report)?;
    } else {
        show_component(what, report)?;
        if let Some(signature) = report.get("signature").map(output::cell) {
            field("signature", &signature_of(&signature, report))?;
        }
        if let Some(manifest) = report.get("manifest").filter(|value| value.is_object()) {
            show_manifest(manifest)?;
        }
        show_imports(&list(report, "/imports"))?;
        show_problems(&list(report, "/problems"), is_valid)?;
    }
    Ok(if is_valid { Ending::Ok } else { Ending::Error })
}

fn show_component(what: &str, report: &Value) -> io::Result<()> {
    let size = report.get("size_bytes").and_then(Value::as_u64);
    field("component", what)?;
    if let Some(size) = size {
        field("size", &format!("{size} bytes"))?;
    }
    if let Some(digest) = report.get("digest").and_then(Value::as_str) {
        field("digest", digest)?;
    }
    Ok(())
}

pub(super) fn show_manifest(manifest: &Value) -> io::Result<()> {
    let text = |key: &str| manifest.get(key).map(output::cell).unwrap_or_default();
    field("plugin", &format!("{}@{}", text("name"), text("version")))?;
    field("description", &text("description"))?;
    field(
        "hook points",
        &names(&list(manifest, "/hook_points"), "any"),
    )?;
    field("wants", &names(&list(manifest, "/capabilities"), "nothing"))?;
    field("settings", &settings(manifest))
}

fn signature_of(state: &str, report: &Value) -> String {
    match report.get("signed_by").and_then(Value::as_str) {
        Some(key) => format!("{state} (by {key})"),
        None => state.to_owned(),
    }
}

/// The settings, by name and type; those in brackets can be left away.
fn settings(manifest: &Value) -> String {
    let Some(properties) = manifest
        .pointer("/settings_schema/properties")
        .and_then(Value::as_object)
    else {
        return "none".to_owned();
    };
    let required = list(manifest, "/settings_schema/required");
    let shown: Vec<_> = properties
        .iter()
        .map(|(name, schema)| {
            let kind = schema.get("type").map_or("any".to_owned(), output::cell);
            let is_required = required.iter().any(|required| *required == name.as_str());
            if is_required {
                format!("{name}: {kind}")
            } else {
                format!("[{name}: {kind}]")
            }
        })
        .collect();
    if shown.is_empty() {
        "none".to_owned()
    } else {
        shown.join(", ")
    }
}

/// What it imports, the capability that each belongs to, and whether the
/// manifest says so.
pub(super) fn show_imports(imports: &[Value]) -> io::Result<()> {
    if imports.is_empty() {
        return Ok(());
    }
    output::line("")?;
    let rows = imports
        .iter()
        .map(|import| {
            let row = output::row(import, &["/import", "/capability", "/declared"]);
            let shown = |cell: String| {
                if cell.is_empty() {
                    "-".to_owned()
                } else {
                    cell
                }
            };
            row.into_iter().map(shown).collect()
        })
        .collect();
    output::table(&["import", "capability", "declared"], rows)
}

fn show_problems(problems: &[Value], is_valid: bool) -> io::Result<()> {
    output::line("")?;
    if is_valid {
        return output::line("It can be published.");
    }
    output::line("It cannot be published:")?;
    for problem in problems {
        let text = |key: &str| problem.get(key).map(output::cell).unwrap_or_default();
        output::line(&format!(
            "  {}: {}",
            output::one_line(&text("rule")),
            output::one_line(&text("detail"))
        ))?;
    }
    Ok(())
}

pub(super) fn field(name: &str, value: &str) -> io::Result<()> {
    output::line(&format!("{name:<12} {}", output::one_line(value)))
}

fn names(values: &[Value], none: &str) -> String {
    if values.is_empty() {
        return none.to_owned();
    }
    let names: Vec<_> = values.iter().map(output::cell).collect();
    names.join(", ")
}

pub(super) fn list(value: &Value, pointer: &str) -> Vec<Value> {
    let items = value.pointer(pointer).and_then(Value::as_array);
    items.cloned().unwrap_or_default()
}
