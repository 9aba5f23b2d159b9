//! `stagehook plugin yank`

use super::shown;
use crate::client::Connection;
use crate::ending::Ending;
use crate::output;
use clap::Args;
use serde_json::json;

#[derive(Debug, Args)]
pub(super) struct YankArgs {
    /// NAME@VERSION; hooks that run it go on, and nothing new gets it
    plugin: String,
    /// Offer it again
    #[arg(long, conflicts_with = "reason")]
    undo: bool,
    /// Why, for people
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    reason: String,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(args: YankArgs) -> anyhow::Result<Ending> {
    let path = shown::path_of_version(&args.plugin)?;
    let client = args.connection.client()?;
    let mut body = json!({"yanked": !args.undo});
    if !args.reason.is_empty() {
        body["reason"] = args.reason.into();
    }
    let plugin = client.post(&format!("{path}/yank"), &body).await?;
    if args.connection.json {
        output::json(&plugin)?;
    } else if args.undo {
        output::line(&format!("{} is offered again", args.plugin))?;
    } else {
        output::line(&format!(
            "{} is yanked: hooks that run it go on, and nothing new gets it",
            args.plugin
        ))?;
    }
    Ok(Ending::Ok)
}
