//! A look into the database, for what no route shows.

use crate::studio::Studio;
use sqlx::{Connection as _, PgConnection, SqliteConnection};

/// The first column, a text, of what a query finds.
pub async fn texts(studio: &Studio, query: &'static str) -> Vec<String> {
    let url = studio.database_url();
    if url.starts_with("postgres") {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let found = sqlx::query_scalar(query).fetch_all(&mut connection).await;
        connection.close().await.unwrap();
        found.unwrap()
    } else {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        let found = sqlx::query_scalar(query).fetch_all(&mut connection).await;
        connection.close().await.unwrap();
        found.unwrap()
    }
}

/// Changes the database behind the server's back.
pub async fn execute(studio: &Studio, statement: &'static str) {
    let url = studio.database_url();
    if url.starts_with("postgres") {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let done = sqlx::query(statement).execute(&mut connection).await;
        connection.close().await.unwrap();
        done.unwrap();
    } else {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        let done = sqlx::query(statement).execute(&mut connection).await;
        connection.close().await.unwrap();
        done.unwrap();
    }
}

/// Adds a token of this role, by its SHA-256.
pub async fn add_token(studio: &Studio, name: &str, role: &str, hash: &[u8]) {
    const ADD: &str = "INSERT INTO api_tokens (name, role, hash, created_at) \
                       SELECT $1, $2, $3, created_at FROM api_tokens LIMIT 1";
    let url = studio.database_url();
    if url.starts_with("postgres") {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let add = sqlx::query(ADD).bind(name).bind(role).bind(hash);
        add.execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        let add = sqlx::query(ADD).bind(name).bind(role).bind(hash);
        add.execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// The names of the events that were emitted for a job, oldest first, without
/// those of its creation.
pub async fn events_of_jobs(studio: &Studio) -> Vec<String> {
    let query = "SELECT event_name FROM events WHERE job_id IS NOT NULL \
                 AND event_name <> 'job_created' ORDER BY event_name";
    texts(studio, query).await
}
