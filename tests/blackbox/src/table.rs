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

/// The names of the events that were emitted for a job, oldest first, without
/// those of its creation.
pub async fn events_of_jobs(studio: &Studio) -> Vec<String> {
    let query = "SELECT event_name FROM events WHERE job_id IS NOT NULL \
                 AND event_name <> 'job_created' ORDER BY event_name";
    texts(studio, query).await
}
