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

    /// Runs SQL past the store; answers how many rows it changed.
    pub(crate) async fn raw(&self, sql: &str) -> Result<u64, sqlx::Error> {
        if self.is_sqlite() {
            let path = self.url().trim_start_matches("sqlite://");
            let mut connection = SqliteConnection::connect(path).await?;
            let done = sqlx::query(AssertSqlSafe(sql))
                .execute(&mut connection)
                .await;
            connection.close().await?;
            Ok(done?.rows_affected())
        } else {
            let mut connection = PgConnection::connect(self.url()).await?;
            let done = sqlx::query(AssertSqlSafe(sql))
                .execute(&mut connection)
                .await;
            connection.close().await?;
            Ok(done?.rows_affected())
        }
    }

    /// Reads one number past the store.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let number = if self.is_sqlite() {
            let path = self.url().trim_start_matches("sqlite://");
            let mut connection = SqliteConnection::connect(path).await.expect("a connection");
            let number = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql))
                .fetch_one(&mut connection)
                .await;
            connection.close().await.expect("an end");
            number
        } else {
            let mut connection = PgConnection::connect(self.url())
                .await
                .expect("a connection");
            let number = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql))
                .fetch_one(&mut connection)
                .await;
            connection.close().await.expect("an end");
            number
        };
        number.expect("a number")
    }
}
