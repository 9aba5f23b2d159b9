//! `stagehook serve`

use crate::ending::Ending;
use crate::server;
use crate::settings::{Flags, Settings};
use anyhow::Context as _;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(args: ServeArgs) -> anyhow::Result<Ending> {
    let settings = Settings::load(args.flags)?;
    server::logging::start(settings.log_format.value)?;
    tokio::runtime::Runtime::new()
        .context("the async runtime cannot be started")?
        .block_on(server::serve(settings))?;
    Ok(Ending::Ok)
}
