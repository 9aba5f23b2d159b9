//! What a person does about a job: review it, complete it. REQ-RUN-5

use serde_json::{Value, json};
use stagehook_tests::{Database, Studio, on_both_databases, table};

on_both_databases!(
    a_halted_job_goes_on_after_its_review,
    a_rejected_job_runs_no_more_stages,
    only_a_halted_job_can_be_reviewed,
    a_job_is_completed_once,
);

async fn halted_job(studio: &Studio) -> i64 {
    let world = studio.world().await;
    let gate = studio.shell("gate", "exit 4").blocks();
    gate.create(studio).await;
    let answer = studio.run(world.job, json!({})).await;
    assert_eq!(answer["verdict"], "halt");
    world.job
}

async fn a_halted_job_goes_on_after_its_review(on: Database) {
    let studio = Studio::open(on).await;
    let job = halted_job(&studio).await;
    for point in ["post_segment", "post_delivery"] {
        let refused = studio.try_run(job, point, &json!({})).await;
        let problem = refused.problem(409, "job-halted");
        assert!(problem.detail.contains("review"), "{}", problem.detail);
    }
    let runs = format!("/jobs/{job}/stage-runs");
    assert_eq!(studio.all(&runs).await.len(), 1);

    let review = json!({"decision": "resume", "note": "the peak is wanted\nhere"});
    let path = format!("/jobs/{job}/review");
    let reviewed = studio.post(&path, &review).await.ok();
    assert_eq!(reviewed["status"], "running");
    assert_eq!(reviewed["needs_review"], false);
    assert_eq!(reviewed["review"]["decision"], "resume");
    assert_eq!(reviewed["review"]["note"], "the peak is wanted\nhere");
    assert_eq!(studio.show_job(job).await, reviewed);

    // On record, with who did it.
    let audit = format!("/audit?subject_type=job&subject_id={job}");
    let entry = &studio.all(&audit).await[0];
    assert_eq!(entry["action"], "job.review");
    assert_eq!(entry["actor"], reviewed["review"]["reviewer"]);
    assert_eq!(entry["before"]["status"], "failed");
    assert_eq!(entry["after"]["status"], "running");
    assert_eq!(entry["after"]["review"]["note"], "the peak is wanted\nhere");
    let events = table::events_of_jobs(&studio).await;
    assert_eq!(
        events,
        [
            "hook_blocked",
            "job_failed",
            "job_review_requested",
            "job_review_resolved"
        ]
    );

    // It runs its stages again, and can be halted again.
    let answer = studio.try_run(job, "pre_segment", &json!({})).await.ok();
    assert_eq!(answer["verdict"], "proceed");
    assert_eq!(studio.run(job, json!({})).await["verdict"], "halt");
}

async fn a_rejected_job_runs_no_more_stages(on: Database) {
    let studio = Studio::open(on).await;
    let job = halted_job(&studio).await;
    let review = json!({"decision": "reject", "note": "start over"});
    let rejected = studio
        .post(&format!("/jobs/{job}/review"), &review)
        .await
        .ok();
    assert_eq!(rejected["status"], "rejected");
    assert_eq!(rejected["needs_review"], false);
    let refused = studio.try_run(job, "pre_segment", &json!({})).await;
    refused.problem(409, "job-not-running");
    let again = studio.post(&format!("/jobs/{job}/review"), &review).await;
    again.problem(409, "job-not-in-review");
    let complete = studio
        .post(&format!("/jobs/{job}/complete"), &json!({}))
        .await;
    complete.problem(409, "job-not-running");
    assert_eq!(studio.show_job(job).await, rejected);
}

async fn only_a_halted_job_can_be_reviewed(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let path = format!("/jobs/{}/review", world.job);
    let resume = json!({"decision": "resume"});
    let refused = studio.post(&path, &resume).await;
    refused.problem(409, "job-not-in-review");
    for (review, pointer) in [
        (json!({"decision": "maybe"}), "/decision"),
        (json!({"note": "no decision"}), ""),
        (json!({"decision": "resume", "note": 3}), "/note"),
        (
            json!({"decision": "resume", "note": "a".repeat(4097)}),
            "/note",
        ),
        (json!({"decision": "resume", "reviewer": "me"}), "/reviewer"),
    ] {
        let refused = studio.post(&path, &review).await;
        refused.problem(422, "invalid-request").at([pointer]);
    }
    let unknown = studio.post("/jobs/999/review", &resume).await;
    unknown.problem(404, "not-found");
    assert_eq!(studio.show_job(world.job).await["review"], Value::Null);
}

async fn a_job_is_completed_once(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let path = format!("/jobs/{}/complete", world.job);
    let completed = studio.post(&path, &json!({})).await.ok();
    assert_eq!(completed["status"], "completed");
    let again = studio.post(&path, &json!({})).await;
    again.problem(409, "job-not-running");
    let refused = studio.try_run(world.job, "post_segment", &json!({})).await;
    refused.problem(409, "job-not-running");
    assert_eq!(table::events_of_jobs(&studio).await, ["job_completed"]);
    let unknown = studio.post("/jobs/999/complete", &json!({})).await;
    unknown.problem(404, "not-found");

    let halted = halted_job_in(&studio, world.project).await;
    let path = format!("/jobs/{halted}/complete");
    let refused = studio.post(&path, &json!({})).await;
    refused.problem(409, "job-halted");
}

async fn halted_job_in(studio: &Studio, project: i64) -> i64 {
    let gate = studio.shell("gate", "exit 4").blocks();
    gate.create(studio).await;
    let job = studio.job(project, None).await;
    studio.run(job, json!({})).await;
    job
}
