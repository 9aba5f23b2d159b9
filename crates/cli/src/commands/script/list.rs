//! `stagehook script list`

use super::shown;
use crate::client::Connection;
use crate::ending::Ending;
use crate::output;
use clap::Args;
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Those whose path begins so
    prefix: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(args: ListArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let mut scripts = client
        .list("/scripts", &[("prefix", args.prefix)], None)
        .await?;
    let path = |script: &Value| script.get("path").map(output::cell);
    scripts.sort_by_key(path);
    if args.connection.json {
        output::json(&json!({"items": scripts}))?;
    } else {
        shown::versions(&scripts)?;
    }
    Ok(Ending::Ok)
}
