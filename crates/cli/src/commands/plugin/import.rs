//! `stagehook plugin import`

use super::{layout, shown};
use crate::client::Connection;
use crate::ending::Ending;
use crate::output;
use anyhow::Context as _;
use clap::Args;
use serde_json::Value;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// What `plugin export` wrote, or any other tool as an OCI image layout
    #[arg(value_name = "FILE.tar|DIR")]
    layout: PathBuf,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(args: ImportArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let archive = if args.layout.is_dir() {
        layout::pack(&args.layout)?
    } else {
        std::fs::read(&args.layout)
            .with_context(|| format!("cannot read {}", args.layout.display()))?
    };
    let imported = client
        .upload("/plugins/import", "application/x-tar", archive, &[])
        .await?;
    if args.connection.json {
        output::json(&imported)?;
    } else if let Some(items) = imported.get("items").and_then(Value::as_array) {
        shown::versions(items)?;
    } else {
        shown::versions(&[imported])?;
    }
    Ok(Ending::Ok)
}
