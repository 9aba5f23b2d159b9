//! `stagehook webhook …`: for those who receive webhooks. Speaks to no server.

mod verify;

use crate::ending::Ending;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct WebhookArgs {
    #[command(subcommand)]
    command: WebhookCommand,
}

#[derive(Debug, Subcommand)]
enum WebhookCommand {
    /// Say whether a webhook that came is genuine, and if not why
    Verify(verify::VerifyArgs),
}

pub(super) fn run(args: WebhookArgs) -> anyhow::Result<Ending> {
    match args.command {
        WebhookCommand::Verify(args) => verify::run(&args),
    }
}
