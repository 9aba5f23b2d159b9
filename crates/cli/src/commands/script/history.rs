//! `stagehook script history`

use super::shown::{self, path_of};
use crate::client::Connection;
use crate::ending::Ending;
use crate::output;
use clap::Args;
use serde_json::json;

#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// Its path
    path: String,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(args: HistoryArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let path = path_of("/script-versions", &args.path);
    let versions = client.list(&path, &[], None).await?;
    if args.connection.json {
        output::json(&json!({"items": versions}))?;
    } else {
        shown::versions(&versions)?;
    }
    Ok(Ending::Ok)
}
