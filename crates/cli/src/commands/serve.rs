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

/// Turns of a worker between two looks at sockets and timers. Tokio's own 61 is
/// for tasks that take microseconds: here each may be a slice of a guest that
/// computes, and a deadline, a cancel or a request would wait for all of them.
const EVENT_INTERVAL: u32 = 7;

pub(super) fn run(args: ServeArgs) -> anyhow::Result<Ending> {
    let settings = Settings::load(args.flags)?;
    server::logging::start(settings.log_format.value)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .event_interval(EVENT_INTERVAL)
        .build()
        .context("the async runtime cannot be started")?
        .block_on(server::serve(settings))?;
    Ok(Ending::Ok)
}
