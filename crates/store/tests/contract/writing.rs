//! Many writers at once.

use crate::contract;
use crate::fixture::Fixture;
use crate::samples::{ANNA, everything, new_run, proceed, record, spec, step};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{HookId, NodeId, StageRunId};
use stagehook_core::log::ExecutionRecord;
use stagehook_store::{LogFilter, StartOutcome, StoreError};
use tokio::task::JoinSet;

contract![
    one_write_that_fails_leaves_its_neighbours_alone,
    many_stage_runs_at_once_are_all_recorded,
    what_waits_is_written_before_the_store_closes,
    a_write_is_whole_although_its_caller_went_away,
];

async fn one_write_that_fails_leaves_its_neighbours_alone(f: &Fixture) {
    let hook = f.hook(&spec("taken", json!({}))).await;
    let generation = f.store.hook_generation().await.unwrap();
    // On SQLite nothing can be written until all of them wait, so that they
    // are one group.
    let gate = Gate::shut(f).await;
    let mut writes = JoinSet::new();
    for number in 0..20 {
        let store = f.store.clone();
        // Fails after it has written to the generation.
        let taken = number % 3 == 0;
        let name = if taken {
            "taken".to_owned()
        } else {
            format!("hook {number}")
        };
        let new = spec(&name, json!({}));
        // A single statement, which the database refuses.
        let of_nobody = number % 5 == 0;
        let log = ExecutionRecord {
            hook_id: HookId::new(if of_nobody { 99 } else { hook.id.get() }),
            ..record(&hook, ExecutionStatus::Passed)
        };
        writes.spawn(async move {
            // Refused by a rule, before anything is written.
            let (created, appended, cancelled) = tokio::join!(
                store.create_hook(ANNA, &new),
                store.append_log(&log),
                store.request_cancel(ANNA, StageRunId::generate()),
            );
            assert!(
                matches!(cancelled, Err(StoreError::NotFound { .. })),
                "{cancelled:?}"
            );
            match created {
                Ok(_) => assert!(!taken),
                Err(StoreError::NameTaken { .. }) => assert!(taken),
                Err(other) => panic!("{other:?}"),
            }
            match appended {
                Ok(_) => assert!(!of_nobody),
                Err(StoreError::Database(_)) => assert!(of_nobody),
                Err(other) => panic!("{other:?}"),
            }
        });
    }
    gate.open().await;
    writes.join_all().await;
    assert_eq!(f.count("SELECT count(*) FROM hooks").await, 1 + 13);
    assert_eq!(f.count("SELECT count(*) FROM hook_revisions").await, 1 + 13);
    assert_eq!(
        f.count("SELECT count(*) FROM hook_execution_logs").await,
        16
    );
    assert_eq!(f.store.hook_generation().await.unwrap(), generation + 13);
}

/// Keeps everybody from writing to SQLite. On PostgreSQL it does nothing.
struct Gate(Option<SqliteConnection>);

impl Gate {
    async fn shut(f: &Fixture) -> Self {
        if !f.is_sqlite() {
            return Self(None);
        }
        let path = f.url().trim_start_matches("sqlite://");
        let mut connection = SqliteConnection::connect(path).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut connection)
            .await
            .unwrap();
        Self(Some(connection))
    }

    async fn open(self) {
        if let Some(mut connection) = self.0 {
            // Everything that can run runs up to where it waits for us.
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            sqlx::query("ROLLBACK")
                .execute(&mut connection)
                .await
                .unwrap();
            connection.close().await.unwrap();
        }
    }
}

async fn many_stage_runs_at_once_are_all_recorded(f: &Fixture) {
    let job = f.job().await.id;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let mut runs = JoinSet::new();
    for _ in 0..60 {
        let (store, hook, node) = (f.store.clone(), hook.clone(), NodeId::generate());
        runs.spawn(async move {
            let new = new_run(job, &hook, node);
            let id = new.id;
            assert_eq!(
                store.start_stage_run(new).await.unwrap(),
                StartOutcome::Started
            );
            let first = step(&hook, job, id, 0, ExecutionStatus::Passed);
            store.record_step(id, node, &first).await.unwrap();
            // An answer means that it is committed: a reader sees it.
            assert_eq!(store.stage_run_logs(id).await.unwrap().len(), 1);
            let last = step(&hook, job, id, 1, ExecutionStatus::Failed);
            store
                .finish_stage_run(id, node, proceed(Some(last)))
                .await
                .unwrap();
            assert_eq!(store.stage_run_logs(id).await.unwrap().len(), 2);
        });
    }
    runs.join_all().await;
    let filter = LogFilter {
        success: Some(false),
        ..LogFilter::default()
    };
    assert_eq!(
        f.store
            .list_logs(&filter, everything())
            .await
            .unwrap()
            .items
            .len(),
        60
    );
    assert_eq!(
        f.count("SELECT count(*) FROM stage_runs WHERE status = 'running'")
            .await,
        0
    );
}

async fn what_waits_is_written_before_the_store_closes(f: &Fixture) {
    let gate = Gate::shut(f).await;
    let mut writes = JoinSet::new();
    for number in 0..10 {
        let store = f.store.clone();
        writes.spawn(async move {
            store
                .create_project(ANNA, &format!("project {number}"))
                .await
        });
    }
    let closing = {
        let store = f.store.clone();
        async move {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            store.close().await;
        }
    };
    tokio::join!(closing, gate.open());
    let answers = writes.join_all().await;
    let written = answers.iter().filter(|answer| answer.is_ok()).count();
    // Each was written, or was told that it came too late.
    for answer in &answers {
        assert!(
            matches!(answer, Ok(_) | Err(StoreError::Closed)),
            "{answer:?}"
        );
    }
    let kept = f.count("SELECT count(*) FROM projects").await;
    assert_eq!(usize::try_from(kept).unwrap(), written);
    assert_eq!(f.count("SELECT count(*) FROM audit_log").await, kept);
}

async fn a_write_is_whole_although_its_caller_went_away(f: &Fixture) {
    for number in 0..20 {
        let store = f.store.clone();
        let name = format!("project {number}");
        let call = tokio::spawn(async move { store.create_project(ANNA, &name).await });
        for _ in 0..number {
            tokio::task::yield_now().await;
        }
        call.abort();
        if let Err(ended) = call.await {
            assert!(ended.is_cancelled(), "{ended}");
        }
    }
    // A write behind them all has them in order before it.
    f.project("the last").await;
    let projects = f.count("SELECT count(*) FROM projects").await;
    assert_eq!(f.count("SELECT count(*) FROM audit_log").await, projects);
    let halves = f
        .count(
            "SELECT count(*) FROM projects p WHERE NOT EXISTS (
                 SELECT 1 FROM audit_log a WHERE a.subject_type = 'project' AND a.subject_id = CAST(p.id AS TEXT))",
        )
        .await;
    assert_eq!(halves, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_stays_locked_is_not_available_until_it_is_free_sqlite() {
    let f = Fixture::sqlite().await;
    let gate = Gate::shut(&f).await;
    // Both wait for another process, in vain: the one for which the
    // transaction is begun, and the one behind it.
    let (one, two) = tokio::join!(
        f.store.create_project(ANNA, "one"),
        f.store.create_project(ANNA, "two"),
    );
    for refused in [one, two] {
        assert!(
            matches!(refused, Err(StoreError::Unavailable(_))),
            "{refused:?}"
        );
    }
    gate.open().await;
    f.project("three").await;
    assert_eq!(f.count("SELECT count(*) FROM projects").await, 1);
    f.end().await;
}
