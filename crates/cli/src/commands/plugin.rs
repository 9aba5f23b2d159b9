//! `stagehook plugin …`
//!
//! Some of these commands speak to a server, and take a [`Connection`](crate::client::Connection); the
//! others work on files alone, for the people who write plugins.

mod bench;
mod build;
mod export;
mod get;
mod import;
mod inspect;
mod install;
mod keygen;
mod keys;
mod language;
mod layout;
mod list;
mod new;
mod publish;
mod report;
mod run;
mod sandbox;
mod shown;
mod sign;
mod signature;
mod validate;
mod verify;
mod yank;

use crate::ending::Ending;
use crate::server::logging;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct PluginArgs {
    #[command(subcommand)]
    command: PluginCommand,
}

#[derive(Debug, Subcommand)]
enum PluginCommand {
    /// Start a plugin: a project that builds, with a test and a README
    New(new::NewArgs),
    /// Build the plugin in a directory, and inspect what comes of it
    Build(build::BuildArgs),
    /// Look at a component as a server would that it is sent to
    Inspect(inspect::InspectArgs),
    /// Run a component with an input, in the server's sandbox, without a server
    Run(run::RunArgs),
    /// Measure how long a component takes per call
    Bench(bench::BenchArgs),
    /// Make a key that signs plugins
    Keygen(keygen::KeygenArgs),
    /// Sign a component
    Sign(sign::SignArgs),
    /// Check the signature of a component
    Verify(verify::VerifyArgs),
    /// Have a server look at a component, without publishing it
    Validate(validate::ValidateArgs),
    /// Publish a component; it says its name and version itself
    #[command(visible_alias = "upload")]
    Publish(publish::PublishArgs),
    /// List the plugins, each with its newest version
    List(list::ListArgs),
    /// Show a version of a plugin, or all of its versions
    Get(get::GetArgs),
    /// Withdraw a version
    Yank(yank::YankArgs),
    /// Make a hook of a plugin
    Install(install::InstallArgs),
    /// Write a version as an OCI image layout
    Export(export::ExportArgs),
    /// Publish what `export` wrote
    Import(import::ImportArgs),
}

pub(super) async fn run(args: PluginArgs) -> anyhow::Result<Ending> {
    logging::start_for_command()?;
    match args.command {
        PluginCommand::New(args) => new::run(&args),
        PluginCommand::Build(args) => build::run(&args).await,
        PluginCommand::Inspect(args) => inspect::run(&args).await,
        PluginCommand::Run(args) => run::run(args).await,
        PluginCommand::Bench(args) => bench::run(args).await,
        PluginCommand::Keygen(args) => keygen::run(&args),
        PluginCommand::Sign(args) => sign::run(&args),
        PluginCommand::Verify(args) => verify::run(&args),
        PluginCommand::Validate(args) => validate::run(args).await,
        PluginCommand::Publish(args) => publish::run(args).await,
        PluginCommand::List(args) => list::run(args).await,
        PluginCommand::Get(args) => get::run(args).await,
        PluginCommand::Yank(args) => yank::run(args).await,
        PluginCommand::Install(args) => install::run(args).await,
        PluginCommand::Export(args) => export::run(args).await,
        PluginCommand::Import(args) => import::run(args).await,
    }
}
