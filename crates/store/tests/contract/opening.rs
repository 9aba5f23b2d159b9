//! Opening, migrating, closing.

use crate::contract;
use crate::fixture::Fixture;
use crate::samples::ANNA;
use stagehook_store::{Store, StoreError, StoreOptions};
use stagehook_test_support::database::TestDatabase;
use std::os::unix::fs::PermissionsExt;

contract![
    migrations_are_applied_once,
    what_was_written_is_there_after_opening_again,
    a_closed_store_says_so,
    a_database_of_a_newer_program_is_refused,
    servers_that_start_together_migrate_once,
];

/// The versions of the migrations in the repository, lowest first.
fn versions() -> Vec<i64> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite");
    let mut versions: Vec<i64> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let name = file.unwrap().file_name().into_string().unwrap();
            name.split_once('_').unwrap().0.parse().unwrap()
        })
        .collect();
    versions.sort_unstable();
    versions
}

async fn migrations_are_applied_once(f: &Fixture) {
    let url = f.url().to_owned();
    let again = Store::open(&url, StoreOptions::default()).await.unwrap();
    assert_eq!(again.migrate().await.unwrap(), Vec::<i64>::new());
    again.ping().await.unwrap();
    again.close().await;
    let known = f.count("SELECT count(*) FROM _sqlx_migrations").await;
    assert_eq!(usize::try_from(known).unwrap(), versions().len());
}

async fn what_was_written_is_there_after_opening_again(f: &Fixture) {
    let project = f.project("Nightfall").await;
    f.store.close().await;
    let again = Store::open(f.url(), StoreOptions::default()).await.unwrap();
    assert_eq!(again.get_project(project).await.unwrap().name, "Nightfall");
    again.close().await;
}

async fn a_closed_store_says_so(f: &Fixture) {
    f.store.close().await;
    let written = f.store.create_project(ANNA, "Too late").await;
    assert!(matches!(written, Err(StoreError::Closed)), "{written:?}");
    let read = f.store.ping().await;
    assert!(matches!(read, Err(StoreError::Closed)), "{read:?}");
}

async fn a_database_of_a_newer_program_is_refused(f: &Fixture) {
    let (truth, bytes) = if f.is_sqlite() {
        ("1", "x'00'")
    } else {
        ("TRUE", "'\\x00'::bytea")
    };
    f.raw(&format!(
        "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time)
         VALUES (9999, 'from the future', CURRENT_TIMESTAMP, {truth}, {bytes}, 1)"
    ))
    .await
    .unwrap();
    let error = f.store.migrate().await.unwrap_err();
    assert!(matches!(error, StoreError::Migration(_)), "{error:?}");
}

async fn servers_that_start_together_migrate_once(f: &Fixture) {
    // A second, empty database of the same kind.
    let empty = if f.is_sqlite() {
        TestDatabase::sqlite()
    } else {
        TestDatabase::postgres().await
    };
    if f.is_sqlite() {
        // One SQLite file has one server; nothing to share.
        let store = Store::open(empty.url(), StoreOptions::default())
            .await
            .unwrap();
        assert_eq!(store.migrate().await.unwrap(), versions());
        store.close().await;
        return;
    }
    let (one, two) = tokio::join!(
        Store::open(empty.url(), StoreOptions::default()),
        Store::open(empty.url(), StoreOptions::default()),
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    let (a, b) = tokio::join!(one.migrate(), two.migrate());
    let mut applied = [a.unwrap(), b.unwrap()].concat();
    applied.sort_unstable();
    assert_eq!(applied, versions());
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn the_sqlite_file_is_made_for_its_owner_alone() {
    let database = TestDatabase::sqlite();
    let store = Store::open(database.url(), StoreOptions::default())
        .await
        .unwrap();
    store.migrate().await.unwrap();
    let path = database.url().trim_start_matches("sqlite://");
    for file in [path.to_owned(), format!("{path}-wal")] {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    store.close().await;
}

#[tokio::test]
async fn a_url_that_cannot_be_used_is_refused_without_repeating_its_password() {
    for url in [
        "",
        "mysql://u:s3cret@h/db",
        "sqlite://",
        "sqlite://:memory:",
        "sqlite::memory:",
        "postgres://u:s3cret@h:notaport/db",
        "postgres://u:s3cret@[::1/db",
    ] {
        let error = Store::open(url, StoreOptions::default()).await.unwrap_err();
        assert!(
            matches!(error, StoreError::InvalidUrl(_)),
            "{url}: {error:?}"
        );
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{url}");
    }
    // Nothing listens on port 1 of the loopback.
    let error = Store::open(
        "postgres://u:s3cret@127.0.0.1:1/db",
        StoreOptions::default(),
    )
    .await
    .unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("s3cret"));
    let error = Store::open("sqlite:///nowhere/at/all.db", StoreOptions::default())
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
}
