//! A connection to either database.

use super::readers::Reader;
use super::{Arg, Sql};
use crate::error::Result;
use crate::outbox::{Left, Outbox};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    AssertSqlSafe, Connection as _, FromRow, Postgres, SqlSafeStr, SqlStr, SqliteConnection,
    Transaction,
};
use std::sync::Arc;

/// A row that can be read from either database.
pub(crate) trait Fetched:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> Fetched for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

/// A connection to either database, in whichever role.
#[derive(Debug)]
pub(crate) enum Connection {
    /// One of SQLite's readers.
    SqliteReader(Reader),
    /// SQLite's only writer.
    SqliteWriter(SqliteWriter),
    /// PostgreSQL, each statement for itself.
    Postgres(PoolConnection<Postgres>),
    /// PostgreSQL, in a transaction.
    PostgresTransaction(PostgresTransaction),
}

/// A transaction of PostgreSQL, and what it leaves for others.
#[derive(Debug)]
pub(crate) struct PostgresTransaction {
    transaction: Transaction<'static, Postgres>,
    outbox: Arc<Outbox>,
    left: Left,
}

impl PostgresTransaction {
    pub(crate) const fn new(
        transaction: Transaction<'static, Postgres>,
        outbox: Arc<Outbox>,
    ) -> Self {
        Self {
            transaction,
            outbox,
            left: Left::NOTHING,
        }
    }

    /// Keeps what was written, and wakes whoever waits for it.
    pub(crate) async fn commit(self) -> Result<()> {
        self.transaction.commit().await?;
        self.outbox.wake(self.left);
        Ok(())
    }

    pub(crate) async fn rollback(self) -> Result<()> {
        Ok(self.transaction.rollback().await?)
    }
}

/// SQLite's only writer, and what is to run before its next statement.
#[derive(Debug)]
pub(crate) struct SqliteWriter {
    connection: SqliteConnection,
    announced: Option<&'static str>,
    outbox: Arc<Outbox>,
    left: Left,
}

impl SqliteWriter {
    pub(super) const fn new(connection: SqliteConnection, outbox: Arc<Outbox>) -> Self {
        Self {
            connection,
            announced: None,
            outbox,
            left: Left::NOTHING,
        }
    }

    pub(super) async fn close(self) -> std::result::Result<(), sqlx::Error> {
        self.connection.close().await
    }

    /// The statement, with what was announced in front of it.
    fn with_announced(&mut self, sql: SqlStr) -> SqlStr {
        match self.announced.take() {
            Some(first) => AssertSqlSafe(format!("{first} {}", sql.as_str())).into_sql_str(),
            None => sql,
        }
    }
}

/// Runs one `sqlx` call on whichever connection it is.
macro_rules! on {
    ($connection:expr, $sql:expr, $args:expr, $query:path, $call:ident) => {{
        let sql: Sql = $sql.into();
        match $connection {
            Connection::SqliteReader(reader) => {
                $query(sql.sqlite(), sqlite_arguments($args)?)
                    .$call(reader.connection()?)
                    .await
            }
            Connection::SqliteWriter(writer) => {
                let sql = writer.with_announced(sql.sqlite());
                $query(sql, sqlite_arguments($args)?)
                    .$call(&mut writer.connection)
                    .await
            }
            Connection::Postgres(connection) => {
                $query(sql.postgres(), postgres_arguments($args)?)
                    .$call(&mut **connection)
                    .await
            }
            Connection::PostgresTransaction(connection) => {
                $query(sql.postgres(), postgres_arguments($args)?)
                    .$call(&mut *connection.transaction)
                    .await
            }
        }
    }};
}

impl Connection {
    /// Has SQLite's writer run this together with the statement that comes
    /// next.
    pub(super) const fn announce(&mut self, sql: &'static str) {
        if let Self::SqliteWriter(writer) = self {
            writer.announced = Some(sql);
        }
    }

    /// Takes back what was announced, if no statement came.
    pub(super) const fn withdraw(&mut self) -> Option<&'static str> {
        match self {
            Self::SqliteWriter(writer) => writer.announced.take(),
            _ => None,
        }
    }

    /// Who answers events, as far as that is known here; none outside of
    /// transactions, in which no event is stored.
    pub(crate) fn outbox(&self) -> Option<Arc<Outbox>> {
        match self {
            Self::SqliteWriter(writer) => Some(Arc::clone(&writer.outbox)),
            Self::PostgresTransaction(connection) => Some(Arc::clone(&connection.outbox)),
            Self::SqliteReader(_) | Self::Postgres(_) => None,
        }
    }

    /// Notes that this transaction holds deliveries that can be made once it is
    /// committed.
    pub(crate) const fn leaves_deliveries(&mut self) {
        if let Some(left) = self.left() {
            left.deliveries = true;
        }
    }

    /// Notes that this transaction holds events, which others hear of once it is
    /// committed.
    pub(crate) const fn leaves_events(&mut self) {
        if let Some(left) = self.left() {
            left.events = true;
        }
    }

    const fn left(&mut self) -> Option<&mut Left> {
        match self {
            Self::SqliteWriter(writer) => Some(&mut writer.left),
            Self::PostgresTransaction(connection) => Some(&mut connection.left),
            Self::SqliteReader(_) | Self::Postgres(_) => None,
        }
    }

    /// SQLite's writer has committed: wakes whoever waits for that.
    pub(super) fn committed(&mut self) {
        if let Self::SqliteWriter(writer) = self {
            let left = std::mem::replace(&mut writer.left, Left::NOTHING);
            writer.outbox.wake(left);
        }
    }

    /// SQLite's writer has undone something.
    pub(super) fn rolled_back(&mut self) {
        if let Self::SqliteWriter(writer) = self {
            writer.outbox.forget();
        }
    }

    /// Of the two forms of a part of a statement, the one that this database
    /// speaks.
    pub(crate) const fn spelt(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::SqliteReader(_) | Self::SqliteWriter(_) => sqlite,
            Self::Postgres(_) | Self::PostgresTransaction(_) => postgres,
        }
    }

    /// Runs a statement; answers how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: impl Into<Sql>, args: &[Arg<'_>]) -> Result<u64> {
        let sql: Sql = sql.into();
        let changed = match self {
            Self::SqliteReader(reader) => sqlx::query_with(sql.sqlite(), sqlite_arguments(args)?)
                .execute(reader.connection()?)
                .await?
                .rows_affected(),
            Self::SqliteWriter(writer) => {
                // By itself: SQLite would count the changes of the statement
                // before once more for each statement that changes nothing.
                if let Some(first) = writer.announced.take() {
                    sqlx::query(first).execute(&mut writer.connection).await?;
                }
                sqlx::query_with(sql.sqlite(), sqlite_arguments(args)?)
                    .execute(&mut writer.connection)
                    .await?
                    .rows_affected()
            }
            Self::Postgres(connection) => {
                sqlx::query_with(sql.postgres(), postgres_arguments(args)?)
                    .execute(&mut **connection)
                    .await?
                    .rows_affected()
            }
            Self::PostgresTransaction(connection) => {
                sqlx::query_with(sql.postgres(), postgres_arguments(args)?)
                    .execute(&mut *connection.transaction)
                    .await?
                    .rows_affected()
            }
        };
        Ok(changed)
    }

    /// Reads the row, if there is one.
    pub(crate) async fn optional<T: Fetched>(
        &mut self,
        sql: impl Into<Sql>,
        args: &[Arg<'_>],
    ) -> Result<Option<T>> {
        Ok(on!(self, sql, args, sqlx::query_as_with, fetch_optional)?)
    }

    /// Reads the row that a statement always has.
    pub(crate) async fn one<T: Fetched>(
        &mut self,
        sql: impl Into<Sql>,
        args: &[Arg<'_>],
    ) -> Result<T> {
        Ok(on!(self, sql, args, sqlx::query_as_with, fetch_one)?)
    }

    /// Reads all rows.
    pub(crate) async fn all<T: Fetched>(
        &mut self,
        sql: impl Into<Sql>,
        args: &[Arg<'_>],
    ) -> Result<Vec<T>> {
        Ok(on!(self, sql, args, sqlx::query_as_with, fetch_all)?)
    }

    /// Reads the single number that a statement always has: an id, a count.
    pub(crate) async fn number(&mut self, sql: impl Into<Sql>, args: &[Arg<'_>]) -> Result<i64> {
        let (number,) = self.one::<(i64,)>(sql, args).await?;
        Ok(number)
    }
}

fn sqlite_arguments(args: &[Arg<'_>]) -> Result<SqliteArguments> {
    let mut arguments = SqliteArguments::default();
    for arg in args {
        arg.add_to(&mut arguments).map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn postgres_arguments(args: &[Arg<'_>]) -> Result<PgArguments> {
    let mut arguments = PgArguments::default();
    for arg in args {
        arg.add_to(&mut arguments).map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
