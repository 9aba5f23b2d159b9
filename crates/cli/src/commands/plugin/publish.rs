//! `stagehook plugin publish`

use super::shown;
use crate::client::Connection;
use crate::ending::Ending;
use crate::output;
use anyhow::Context as _;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct PublishArgs {
    /// The component (.wasm)
    file: PathBuf,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(args: PublishArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let component = std::fs::read(&args.file)
        .with_context(|| format!("cannot read {}", args.file.display()))?;
    let plugin = client.upload("/plugins", component).await?;
    if args.connection.json {
        output::json(&plugin)?;
    } else {
        shown::versions(&[plugin])?;
    }
    Ok(Ending::Ok)
}
