//! `stagehook script get`

use super::shown::path_of;
use crate::client::{Connection, with_query};
use crate::ending::Ending;
use crate::output;
use anyhow::Context as _;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct GetArgs {
    /// Its path
    path: String,
    /// Which version [default: the newest]
    #[arg(long, value_name = "N")]
    version: Option<i64>,
    /// Where to [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(args: GetArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let version = args.version.map(|version| version.to_string());
    let query: Vec<(&str, &str)> = version.iter().map(|v| ("version", v.as_str())).collect();
    let path = with_query(&path_of("/scripts", &args.path), &query);
    let content = client.download(&path).await?;
    match &args.output {
        Some(file) => std::fs::write(file, content)
            .with_context(|| format!("cannot write {}", file.display()))?,
        None => output::raw(&content)?,
    }
    Ok(Ending::Ok)
}
