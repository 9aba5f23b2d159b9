//! `stagehook script rm`

use super::shown::path_of;
use crate::client::Connection;
use crate::ending::Ending;
use crate::output;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct RmArgs {
    /// Its path; hooks with it run what lies on the server's disk again
    path: String,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(args: RmArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    client.delete(&path_of("/scripts", &args.path)).await?;
    if !args.connection.json {
        output::line(&format!(
            "{} is deleted; its versions are kept",
            output::one_line(&args.path)
        ))?;
    }
    Ok(Ending::Ok)
}
