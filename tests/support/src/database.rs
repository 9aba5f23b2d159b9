//! A database of its own for each test, gone when the test ends.

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use url::Url;
use uuid::Uuid;

/// Names the PostgreSQL server on which the tests make their databases.
const VARIABLE: &str = "STAGEHOOK_TEST_POSTGRES_URL";

/// An empty database, removed when dropped.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Directory(#[expect(dead_code, reason = "held until the test ends")] TempDir),
    Server { server: Url, name: String },
}

impl TestDatabase {
    /// A SQLite database in a directory of its own; the file is not made yet.
    ///
    /// # Panics
    /// When no directory can be made.
    pub fn sqlite() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("stagehook-test-")
            .tempdir()
            .expect("a directory for the database");
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        Self {
            url,
            place: Place::Directory(directory),
        }
    }

    /// A PostgreSQL database on the server named by
    /// `STAGEHOOK_TEST_POSTGRES_URL`.
    ///
    /// # Panics
    /// When the variable is missing or the server does not answer.
    pub async fn postgres() -> Self {
        let server = std::env::var(VARIABLE).unwrap_or_else(|_| {
            panic!(
                "{VARIABLE} is not set: start tests through `make test` or `scripts/with-postgres`"
            )
        });
        let server = Url::parse(&server).expect("a URL in STAGEHOOK_TEST_POSTGRES_URL");
        let name = format!("stagehook_test_{}", Uuid::now_v7().simple());
        let mut connection = PgConnection::connect(server.as_str())
            .await
            .expect("an answer of the PostgreSQL server");
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await
            .expect("a database of its own");
        connection.close().await.expect("a connection that closes");
        let mut url = server.clone();
        url.set_path(&name);
        Self {
            url: url.into(),
            place: Place::Server { server, name },
        }
    }

    /// Where it is: `sqlite://…` or `postgres://…`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Place::Server { server, name } = &self.place else {
            return;
        };
        let (server, name) = (server.clone(), name.clone());
        // A thread, because the test's own runtime cannot be waited for here.
        let dropped = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(async move {
                    let mut connection = PgConnection::connect(server.as_str()).await?;
                    sqlx::query(AssertSqlSafe(format!(
                        "DROP DATABASE IF EXISTS {name} WITH (FORCE)"
                    )))
                    .execute(&mut connection)
                    .await
                })
        })
        .join();
        // The server may have gone first; then so has the database.
        drop(dropped);
    }
}
