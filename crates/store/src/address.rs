//! The URL of the database.

use crate::error::{Result, StoreError};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use tracing::log::LevelFilter;

/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 256;
/// How long SQLite waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// A statement that takes longer is logged as a warning.
const SLOW_STATEMENT: Duration = Duration::from_secs(1);

/// Where the database is.
pub(crate) enum Address {
    Sqlite(SqliteAddress),
    Postgres(Box<PgConnectOptions>),
}

/// A file that holds a SQLite database, or will.
pub(crate) struct SqliteAddress {
    path: PathBuf,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            if path.is_empty() || path.starts_with(':') || path.contains('?') {
                return Err(StoreError::InvalidUrl(
                    "write sqlite:// and then the path of a file, without parameters".to_owned(),
                ));
            }
            return Ok(Self::Sqlite(SqliteAddress {
                path: PathBuf::from(path),
            }));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            // What the parser says may quote the URL, password and all.
            let options = PgConnectOptions::from_str(url).map_err(|_| {
                StoreError::InvalidUrl(
                    "write postgres://user:password@host:port/database, special characters of the password percent-encoded".to_owned(),
                )
            })?;
            return Ok(Self::Postgres(Box::new(
                options
                    .application_name("stagehook")
                    .statement_cache_capacity(STATEMENTS)
                    .log_statements(LevelFilter::Off)
                    .log_slow_statements(LevelFilter::Warn, SLOW_STATEMENT),
            )));
        }
        Err(StoreError::InvalidUrl(
            "it must begin with sqlite:// or postgres://".to_owned(),
        ))
    }
}

impl SqliteAddress {
    /// Makes the file if it is missing, and says how it is opened.
    pub(crate) fn options(&self) -> Result<SqliteConnectOptions> {
        // SQLite would make it readable by everybody; the files beside it (the
        // write-ahead log) get the mode of this one.
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.path);
        if let Err(error) = made
            && error.kind() != ErrorKind::AlreadyExists
        {
            return Err(sqlx::Error::Io(error).into());
        }
        Ok(SqliteConnectOptions::new()
            .filename(&self.path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("temp_store", "MEMORY")
            .pragma("cache_size", "-16000")
            .statement_cache_capacity(STATEMENTS)
            .log_statements(LevelFilter::Off)
            .log_slow_statements(LevelFilter::Warn, SLOW_STATEMENT))
    }
}
