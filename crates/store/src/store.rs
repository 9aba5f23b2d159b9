//! Opening, migrating and closing the store.

use crate::address::Address;
use crate::database::{BoxFuture, Connection, PostgresTransaction, Readers, Writer};
use crate::error::{Result, StoreError};
use crate::neighbours::Neighbours;
use crate::outbox::Outbox;
use crate::publishing::Publishing;
use chrono::{DateTime, Utc};
use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::pool::PoolOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection as _, PgConnection, PgPool};
use stagehook_core::clock::Clock;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How long a caller waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that was idle for longer is tried before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(2);

/// Transactions of PostgreSQL at the same time in which publications are stored:
/// the fewer, the more of them share one.
const PUBLISHED_AT_ONCE: usize = 2;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Where every time comes from that the store writes, except `updated_at`
    /// of a changed row, which the database sets.
    pub clock: Clock,
    /// Most connections: to PostgreSQL, or readers of SQLite beside its one
    /// writer. At least 1.
    pub max_connections: u32,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            clock: Clock::System,
            max_connections: 16,
        }
    }
}

/// Everything that Stagehook keeps. Cheap to clone; all clones share the
/// connections.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    backend: Backend,
    clock: Clock,
    outbox: Arc<Outbox>,
    publishing: Publishing,
}

#[derive(Debug)]
enum Backend {
    Sqlite {
        options: Box<SqliteConnectOptions>,
        readers: Readers,
        writer: Writer,
    },
    Postgres {
        pool: PgPool,
        neighbours: Neighbours,
    },
}

impl Store {
    /// Connects to `sqlite://<path>` (the file is made when it is missing,
    /// readable by its owner alone) or `postgres://…`. Must be called within a
    /// tokio runtime; migrates nothing.
    ///
    /// # Errors
    /// [`StoreError::InvalidUrl`], and [`StoreError::Unavailable`] when the
    /// database does not answer. No text holds the URL's password.
    pub async fn open(url: &str, options: StoreOptions) -> Result<Self> {
        let most = options.max_connections.max(1);
        let outbox = Arc::new(Outbox::default());
        let backend = match Address::parse(url)? {
            Address::Sqlite(address) => {
                let options = address.options()?;
                let writer = options.connect().await?;
                let reading = options.clone().pragma("query_only", "ON");
                let readers = Readers::open(reading, most, ACQUIRE_TIMEOUT).await?;
                Backend::Sqlite {
                    options: Box::new(options),
                    readers,
                    writer: Writer::start(writer, Arc::clone(&outbox)),
                }
            }
            Address::Postgres(address) => {
                let pool = PoolOptions::new()
                    .max_connections(most)
                    .acquire_timeout(ACQUIRE_TIMEOUT)
                    // Trying every connection before each use would double the
                    // round trips; trying the idle ones finds those that a
                    // restart of the database has cut.
                    .test_before_acquire(false)
                    .before_acquire(|connection: &mut PgConnection, meta| {
                        Box::pin(async move {
                            if meta.idle_for < TRUSTED_IDLE {
                                return Ok(true);
                            }
                            Ok(connection.ping().await.is_ok())
                        })
                    })
                    .connect_with(*address)
                    .await?;
                Backend::Postgres {
                    neighbours: Neighbours::meet(&pool, &outbox),
                    pool,
                }
            }
        };
        let publishing = match backend {
            Backend::Sqlite { .. } => Publishing::new(1),
            Backend::Postgres { .. } => Publishing::new(PUBLISHED_AT_ONCE),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                publishing,
                backend,
                clock: options.clock,
                outbox,
            }),
        })
    }

    /// Brings the schema to this program's version. Answers the versions of
    /// the migrations that were applied now, lowest first; several servers may
    /// do this at once.
    ///
    /// # Errors
    /// [`StoreError::Migration`] when the database has been migrated by a
    /// newer program, or a migration was altered after it had been applied.
    pub async fn migrate(&self) -> Result<Vec<i64>> {
        let applied = match &self.inner.backend {
            Backend::Sqlite { options, .. } => {
                let mut connection = options.connect().await?;
                let applied = apply(&SQLITE_MIGRATIONS, &mut connection).await;
                connection.close().await?;
                applied
            }
            Backend::Postgres { pool, .. } => {
                // A connection of its own, because closing it gives up the
                // migration lock whatever happened.
                let mut connection = pool.connect_options().connect().await?;
                let applied = apply(&POSTGRES_MIGRATIONS, &mut connection).await;
                connection.close().await?;
                applied
            }
        };
        applied.map_err(|error| StoreError::Migration(Arc::new(error)))
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Database`] when there is
    /// none.
    pub async fn ping(&self) -> Result<()> {
        self.reader()
            .await?
            .number("SELECT 1 + $1", crate::database::args![0_i64])
            .await?;
        Ok(())
    }

    /// Commits what is waiting to be written and closes every connection.
    /// Calls made after this answer [`StoreError::Closed`].
    pub async fn close(&self) {
        match &self.inner.backend {
            Backend::Sqlite {
                readers, writer, ..
            } => {
                readers.close().await;
                writer.close().await;
            }
            Backend::Postgres { pool, neighbours } => {
                neighbours.leave().await;
                pool.close().await;
            }
        }
    }

    /// The publications that wait.
    pub(crate) fn publishing(&self) -> &Publishing {
        &self.inner.publishing
    }

    /// The time now, as every row of one change has it.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }

    /// Waits until a transaction has left new deliveries; one that did since the
    /// last call counts. Of other servers it is heard as a rule, not always.
    pub async fn deliveries_left(&self) {
        self.inner.outbox.deliveries().await;
    }

    /// Waits until a transaction has stored events; one that did since the last
    /// call counts. Of other servers it is heard as a rule, not always.
    pub async fn events_left(&self) {
        self.inner.outbox.events().await;
    }

    /// A connection for reading: each statement sees what is committed then.
    pub(crate) async fn reader(&self) -> Result<Connection> {
        Ok(match &self.inner.backend {
            Backend::Sqlite { readers, .. } => Connection::SqliteReader(readers.acquire().await?),
            Backend::Postgres { pool, .. } => Connection::Postgres(pool.acquire().await?),
        })
    }

    /// Runs a body of several statements in one transaction, committed when
    /// it answers `Ok` and undone otherwise.
    pub(crate) async fn write<T, F>(&self, body: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        match &self.inner.backend {
            Backend::Sqlite { writer, .. } => writer.write(body).await,
            Backend::Postgres { pool, .. } => {
                let transaction =
                    PostgresTransaction::new(pool.begin().await?, Arc::clone(&self.inner.outbox));
                let mut connection = Connection::PostgresTransaction(transaction);
                let result = body(&mut connection).await;
                let Connection::PostgresTransaction(transaction) = connection else {
                    return result;
                };
                match &result {
                    Ok(_) => transaction.commit().await?,
                    Err(_) => transaction.rollback().await?,
                }
                result
            }
        }
    }

    /// Runs a body of which at most one statement writes, which is a
    /// transaction by itself: on PostgreSQL that saves two round trips.
    pub(crate) async fn write_one<T, F>(&self, body: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        match &self.inner.backend {
            Backend::Sqlite { writer, .. } => writer.write(body).await,
            Backend::Postgres { pool, .. } => {
                let mut connection = Connection::Postgres(pool.acquire().await?);
                body(&mut connection).await
            }
        }
    }
}

async fn apply<C: Migrate>(
    migrations: &Migrator,
    connection: &mut C,
) -> std::result::Result<Vec<i64>, MigrateError> {
    connection.lock().await?;
    let table = &migrations.table_name;
    connection.ensure_migrations_table(table).await?;
    let before: BTreeSet<i64> = connection
        .list_applied_migrations(table)
        .await?
        .into_iter()
        .map(|migration| migration.version)
        .collect();
    migrations.run_direct(None, connection, false).await?;
    connection.unlock().await?;
    Ok(migrations
        .iter()
        .map(|migration| migration.version)
        .filter(|version| !before.contains(version))
        .collect())
}
