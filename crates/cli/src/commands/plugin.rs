//! `stagehook plugin …`

use crate::client::{Connection, segment};
use crate::ending::Ending;
use crate::output;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct PluginArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: PluginCommand,
}

#[derive(Debug, Subcommand)]
enum PluginCommand {
    /// List the plugins, each with its newest version
    List {
        /// Those with this text in name or description
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Publish a component; it says its name and version itself
    Upload {
        /// The component (.wasm)
        file: PathBuf,
    },
    /// Show a version of a plugin, or all of its versions
    Get {
        /// NAME or NAME@VERSION
        plugin: String,
    },
}

pub(super) async fn run(args: PluginArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let as_json = args.connection.json;
    match args.command {
        PluginCommand::List { search } => {
            let plugins = client.list("/plugins", &[("search", search)], None).await?;
            if as_json {
                output::json(&json!({"items": plugins}))?;
            } else {
                show(&plugins)?;
            }
        }
        PluginCommand::Upload { file } => {
            let component =
                std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let plugin = client.upload("/plugins", component).await?;
            if as_json {
                output::json(&plugin)?;
            } else {
                show(&[plugin])?;
            }
        }
        PluginCommand::Get { plugin } => {
            let path = match plugin.split_once('@') {
                Some((name, version)) => format!("{}/{}", segment(name), segment(version)),
                None => segment(&plugin),
            };
            let plugin = client.get(&format!("/plugins/{path}")).await?;
            if as_json {
                output::json(&plugin)?;
            } else if let Some(versions) = plugin.get("items").and_then(Value::as_array) {
                show(versions)?;
            } else {
                show(std::slice::from_ref(&plugin))?;
                output::line(&format!("\nimports\n{}", lines(&plugin, "/imports")))?;
                output::line(&format!(
                    "\nsettings\n{:#}",
                    plugin.pointer("/settings_schema").unwrap_or(&Value::Null)
                ))?;
            }
        }
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

fn show(plugins: &[Value]) -> std::io::Result<()> {
    output::table(
        &["name", "version", "size", "digest", "description"],
        plugins
            .iter()
            .map(|plugin| {
                output::row(
                    plugin,
                    &[
                        "/name",
                        "/version",
                        "/size_bytes",
                        "/digest",
                        "/description",
                    ],
                )
            })
            .collect(),
    )
}
