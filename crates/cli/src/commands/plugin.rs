//! `stagehook plugin …`
//!
//! Some of these commands speak to a server, and take a [`Connection`]; the
//! others work on files alone, for the people who write plugins.

mod bench;
mod get;
mod list;
mod publish;
mod run;
mod shown;

use crate::ending::Ending;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct PluginArgs {
    #[command(subcommand)]
    command: PluginCommand,
}

#[derive(Debug, Subcommand)]
enum PluginCommand {
    /// Run a component with an input, in the server's sandbox, without a server
    Run(run::RunArgs),
    /// Measure how long a component takes per call
    Bench(bench::BenchArgs),
    /// Publish a component; it says its name and version itself
    #[command(visible_alias = "upload")]
    Publish(publish::PublishArgs),
    /// List the plugins, each with its newest version
    List(list::ListArgs),
    /// Show a version of a plugin, or all of its versions
    Get(get::GetArgs),
}

pub(super) async fn run(args: PluginArgs) -> anyhow::Result<Ending> {
    match args.command {
        PluginCommand::Run(args) => run::run(args).await,
        PluginCommand::Bench(args) => bench::run(args).await,
        PluginCommand::Publish(args) => publish::run(args).await,
        PluginCommand::List(args) => list::run(args).await,
        PluginCommand::Get(args) => get::run(args).await,
    }
}
