//! A migrated store on a database of its own, and a second way in.

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use stagehook_core::clock::{Clock, ManualClock};
use stagehook_store::{Store, StoreOptions};
use stagehook_test_support::database::TestDatabase;

pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) clock: ManualClock,
    database: TestDatabase,
}

/// What the clock shows when a test begins.
pub(crate) fn start() -> DateTime<Utc> {
    "2026-03-04T05:06:07.000008Z"
        .parse()
        .expect("a time that is written right")
}

impl Fixture {
    pub(crate) async fn sqlite() -> Self {
        Self::on(TestDatabase::sqlite()).await
    }

    pub(crate) async fn postgres() -> Self {
        Self::on(TestDatabase::postgres().await).await
    }

    async fn on(database: TestDatabase) -> Self {
        let (clock, hands) = Clock::manual(start());
        let store = Store::open(
            database.url(),
            StoreOptions {
                clock,
                max_connections: 4,
            },
        )
        .await
        .expect("a store that opens");
        store.migrate().await.expect("a schema");
        Self {
            store,
            clock: hands,
            database,
        }
    }

    pub(crate) async fn end(self) {
        self.store.close().await;
    }

    pub(crate) fn url(&self) -> &str {
        self.database.url()
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.url().starts_with("sqlite")
    }

    /// A connection past the store.
    pub(crate) async fn beside(&self) -> Result<Beside, sqlx::Error> {
        Ok(if self.is_sqlite() {
            let path = self.url().trim_start_matches("sqlite://");
            Beside::Sqlite(SqliteConnection::connect(path).await?)
        } else {
            Beside::Postgres(PgConnection::connect(self.url()).await?)
        })
    }

    /// Runs SQL past the store; answers how many rows it changed.
    pub(crate) async fn raw(&self, sql: &str) -> Result<u64, sqlx::Error> {
        let mut beside = self.beside().await?;
        let done = beside.execute(sql).await;
        beside.close().await?;
        done
    }

    /// Reads one number past the store.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let mut beside = self.beside().await.expect("a connection");
        let sql = AssertSqlSafe(sql);
        let number = match &mut beside {
            Beside::Sqlite(c) => sqlx::query_scalar::<_, i64>(sql).fetch_one(c).await,
            Beside::Postgres(c) => sqlx::query_scalar::<_, i64>(sql).fetch_one(c).await,
        };
        beside.close().await.expect("an end");
        number.expect("a number")
    }
}

/// A connection past the store.
pub(crate) enum Beside {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Beside {
    /// Runs SQL; answers how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &str) -> Result<u64, sqlx::Error> {
        let query = AssertSqlSafe(sql);
        Ok(match self {
            Self::Sqlite(c) => sqlx::query(query).execute(c).await?.rows_affected(),
            Self::Postgres(c) => sqlx::query(query).execute(c).await?.rows_affected(),
        })
    }

    pub(crate) async fn close(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        }
    }
}
