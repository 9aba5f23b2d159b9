//! The life of a stage run.

use crate::contract;
use crate::fixture::{Fixture, start};
use crate::samples::{ANNA, everything, new_run, proceed, spec, step};
use serde_json::json;
use stagehook_core::digest::Digest;
use stagehook_core::event::Event;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{EventId, JobId, NodeId, StageRunId};
use stagehook_core::job::JobStatus;
use stagehook_core::log::ExecutionRecord;
use stagehook_core::page::PageRequest;
use stagehook_core::scope::Scope;
use stagehook_core::stage_run::StageRunStatus;
use stagehook_core::trigger::HookPoint;
use stagehook_core::verdict::Verdict;
use stagehook_store::{
    Entity, EventFilter, Halt, PAGE_BYTES_MAX, StageEnd, StageRunFilter, StartOutcome, StoreError,
};

contract![
    a_run_is_committed_with_its_plan_before_anything_runs,
    a_run_is_recorded_step_by_step_to_its_verdict,
    the_same_key_and_request_begin_one_run,
    of_many_calls_with_one_key_one_begins_a_run,
    a_job_that_does_not_run_begins_no_stage,
    a_halt_is_one_transaction,
    an_end_that_fails_leaves_nothing_behind,
    a_lost_run_takes_no_more_records,
    a_step_is_recorded_once,
    a_cancel_reaches_the_server_that_runs_it,
    a_page_of_runs_ends_before_it_is_too_large,
];

async fn a_run_is_committed_with_its_plan_before_anything_runs(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let node = NodeId::generate();
    let new = new_run(job.id, &hook, node);
    assert_eq!(
        f.store.start_stage_run(new.clone()).await.unwrap(),
        StartOutcome::Started
    );
    let run = f.store.get_stage_run(new.id).await.unwrap();
    assert_eq!(run.plan, new.plan);
    assert_eq!(run.input, new.input);
    assert_eq!((run.status, run.verdict), (StageRunStatus::Running, None));
    assert_eq!((run.owner, run.actor.as_str()), (node, ANNA));
    assert_eq!((run.started_at, run.finished_at), (start(), None));
    assert!(f.store.stage_run_logs(new.id).await.unwrap().is_empty());
    let error = f
        .store
        .get_stage_run(StageRunId::generate())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::NotFound {
                what: Entity::StageRun,
                ..
            }
        ),
        "{error:?}"
    );
}

async fn a_run_is_recorded_step_by_step_to_its_verdict(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let node = NodeId::generate();
    let earlier = f.run(job.id, &hook, node).await;
    let id = f.run(job.id, &hook, node).await;
    let first = step(&hook, job.id, id, 0, ExecutionStatus::Failed);
    let first_id = f.store.record_step(id, node, &first).await.unwrap();
    let last = step(&hook, job.id, id, 1, ExecutionStatus::Passed);
    let end = proceed(Some(last));
    let last_id = f
        .store
        .finish_stage_run(id, node, end.clone())
        .await
        .unwrap();
    assert!(last_id.log > Some(first_id));

    let run = f.store.get_stage_run(id).await.unwrap();
    assert_eq!(
        (run.status, run.verdict),
        (StageRunStatus::Completed, Some(Verdict::Proceed))
    );
    assert_eq!((run.metadata, run.warnings), (end.metadata, end.warnings));
    assert_eq!(run.finished_at, Some(start()));
    let logs = f.store.stage_run_logs(id).await.unwrap();
    let seen: Vec<_> = logs
        .iter()
        .map(|l| (l.record.position, l.record.status))
        .collect();
    assert_eq!(
        seen,
        [
            (Some(0), ExecutionStatus::Failed),
            (Some(1), ExecutionStatus::Passed)
        ]
    );
    let filter = StageRunFilter {
        job_id: Some(job.id),
    };
    let listed = f
        .store
        .list_stage_runs(&filter, everything())
        .await
        .unwrap()
        .items;
    assert_eq!(
        listed.iter().map(|run| run.id).collect::<Vec<_>>(),
        [id, earlier]
    );
    let filter = StageRunFilter {
        job_id: Some(JobId::new(99)),
    };
    assert_eq!(
        f.store
            .list_stage_runs(&filter, everything())
            .await
            .unwrap()
            .items,
        []
    );
}

async fn the_same_key_and_request_begin_one_run(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let mut first = new_run(job.id, &hook, NodeId::generate());
    first.idempotency_key = Some("shot_010/1".to_owned());
    let point = first.hook_point;
    let digest = first.request_digest;
    let found = f
        .store
        .find_stage_run(job.id, point, "shot_010/1", &digest)
        .await
        .unwrap();
    assert_eq!(found, None);
    assert_eq!(
        f.store.start_stage_run(first.clone()).await.unwrap(),
        StartOutcome::Started
    );

    let mut again = first.clone();
    again.id = StageRunId::generate();
    let replayed = StartOutcome::Replayed { id: first.id };
    assert_eq!(
        f.store.start_stage_run(again.clone()).await.unwrap(),
        replayed
    );
    let found = f
        .store
        .find_stage_run(job.id, point, "shot_010/1", &digest)
        .await
        .unwrap();
    assert_eq!(found, Some(replayed));

    let mut other = again.clone();
    other.request_digest = Digest::of(b"another request");
    assert_eq!(
        f.store.start_stage_run(other).await.unwrap(),
        StartOutcome::KeyReused
    );

    // At another stage, or of another job, the key is a new one.
    let mut elsewhere = again.clone();
    elsewhere.hook_point = HookPoint::PreSegment;
    assert_eq!(
        f.store.start_stage_run(elsewhere).await.unwrap(),
        StartOutcome::Started
    );
    let mut next_job = again.clone();
    next_job.id = StageRunId::generate();
    next_job.job_id = f.job().await.id;
    assert_eq!(
        f.store.start_stage_run(next_job).await.unwrap(),
        StartOutcome::Started
    );

    // The answer stays the same after the first run halted the job.
    let halted = StageEnd {
        halt: Some(Halt {
            reason: "no".to_owned(),
            events: Vec::new(),
        }),
        ..proceed(None)
    };
    f.store
        .finish_stage_run(first.id, first.owner, halted)
        .await
        .unwrap();
    again.id = StageRunId::generate();
    assert_eq!(f.store.start_stage_run(again).await.unwrap(), replayed);
}

async fn of_many_calls_with_one_key_one_begins_a_run(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let mut new = new_run(job.id, &hook, NodeId::generate());
        new.idempotency_key = Some("once".to_owned());
        let store = f.store.clone();
        calls.spawn(async move { (new.id, store.start_stage_run(new).await.unwrap()) });
    }
    let outcomes = calls.join_all().await;
    let started: Vec<_> = outcomes
        .iter()
        .filter(|(_, outcome)| *outcome == StartOutcome::Started)
        .map(|(id, _)| *id)
        .collect();
    let [winner] = started[..] else {
        panic!("one should have started: {outcomes:?}");
    };
    for (id, outcome) in outcomes {
        if id != winner {
            assert_eq!(outcome, StartOutcome::Replayed { id: winner });
        }
    }
}

async fn a_job_that_does_not_run_begins_no_stage(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    f.store.complete_job(ANNA, job.id).await.unwrap();
    let new = new_run(job.id, &hook, NodeId::generate());
    let error = f.store.start_stage_run(new.clone()).await.unwrap_err();
    assert!(
        matches!(error, StoreError::JobNotRunning { id, status: JobStatus::Completed } if id == job.id),
        "{error:?}"
    );
    let unknown = new_run(JobId::new(99), &hook, NodeId::generate());
    let error = f.store.start_stage_run(unknown).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::NotFound {
                what: Entity::Job,
                ..
            }
        ),
        "{error:?}"
    );
    let all = f
        .store
        .list_stage_runs(&StageRunFilter::default(), everything())
        .await
        .unwrap();
    assert_eq!(all.items, []);
}

fn event(name: &str, job: JobId) -> Event {
    Event {
        id: EventId::generate(),
        event_name: name.to_owned(),
        data: json!({"b": 1, "a": "\u{0}"}).as_object().unwrap().clone(),
        job_id: Some(job),
        scope: Scope::Studio,
        created_at: start(),
    }
}

async fn a_halt_is_one_transaction(f: &Fixture) {
    let job = f.job().await;
    let hook = f
        .hook(&spec("gate", json!({"failure_mode": "block"})))
        .await;
    let node = NodeId::generate();
    let id = f.run(job.id, &hook, node).await;
    let parallel = f.run(job.id, &hook, node).await;
    let blocked = event("hook_blocked", job.id);
    let failed = event("job_failed", job.id);
    let end = StageEnd {
        verdict: Some(Verdict::Halt),
        halt: Some(Halt {
            reason: "gate: exited 1".to_owned(),
            events: vec![failed.clone()],
        }),
        events: vec![blocked.clone()],
        ..proceed(Some(step(&hook, job.id, id, 0, ExecutionStatus::Failed)))
    };
    f.store
        .finish_stage_run(id, node, end.clone())
        .await
        .unwrap();
    let halted = f.store.get_job(job.id).await.unwrap();
    assert_eq!(
        (halted.status, halted.needs_review),
        (JobStatus::Failed, true)
    );
    assert_eq!(halted.review_reason.as_deref(), Some("gate: exited 1"));
    let filter = EventFilter {
        job_id: Some(job.id),
        ..EventFilter::default()
    };
    let events = f
        .store
        .list_events(&filter, everything())
        .await
        .unwrap()
        .items;
    assert_eq!(events[..2], [blocked, failed]);

    // A run that was going on meanwhile does not overwrite the reason, and
    // the job does not fail twice.
    let late = StageEnd {
        halt: Some(Halt {
            reason: "later".to_owned(),
            events: vec![event("job_failed", job.id)],
        }),
        events: Vec::new(),
        last_record: None,
        ..end
    };
    f.store
        .finish_stage_run(parallel, node, late)
        .await
        .unwrap();
    let still = f.store.get_job(job.id).await.unwrap();
    assert_eq!(still.review_reason.as_deref(), Some("gate: exited 1"));
    let again = f
        .store
        .list_events(&filter, everything())
        .await
        .unwrap()
        .items;
    assert_eq!(again.len(), events.len());
}

async fn an_end_that_fails_leaves_nothing_behind(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("gate", json!({}))).await;
    let node = NodeId::generate();
    let id = f.run(job.id, &hook, node).await;
    let twice = event("job_failed", job.id);
    let end = StageEnd {
        halt: Some(Halt {
            reason: "no".to_owned(),
            events: Vec::new(),
        }),
        events: vec![twice.clone(), twice],
        ..proceed(Some(step(&hook, job.id, id, 0, ExecutionStatus::Failed)))
    };
    let error = f.store.finish_stage_run(id, node, end).await.unwrap_err();
    assert!(matches!(error, StoreError::Database(_)), "{error:?}");
    assert_eq!(
        f.store.get_stage_run(id).await.unwrap().status,
        StageRunStatus::Running
    );
    assert!(f.store.stage_run_logs(id).await.unwrap().is_empty());
    assert_eq!(
        f.store.get_job(job.id).await.unwrap().status,
        JobStatus::Running
    );
    // The writer is none the worse for it.
    f.store
        .finish_stage_run(id, node, proceed(None))
        .await
        .unwrap();
}

async fn a_lost_run_takes_no_more_records(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let (node, stranger) = (NodeId::generate(), NodeId::generate());
    let id = f.run(job.id, &hook, node).await;
    let lost = |error: StoreError| {
        assert!(
            matches!(error, StoreError::RunLost { id: of } if of == id),
            "{error:?}"
        );
    };
    let record = step(&hook, job.id, id, 0, ExecutionStatus::Passed);
    lost(
        f.store
            .record_step(id, stranger, &record)
            .await
            .unwrap_err(),
    );
    lost(
        f.store
            .finish_stage_run(id, stranger, proceed(None))
            .await
            .unwrap_err(),
    );
    f.store
        .finish_stage_run(id, node, proceed(None))
        .await
        .unwrap();
    lost(f.store.record_step(id, node, &record).await.unwrap_err());
    let again = proceed(Some(record));
    lost(f.store.finish_stage_run(id, node, again).await.unwrap_err());
    assert!(f.store.stage_run_logs(id).await.unwrap().is_empty());
}

async fn a_step_is_recorded_once(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let node = NodeId::generate();
    let id = f.run(job.id, &hook, node).await;
    let record = step(&hook, job.id, id, 0, ExecutionStatus::Passed);
    f.store.record_step(id, node, &record).await.unwrap();
    let error = f.store.record_step(id, node, &record).await.unwrap_err();
    assert!(matches!(error, StoreError::Database(_)), "{error:?}");
    assert_eq!(f.store.stage_run_logs(id).await.unwrap().len(), 1);
}

async fn a_cancel_reaches_the_server_that_runs_it(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let (node, other) = (NodeId::generate(), NodeId::generate());
    let id = f.run(job.id, &hook, node).await;
    f.run(job.id, &hook, node).await;
    assert_eq!(f.store.cancel_requested(node).await.unwrap(), []);
    assert_eq!(
        f.store.request_cancel(ANNA, id).await.unwrap(),
        StageRunStatus::Running
    );
    assert_eq!(
        f.store.request_cancel(ANNA, id).await.unwrap(),
        StageRunStatus::Running
    );
    assert_eq!(f.store.cancel_requested(node).await.unwrap(), [id]);
    assert_eq!(f.store.cancel_requested(other).await.unwrap(), []);
    let end = StageEnd {
        status: StageRunStatus::Cancelled,
        verdict: None,
        ..proceed(None)
    };
    f.store.finish_stage_run(id, node, end).await.unwrap();
    assert_eq!(f.store.cancel_requested(node).await.unwrap(), []);
    assert_eq!(
        f.store.request_cancel(ANNA, id).await.unwrap(),
        StageRunStatus::Cancelled
    );
    let error = f
        .store
        .request_cancel(ANNA, StageRunId::generate())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::NotFound {
                what: Entity::StageRun,
                ..
            }
        ),
        "{error:?}"
    );
}

/// What the hooks of a run printed belongs to it.
async fn a_page_of_runs_ends_before_it_is_too_large(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let node = NodeId::generate();
    // A quarter of a page each, and a little more: the input.
    let quarter = usize::try_from(PAGE_BYTES_MAX / 8).unwrap();
    let mut runs = Vec::new();
    for _ in 0..5 {
        let id = f.run(job.id, &hook, node).await;
        let loud = ExecutionRecord {
            stdout: "x".repeat(quarter),
            stderr: "y".repeat(quarter),
            ..step(&hook, job.id, id, 0, ExecutionStatus::Passed)
        };
        f.store.record_step(id, node, &loud).await.unwrap();
        runs.insert(0, id);
    }
    let filter = StageRunFilter {
        job_id: Some(job.id),
    };
    let mut cursor = None;
    for expected in [&runs[..3], &runs[3..]] {
        let page = PageRequest { limit: 50, cursor };
        let page = f.store.list_stage_runs(&filter, page).await.unwrap();
        let listed: Vec<_> = page.items.iter().map(|run| run.id).collect();
        assert_eq!(listed, expected);
        cursor = page.next_cursor;
    }
    assert_eq!(cursor, None);
}
