//! Servers that vanish, and what becomes of their runs. REQ-RUN-6

use crate::contract;
use crate::fixture::{Fixture, start};
use crate::samples::{proceed, spec};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use stagehook_core::ids::{NodeId, StageRunId};
use stagehook_store::StoreError;

contract![
    a_run_is_abandoned_when_its_server_lets_the_lease_expire,
    a_server_that_starts_finds_what_it_was_running,
    one_server_adopts_a_run,
];

async fn abandoned(f: &Fixture, node: NodeId, now: DateTime<Utc>, own: bool) -> Vec<StageRunId> {
    let runs = f.store.abandoned_runs(node, now, own, 10).await.unwrap();
    runs.iter().map(|run| run.id).collect()
}

async fn a_run_is_abandoned_when_its_server_lets_the_lease_expire(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let (here, there) = (NodeId::generate(), NodeId::generate());
    let run = f.run(job.id, &hook, there).await;
    let finished = f.run(job.id, &hook, there).await;
    f.store
        .finish_stage_run(finished, there, proceed(None))
        .await
        .unwrap();

    // It never had a lease.
    assert_eq!(abandoned(f, here, start(), false).await, [run]);
    // The ends of the leases differ in how many digits their text has.
    let end = start() + TimeDelta::seconds(10);
    f.store.renew_lease(there, end).await.unwrap();
    assert_eq!(
        abandoned(f, here, end - TimeDelta::microseconds(1), false).await,
        []
    );
    assert_eq!(abandoned(f, here, end, false).await, [run]);
    let later = "2026-03-04T05:06:30Z".parse().unwrap();
    f.store.renew_lease(there, later).await.unwrap();
    assert_eq!(abandoned(f, here, end, false).await, []);
    assert_eq!(
        abandoned(f, here, later - TimeDelta::microseconds(1), false).await,
        []
    );
    assert_eq!(
        abandoned(f, here, later + TimeDelta::microseconds(1), false).await,
        [run]
    );
}

async fn a_server_that_starts_finds_what_it_was_running(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let (here, there) = (NodeId::generate(), NodeId::generate());
    f.store
        .renew_lease(here, start() + TimeDelta::seconds(10))
        .await
        .unwrap();
    f.store
        .renew_lease(there, start() + TimeDelta::seconds(10))
        .await
        .unwrap();
    let one = f.run(job.id, &hook, here).await;
    let two = f.run(job.id, &hook, here).await;
    f.run(job.id, &hook, there).await;
    assert_eq!(abandoned(f, here, start(), true).await, [one, two]);
    assert_eq!(abandoned(f, here, start(), false).await, []);
    // Its own expired lease is no reason to give up what it runs.
    let late = start() + TimeDelta::minutes(1);
    assert!(!abandoned(f, here, late, false).await.contains(&one));
    let first = f
        .store
        .abandoned_runs(here, start(), true, 1)
        .await
        .unwrap();
    assert_eq!(first.len(), 1);
}

async fn one_server_adopts_a_run(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let gone = NodeId::generate();
    let id = f.run(job.id, &hook, gone).await;
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (store, node) = (f.store.clone(), NodeId::generate());
        attempts.spawn(async move {
            let adopted = store.adopt_stage_run(id, gone, node).await.unwrap();
            adopted.then_some(node)
        });
    }
    let winners: Vec<_> = attempts.join_all().await.into_iter().flatten().collect();
    let [winner] = winners[..] else {
        panic!("one should have adopted it: {winners:?}");
    };
    assert_eq!(f.store.get_stage_run(id).await.unwrap().owner, winner);
    let error = f
        .store
        .finish_stage_run(id, gone, proceed(None))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::RunLost { .. }), "{error:?}");
    f.store
        .finish_stage_run(id, winner, proceed(None))
        .await
        .unwrap();
    assert!(!f.store.adopt_stage_run(id, winner, gone).await.unwrap());
}
