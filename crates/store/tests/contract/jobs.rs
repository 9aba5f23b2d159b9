//! Jobs.

use crate::contract;
use crate::fixture::{Fixture, start};
use crate::samples::{ANNA, everything, proceed, spec};
use serde_json::json;
use stagehook_core::ids::{JobId, NodeId, SceneTypeId};
use stagehook_core::job::{Job, JobStatus, ReviewDecision};
use stagehook_core::stage_run::StageRunStatus;
use stagehook_core::verdict::Verdict;
use stagehook_store::{Entity, EventFilter, Halt, JobFilter, NewJob, StageEnd, StoreError};

contract![
    a_job_is_created_whole,
    a_job_needs_a_scene_type_of_its_own_project,
    jobs_are_listed_newest_first_by_what_they_are,
    only_a_running_job_is_completed,
    a_halted_job_waits_for_one_decision,
    a_rejected_job_stays_rejected,
    the_subject_of_a_stage_is_read_in_one_go,
    the_database_notes_when_a_job_changed,
];

/// Halts the job by a stage run, as the engine does.
async fn halt(f: &Fixture, job: &Job, reason: &str) {
    let hook = f
        .hook(&spec(&format!("gate {}", NodeId::generate()), json!({})))
        .await;
    let node = NodeId::generate();
    let run = f.run(job.id, &hook, node).await;
    let end = StageEnd {
        status: StageRunStatus::Completed,
        verdict: Some(Verdict::Halt),
        halt: Some(Halt {
            reason: reason.to_owned(),
            events: Vec::new(),
        }),
        ..proceed(None)
    };
    f.store.finish_stage_run(run, node, end).await.unwrap();
}

async fn a_job_is_created_whole(f: &Fixture) {
    let project = f.project("Nightfall").await;
    let scene_type = f.scene_type(project, "forest").await;
    let new = NewJob {
        project_id: project,
        scene_type_id: Some(scene_type),
        external_ref: Some("shot_010".to_owned()),
        workflow: Some(
            json!({"name": "gen", "version": 4, "parameters": {"z": "\u{0}", "a": [1]}}),
        ),
    };
    let job = f.store.create_job(ANNA, new.clone()).await.unwrap();
    assert_eq!(job.workflow, new.workflow);
    assert_eq!(job.scene_type_id, Some(scene_type));
    assert_eq!(job.status, JobStatus::Running);
    assert!(!job.needs_review);
    assert_eq!((job.created_at, job.updated_at), (start(), start()));
    assert_eq!(f.store.get_job(job.id).await.unwrap(), job);

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
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event_name, "job_created");
    assert_eq!(events[0].data["external_ref"], "shot_010");
}

async fn a_job_needs_a_scene_type_of_its_own_project(f: &Fixture) {
    let project = f.project("Nightfall").await;
    let other = f.project("Dawn").await;
    let elsewhere = f.scene_type(other, "forest").await;
    let mut new = NewJob {
        project_id: project,
        scene_type_id: Some(elsewhere),
        external_ref: None,
        workflow: None,
    };
    let error = f.store.create_job(ANNA, new.clone()).await.unwrap_err();
    assert!(
        matches!(error, StoreError::SceneTypeOfOtherProject { scene_type_id, project_id }
            if scene_type_id == elsewhere && project_id == other),
        "{error:?}"
    );
    new.scene_type_id = Some(SceneTypeId::new(99));
    let error = f.store.create_job(ANNA, new).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::NotFound {
                what: Entity::SceneType,
                ..
            }
        ),
        "{error:?}"
    );
    let jobs = f
        .store
        .list_jobs(&JobFilter::default(), everything())
        .await
        .unwrap();
    assert_eq!(jobs.items, []);
}

async fn jobs_are_listed_newest_first_by_what_they_are(f: &Fixture) {
    let one = f.job().await;
    let two = f.job().await;
    let three = f.job().await;
    f.store.complete_job(ANNA, two.id).await.unwrap();
    halt(f, &three, "too loud").await;
    let ids = async |filter: JobFilter| {
        let page = f.store.list_jobs(&filter, everything()).await.unwrap();
        page.items.iter().map(|job| job.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(JobFilter::default()).await, [three.id, two.id, one.id]);
    let status = |status| JobFilter {
        status: Some(status),
        ..JobFilter::default()
    };
    assert_eq!(ids(status(JobStatus::Running)).await, [one.id]);
    assert_eq!(ids(status(JobStatus::Completed)).await, [two.id]);
    let review = |needed| JobFilter {
        needs_review: Some(needed),
        ..JobFilter::default()
    };
    assert_eq!(ids(review(true)).await, [three.id]);
    assert_eq!(ids(review(false)).await, [two.id, one.id]);
    let of_project = JobFilter {
        project_id: Some(one.project_id),
        ..JobFilter::default()
    };
    assert_eq!(ids(of_project).await, [one.id]);
    let called = |name: &str| JobFilter {
        external_ref: Some(name.to_owned()),
        ..JobFilter::default()
    };
    assert_eq!(ids(called("shot_010")).await.len(), 3);
    assert_eq!(ids(called("shot\u{0}' OR 1=1")).await, []);
}

async fn only_a_running_job_is_completed(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let node = NodeId::generate();
    let run = f.run(job.id, &hook, node).await;
    let error = f.store.complete_job(ANNA, job.id).await.unwrap_err();
    assert!(
        matches!(error, StoreError::StageRunning { id } if id == job.id),
        "{error:?}"
    );
    f.store
        .finish_stage_run(run, node, proceed(None))
        .await
        .unwrap();
    let done = f.store.complete_job(ANNA, job.id).await.unwrap();
    assert_eq!(done.status, JobStatus::Completed);
    let error = f.store.complete_job(ANNA, job.id).await.unwrap_err();
    assert!(
        matches!(error, StoreError::JobNotRunning { id, status: JobStatus::Completed } if id == job.id),
        "{error:?}"
    );
    let error = f
        .store
        .complete_job(ANNA, JobId::new(99))
        .await
        .unwrap_err();
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
    let filter = EventFilter {
        event_name: Some("job_completed".to_owned()),
        job_id: Some(job.id),
        ..EventFilter::default()
    };
    assert_eq!(
        f.store
            .list_events(&filter, everything())
            .await
            .unwrap()
            .items
            .len(),
        1
    );
}

async fn a_halted_job_waits_for_one_decision(f: &Fixture) {
    let job = f.job().await;
    let error = f
        .store
        .review_job(ANNA, job.id, ReviewDecision::Resume, "")
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::JobNotInReview {
                status: JobStatus::Running,
                ..
            }
        ),
        "{error:?}"
    );
    halt(f, &job, "loud: \u{0} dB").await;
    let halted = f.store.get_job(job.id).await.unwrap();
    assert_eq!(
        (halted.status, halted.needs_review),
        (JobStatus::Failed, true)
    );
    assert_eq!(halted.review_reason.as_deref(), Some("loud: \u{FFFD} dB"));
    let error = f.store.complete_job(ANNA, job.id).await.unwrap_err();
    assert!(matches!(
        error,
        StoreError::JobNotRunning {
            status: JobStatus::Failed,
            ..
        }
    ));

    // Two people decide at once: one decision counts.
    let (one, two) = tokio::join!(
        f.store
            .review_job("anna", job.id, ReviewDecision::Resume, "heard it"),
        f.store
            .review_job("boris", job.id, ReviewDecision::Resume, "me too"),
    );
    assert_ne!(one.is_ok(), two.is_ok(), "{one:?} {two:?}");
    let resumed = f.store.get_job(job.id).await.unwrap();
    assert_eq!(
        (resumed.status, resumed.needs_review),
        (JobStatus::Running, false)
    );
    let review = resumed.review.expect("a review on record");
    assert_eq!(review.decision, ReviewDecision::Resume);
    assert_eq!(review.reviewer, if one.is_ok() { "anna" } else { "boris" });
    assert_eq!(review.reviewed_at, start());
    let filter = EventFilter {
        event_name: Some("job_review_resolved".to_owned()),
        job_id: Some(job.id),
        ..EventFilter::default()
    };
    let events = f
        .store
        .list_events(&filter, everything())
        .await
        .unwrap()
        .items;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].data["decision"], "resume");
    assert_eq!(events[0].data["note"], json!(review.note));
}

async fn a_rejected_job_stays_rejected(f: &Fixture) {
    let job = f.job().await;
    halt(f, &job, "too loud").await;
    let rejected = f
        .store
        .review_job(ANNA, job.id, ReviewDecision::Reject, "start over")
        .await
        .unwrap();
    assert_eq!(rejected.status, JobStatus::Rejected);
    let again = f
        .store
        .review_job(ANNA, job.id, ReviewDecision::Resume, "")
        .await;
    assert!(
        matches!(again, Err(StoreError::JobNotInReview { .. })),
        "{again:?}"
    );
}

async fn the_subject_of_a_stage_is_read_in_one_go(f: &Fixture) {
    assert_eq!(f.store.stage_subject(JobId::new(99)).await.unwrap(), None);
    let job = f.job().await;
    let subject = f
        .store
        .stage_subject(job.id)
        .await
        .unwrap()
        .expect("a subject");
    assert_eq!(subject.job, job);
    assert!(!subject.project_deleted);
    assert_eq!(
        subject.hook_generation,
        f.store.hook_generation().await.unwrap()
    );
    f.store.delete_project(ANNA, job.project_id).await.unwrap();
    let subject = f
        .store
        .stage_subject(job.id)
        .await
        .unwrap()
        .expect("a subject");
    assert!(subject.project_deleted);
}

async fn the_database_notes_when_a_job_changed(f: &Fixture) {
    let job = f.job().await;
    f.store.complete_job(ANNA, job.id).await.unwrap();
    let completed = f.store.get_job(job.id).await.unwrap();
    // The test's clock stands still in the past; the database's does not.
    assert!(completed.updated_at > job.updated_at);
    assert_eq!(completed.created_at, job.created_at);
}
