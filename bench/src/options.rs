//! The flags that several benchmarks have.

use clap::Args;
use std::path::PathBuf;

/// The server under load.
#[derive(Debug, Args)]
pub struct ServerOptions {
    /// The built server.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/stagehook"))]
    pub binary: PathBuf,
    /// What it keeps everything in; an SQLite of its own by default.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
}

impl ServerOptions {
    /// Which database that is, for a table's head.
    pub fn database(&self) -> &'static str {
        match &self.database_url {
            Some(url) if url.starts_with("postgres") => "PostgreSQL",
            _ => "SQLite, synchronous=FULL",
        }
    }
}
