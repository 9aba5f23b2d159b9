//! Two servers on one PostgreSQL hear of each other.

use crate::fixture::Fixture;
use crate::samples::{answering, event};
use stagehook_store::{Store, StoreOptions};
use std::time::Duration;

/// Nothing else would wake the waiting; a store never looks by itself.
const HEARD_WITHIN: Duration = Duration::from_secs(30);

async fn hears(store: &Store) {
    let heard = async {
        store.events_left().await;
        store.deliveries_left().await;
    };
    tokio::time::timeout(HEARD_WITHIN, heard)
        .await
        .expect("the other server's word");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_stores_wakes_the_other() {
    let f = Fixture::postgres().await;
    let other = Store::open(f.url(), StoreOptions::default()).await.unwrap();
    // From here on it listens.
    hears(&other).await;
    f.hook(&answering("all", "*")).await;
    for name in ["shot_ready", "shot_done"] {
        f.store
            .publish_events(vec![event(name, None)], None)
            .await
            .unwrap();
        hears(&other).await;
    }

    // The database, or something on the way, cuts the connection: what was said
    // meanwhile is taken to have been said.
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    f.raw(cut).await.unwrap();
    hears(&other).await;
    f.store
        .publish_events(vec![event("shot_ready", None)], None)
        .await
        .unwrap();
    hears(&other).await;

    other.close().await;
    f.end().await;
}
