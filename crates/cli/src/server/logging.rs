//! The program's own log, on stderr.

use crate::settings::LogFormat;
use anyhow::anyhow;
use std::io::{self, IsTerminal as _};
use tracing_subscriber::EnvFilter;

/// Starts the server's log. `RUST_LOG` says what is in it; `info` by default.
pub(crate) fn start(format: LogFormat) -> anyhow::Result<()> {
    // PostgreSQL remarks on every start that the table of migrations is there.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter("info,sqlx::postgres::notice=warn")?)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let started = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow!("the log cannot be started: {error}"))
}

/// Starts the log of a command that a person waits for: `RUST_LOG` says what is
/// in it, warnings by default, without the time.
pub(crate) fn start_for_command() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(filter("warn")?)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .without_time()
        .with_target(false)
        .try_init()
        .map_err(|error| anyhow!("the log cannot be started: {error}"))
}

fn filter(otherwise: &str) -> anyhow::Result<EnvFilter> {
    match std::env::var("RUST_LOG") {
        Ok(directives) if !directives.is_empty() => EnvFilter::try_new(&directives)
            .map_err(|error| anyhow!("the environment variable RUST_LOG is wrong: {error}")),
        _ => Ok(EnvFilter::new(otherwise)),
    }
}
