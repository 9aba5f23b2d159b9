//! `stagehook plugin export`

use super::{layout, shown};
use crate::client::Connection;
use crate::ending::Ending;
use crate::output;
use anyhow::{Context as _, bail};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// NAME@VERSION
    plugin: String,
    /// Where to: a file that ends in .tar, or a directory that does not exist
    #[arg(long, short, value_name = "FILE.tar|DIR")]
    output: PathBuf,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(args: ExportArgs) -> anyhow::Result<Ending> {
    let path = shown::path_of_version(&args.plugin)?;
    let shown = args.output.display();
    if args.output.exists() {
        bail!("{shown} exists; nothing was written");
    }
    let client = args.connection.client()?;
    let archive = client.download(&format!("{path}/export")).await?;
    if layout::is_archive(&args.output) {
        std::fs::write(&args.output, archive).with_context(|| format!("cannot write {shown}"))?;
    } else {
        layout::unpack(&archive, &args.output)?;
    }
    output::line(&format!("{} is in {shown}", args.plugin))?;
    Ok(Ending::Ok)
}
