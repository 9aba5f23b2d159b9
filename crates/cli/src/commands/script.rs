//! `stagehook script …`

mod diff;
mod get;
mod history;
mod list;
mod new;
mod push;
mod rm;
mod shown;

use crate::ending::Ending;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct ScriptArgs {
    #[command(subcommand)]
    command: ScriptCommand,
}

#[derive(Debug, Subcommand)]
enum ScriptCommand {
    /// Start a script: a commented template that runs
    New(new::NewArgs),
    /// Push scripts, or all of a directory: what hooks with their paths run from now on
    Push(push::PushArgs),
    /// List the scripts that were pushed
    List(list::ListArgs),
    /// Write what a script says
    Get(get::GetArgs),
    /// List the versions of a script, also of a deleted one
    History(history::HistoryArgs),
    /// Show what changed between two versions
    Diff(diff::DiffArgs),
    /// Delete a script; its versions are kept
    #[command(visible_alias = "delete")]
    Rm(rm::RmArgs),
}

pub(super) async fn run(args: ScriptArgs) -> anyhow::Result<Ending> {
    match args.command {
        ScriptCommand::New(args) => new::run(&args),
        ScriptCommand::Push(args) => push::run(args).await,
        ScriptCommand::List(args) => list::run(args).await,
        ScriptCommand::Get(args) => get::run(args).await,
        ScriptCommand::History(args) => history::run(args).await,
        ScriptCommand::Diff(args) => diff::run(args).await,
        ScriptCommand::Rm(args) => rm::run(args).await,
    }
}
