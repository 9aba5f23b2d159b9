//! `stagehook hook export`

use super::hook_transfer::{SCHEMA, Scopes};
use crate::client::Client;
use crate::ending::Ending;
use crate::output;
use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Write to this file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) async fn run(client: &Client, args: ExportArgs) -> anyhow::Result<Ending> {
    let scopes = Scopes::read(client).await?;
    let mut hooks = Vec::new();
    for hook in client.list("/hooks", &[], None).await? {
        hooks.extend(scopes.to_file(&hook)?);
    }
    // An order that does not depend on the server, so that two exports can be
    // compared line by line.
    hooks.sort_by_cached_key(|hook| {
        ["/project", "/scene_type", "/hook_point", "/event", "/name"].map(|pointer| {
            hook.pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_owned()
        })
    });
    let document = json!({"schema": SCHEMA, "hooks": hooks});
    match args.output {
        None => output::json(&document)?,
        Some(path) => std::fs::write(&path, format!("{document:#}\n"))
            .with_context(|| format!("cannot write {}", path.display()))?,
    }
    Ok(Ending::Ok)
}
