//! Connections that read SQLite.
//!
//! Not `sqlx`'s own pool, which has a task ask SQLite's thread for a sign of
//! life whenever a connection comes back: that costs as much as the statement
//! that was run. A connection to a file needs no such question.

use crate::error::{Result, StoreError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection as _, SqliteConnection};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The readers; as many as have been needed at once, up to a bound.
#[derive(Debug)]
pub(crate) struct Readers {
    options: Box<SqliteConnectOptions>,
    most: u32,
    patience: Duration,
    permits: Arc<Semaphore>,
    idle: Arc<Idle>,
}

#[derive(Debug, Default)]
struct Idle(Mutex<Vec<SqliteConnection>>);

impl Idle {
    fn take(&self) -> Option<SqliteConnection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put(&self, connection: SqliteConnection) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
    }
}

/// A reader in use; it goes back when dropped.
#[derive(Debug)]
pub(crate) struct Reader {
    connection: Option<SqliteConnection>,
    idle: Arc<Idle>,
    // Declared last: the next in line finds the connection in its place.
    _permit: OwnedSemaphorePermit,
}

impl Readers {
    /// Opens the first reader, so that a file that cannot be read is found
    /// at once.
    pub(crate) async fn open(
        options: SqliteConnectOptions,
        most: u32,
        patience: Duration,
    ) -> Result<Self> {
        let idle = Idle::default();
        idle.put(options.connect().await?);
        Ok(Self {
            options: Box::new(options),
            most,
            patience,
            permits: Arc::new(Semaphore::new(most as usize)),
            idle: Arc::new(idle),
        })
    }

    /// Waits for a reader that is free.
    pub(crate) async fn acquire(&self) -> Result<Reader> {
        let permit = tokio::time::timeout(self.patience, Arc::clone(&self.permits).acquire_owned())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| StoreError::Closed)?;
        let connection = match self.idle.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        Ok(Reader {
            connection: Some(connection),
            idle: Arc::clone(&self.idle),
            _permit: permit,
        })
    }

    /// Closes every reader, those in use as soon as they come back.
    pub(crate) async fn close(&self) {
        // Whoever keeps one longer than this loses nothing by its end.
        let all = tokio::time::timeout(self.patience, self.permits.acquire_many(self.most)).await;
        self.permits.close();
        drop(all);
        while let Some(connection) = self.idle.take() {
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "a reader of SQLite was not closed in order");
            }
        }
    }
}

impl Reader {
    /// The connection, which is there until the reader is dropped.
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection> {
        self.connection.as_mut().ok_or(StoreError::Closed)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.idle.put(connection);
        }
    }
}
