//! `stagehook plugin list`

use super::shown;
use crate::client::Connection;
use crate::ending::Ending;
use crate::output;
use clap::Args;
use serde_json::json;

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Those with this text in name or description
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(args: ListArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let plugins = client
        .list("/plugins", &[("search", args.search)], None)
        .await?;
    if args.connection.json {
        output::json(&json!({"items": plugins}))?;
    } else {
        shown::versions(&plugins)?;
    }
    Ok(Ending::Ok)
}
