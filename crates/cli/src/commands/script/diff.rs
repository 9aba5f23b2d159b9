//! `stagehook script diff`

use super::shown::path_of;
use crate::client::{Connection, with_query};
use crate::ending::Ending;
use crate::output;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// Its path
    path: String,
    /// The old version [default: the one before the new]
    #[arg(long, value_name = "N")]
    from: Option<i64>,
    /// The new version [default: the newest]
    #[arg(long, value_name = "M")]
    to: Option<i64>,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(args: DiffArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let given = [("from", args.from), ("to", args.to)];
    let given = given.map(|(key, version)| (key, version.map(|version| version.to_string())));
    let query: Vec<(&str, &str)> = given
        .iter()
        .filter_map(|(key, version)| Some((*key, version.as_deref()?)))
        .collect();
    let path = with_query(&path_of("/script-diff", &args.path), &query);
    let diff = client.download(&path).await?;
    if args.connection.json {
        let text = String::from_utf8_lossy(&diff);
        output::json(&serde_json::json!({"diff": text}))?;
    } else {
        output::raw(&diff)?;
    }
    Ok(Ending::Ok)
}
