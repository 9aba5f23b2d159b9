//! The server's own log, on stderr.

use crate::settings::LogFormat;
use anyhow::anyhow;
use std::io::{self, IsTerminal as _};
use tracing_subscriber::EnvFilter;

/// Starts the log. `RUST_LOG` says what is in it; `info` by default.
pub(crate) fn start(format: LogFormat) -> anyhow::Result<()> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(directives) if !directives.is_empty() => EnvFilter::try_new(&directives)
            .map_err(|error| anyhow!("the environment variable RUST_LOG is wrong: {error}"))?,
        // PostgreSQL remarks on every start that the table of migrations is there.
        _ => EnvFilter::new("info,sqlx::postgres::notice=warn"),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let started = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow!("the log cannot be started: {error}"))
}
