//! `stagehook plugin get`

use super::shown;
use crate::client::{Connection, segment};
use crate::ending::Ending;
use crate::output;
use clap::Args;
use serde_json::Value;

#[derive(Debug, Args)]
pub(super) struct GetArgs {
    /// NAME or NAME@VERSION
    plugin: String,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(args: GetArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let path = match args.plugin.split_once('@') {
        Some((name, version)) => format!("{}/{}", segment(name), segment(version)),
        None => segment(&args.plugin),
    };
    let plugin = client.get(&format!("/plugins/{path}")).await?;
    if args.connection.json {
        output::json(&plugin)?;
    } else if let Some(versions) = plugin.get("items").and_then(Value::as_array) {
        shown::versions(versions)?;
    } else {
        shown::versions(std::slice::from_ref(&plugin))?;
        output::line(&format!("\nimports\n{}", lines(&plugin, "/imports")))?;
        output::line(&format!(
            "\nsettings\n{:#}",
            plugin.pointer("/settings_schema").unwrap_or(&Value::Null)
        ))?;
    }
    Ok(Ending::Ok)
}

fn lines(value: &Value, pointer: &str) -> String {
    let items = value.pointer(pointer).and_then(Value::as_array);
    let lines: Vec<_> = items
        .into_iter()
        .flatten()
        .map(|item| format!("  {}", output::one_line(&output::cell(item))))
        .collect();
    lines.join("\n")
}
