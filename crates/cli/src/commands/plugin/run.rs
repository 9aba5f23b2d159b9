//! `stagehook plugin run`

use crate::ending::Ending;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The component (.wasm)
    file: PathBuf,
}

pub(super) async fn run(args: RunArgs) -> anyhow::Result<Ending> {
    anyhow::bail!("{} cannot be run yet", args.file.display())
}
