//! The commands, one file each.

mod compile_component;
mod config;
mod delivery;
mod event;
mod hook;
mod hook_export;
mod hook_import;
mod hook_transfer;
mod job;
mod logs;
mod migrate;
mod openapi;
mod plugin;
mod project;
mod scene_type;
mod script;
mod secret;
mod serve;
mod stage;
mod token;
mod webhook;

use crate::ending::{EXIT_CODES, Ending};
use anyhow::Context as _;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Runs hooks at the stages of a media pipeline, and answers proceed or halt.
#[derive(Debug, Parser)]
#[command(name = "stagehook", version, after_help = EXIT_CODES, max_term_width = 100,
    disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::ServeArgs),
    /// Print what `serve` would run with, and where each value comes from
    Config(config::ConfigArgs),
    /// Bring the database to this version's schema
    Migrate(migrate::MigrateArgs),
    /// Print the OpenAPI document of the HTTP interface
    Openapi,
    /// Compile a component from stdin to stdout, for the server
    #[command(hide = true)]
    CompileComponent,
    /// Hooks: list, create, test, export, import, …
    Hook(hook::HookArgs),
    /// Events: emit, list, show, types, import, tail, replay
    Event(event::EventArgs),
    /// Deliveries of events to hooks: list, show, retry
    Delivery(delivery::DeliveryArgs),
    /// Run the hooks of a stage
    Stage(stage::StageArgs),
    /// Show execution logs
    Logs(logs::LogsArgs),
    /// Jobs and their review
    Job(job::JobArgs),
    /// Projects
    Project(project::ProjectArgs),
    /// Scene types
    SceneType(scene_type::SceneTypeArgs),
    /// Scripts of shell and Python hooks: new, push, list, history, diff, …
    Script(script::ScriptArgs),
    /// Secrets that the server keeps encrypted: set, list, rm, rekey
    Secret(secret::SecretArgs),
    /// API tokens: create, list, revoke
    Token(token::TokenArgs),
    /// Plugins (WebAssembly components)
    Plugin(plugin::PluginArgs),
    /// Webhooks, for those who receive them: verify
    Webhook(webhook::WebhookArgs),
}

/// Runs a command to its end.
pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    // Nothing may be set up before this one limits itself.
    if let Command::CompileComponent = cli.command {
        return Ok(compile_component::run());
    }
    // Fails only when a provider was installed before; that one serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ending = match cli.command {
        Command::CompileComponent => return Ok(compile_component::run()),
        Command::Serve(args) => serve::run(args),
        Command::Config(args) => config::run(args),
        Command::Migrate(args) => wait(migrate::run(args)),
        Command::Openapi => openapi::run(),
        Command::Hook(args) => wait(hook::run(args)),
        Command::Event(args) => wait(event::run(args)),
        Command::Delivery(args) => wait(delivery::run(args)),
        Command::Stage(args) => wait(stage::run(args)),
        Command::Logs(args) => wait(logs::run(args)),
        Command::Job(args) => wait(job::run(args)),
        Command::Project(args) => wait(project::run(args)),
        Command::SceneType(args) => wait(scene_type::run(args)),
        Command::Script(args) => wait(script::run(args)),
        Command::Secret(args) => wait(secret::run(args)),
        Command::Token(args) => wait(token::run(args)),
        Command::Plugin(args) => wait(plugin::run(args)),
        Command::Webhook(args) => webhook::run(args),
    };
    ending.map(ExitCode::from)
}

fn wait(command: impl Future<Output = anyhow::Result<Ending>>) -> anyhow::Result<Ending> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the async runtime cannot be started")?
        .block_on(command)
}

/// A number of rows: 1 or more.
fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("must be a whole number from 1".to_owned()),
        Ok(number) => Ok(number),
    }
}
