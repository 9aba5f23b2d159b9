//! The server is killed in the middle of a stage run. REQ-RUN-6

use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::studio::answer_with;
use stagehook_tests::{Database, Gate, Studio, eventually, on_both_databases, table};

on_both_databases!(
    a_run_that_was_cut_off_at_a_blocking_hook_halts_its_job,
    a_run_that_was_cut_off_at_a_warning_hook_lets_its_job_go_on,
    many_runs_at_once_are_all_closed,
    what_was_answered_before_the_crash_is_still_there,
);

/// Three hooks, of which the second waits at a gate when the server is killed;
/// the run as the server shows it after its restart.
async fn killed_at_the_second(studio: &mut Studio, job: i64, failure_mode: &str) -> Value {
    let first = answer_with(&json!({"message": "one", "metadata": {"first": true}}));
    studio.shell("first", &first).order(1).create(studio).await;
    let gate = Gate::closed(studio, "second");
    let second = studio.shell("second", &gate.wait()).order(2);
    second
        .with("failure_mode", failure_mode)
        .create(studio)
        .await;
    studio
        .shell("third", "echo three")
        .order(3)
        .create(studio)
        .await;

    let client = studio.client();
    let path = format!("/jobs/{job}/stages/post_segment/runs");
    let body = json!({"metadata": {"given": 1}});
    let asked = tokio::spawn(async move {
        let request = client.request(Method::POST, &path).json(&body);
        client.try_send(request).await
    });
    gate.reached().await;
    let runs = studio.all(&format!("/jobs/{job}/stage-runs")).await;
    assert_eq!(runs[0]["status"], "running");
    assert_eq!(runs[0]["verdict"], Value::Null);
    assert_eq!(runs[0]["executions"].as_array().unwrap().len(), 1);
    studio.crash().await;
    assert!(asked.await.unwrap().is_err(), "nobody could have answered");
    assert!(
        !gate.process_lives(),
        "what was cut off is ended before anybody resumes the job"
    );

    let id = runs[0]["id"].as_str().unwrap();
    let run = studio.get(&format!("/stage-runs/{id}")).await.ok();
    assert_eq!(run["status"], "interrupted", "closed before it listens");
    assert!(run["finished_at"].is_string());
    assert_eq!(run["metadata"], json!({"given": 1, "first": true}));
    let not_run: Vec<&Value> = run["not_run"].as_array().unwrap().iter().collect();
    assert_eq!(not_run.len(), 1);
    assert_eq!(not_run[0]["name"], "third");

    let logs = studio.logs_of_job(job).await;
    let told: Vec<_> = logs
        .iter()
        .map(|log| {
            let name = log["hook"]["name"].as_str().unwrap();
            (name, log["status"].as_str().unwrap())
        })
        .collect();
    assert_eq!(told, [("first", "passed"), ("second", "interrupted")]);
    assert_eq!(logs[0]["result"]["message"], "one");
    assert_eq!(logs[1]["success"], false);
    let error = logs[1]["error"].as_str().unwrap();
    assert!(error.contains("interrupted"), "{error}");
    assert_eq!(logs[1]["stage_run_id"], id);
    assert_eq!(logs[1]["failure_mode"], failure_mode);
    let running = "SELECT status FROM stage_runs WHERE status = 'running'";
    assert_eq!(table::texts(studio, running).await, [""; 0]);
    run
}

async fn a_run_that_was_cut_off_at_a_blocking_hook_halts_its_job(on: Database) {
    let mut studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let run = killed_at_the_second(&mut studio, job, "block").await;
    assert_eq!(run["verdict"], "halt");
    let shown = studio.show_job(job).await;
    assert_eq!(shown["status"], "failed");
    assert_eq!(shown["needs_review"], true);
    let reason = shown["review_reason"].as_str().unwrap();
    assert!(reason.starts_with("second: interrupted"), "{reason}");
    assert_eq!(
        table::events_of_jobs(&studio).await,
        ["hook_blocked", "job_failed", "job_review_requested"]
    );
    // A person looks at it, and it goes on.
    let refused = studio.try_run(job, "post_segment", &json!({})).await;
    refused.problem(409, "job-halted");
    let review = json!({"decision": "resume", "note": "power cut"});
    studio
        .post(&format!("/jobs/{job}/review"), &review)
        .await
        .ok();
    std::fs::remove_file(studio.layout().gates().join("second.closed")).unwrap();
    let again = studio.run(job, json!({})).await;
    assert_eq!(again["verdict"], "proceed");
    assert_eq!(again["executions"].as_array().unwrap().len(), 3);

    // A second restart finds nothing to do.
    let logs = studio.logs_of_job(job).await;
    studio.crash().await;
    assert_eq!(studio.logs_of_job(job).await, logs);
}

async fn a_run_that_was_cut_off_at_a_warning_hook_lets_its_job_go_on(on: Database) {
    let mut studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let run = killed_at_the_second(&mut studio, job, "warn").await;
    assert_eq!(run["verdict"], Value::Null, "it came to no verdict");
    let warnings = run["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0]
            .as_str()
            .unwrap()
            .starts_with("second: interrupted")
    );
    let shown = studio.show_job(job).await;
    assert_eq!(shown["status"], "running");
    assert_eq!(shown["needs_review"], false);
    assert_eq!(table::events_of_jobs(&studio).await, [""; 0]);
    std::fs::remove_file(studio.layout().gates().join("second.closed")).unwrap();
    assert_eq!(studio.run(job, json!({})).await["verdict"], "proceed");
}

async fn many_runs_at_once_are_all_closed(on: Database) {
    let mut studio = Studio::open(on).await;
    let world = studio.world().await;
    let signs = studio.layout().gates();
    let closed = signs.join("all.closed");
    std::fs::write(&closed, "").unwrap();
    let lines = format!(
        "touch '{}/'$STAGEHOOK_JOB_ID.here\nwhile [ -e '{}' ]; do sleep 0.02; done",
        signs.display(),
        closed.display()
    );
    studio.shell("waits", &lines).blocks().create(&studio).await;
    let mut asked = tokio::task::JoinSet::new();
    let mut jobs = Vec::new();
    for _ in 0..12 {
        let job = studio.job(world.project, Some(world.scene_type)).await;
        jobs.push(job);
        let client = studio.client();
        let path = format!("/jobs/{job}/stages/post_segment/runs");
        asked.spawn(async move {
            let request = client.request(Method::POST, &path).json(&json!({}));
            client.try_send(request).await
        });
    }
    eventually("all scripts wait", || {
        let all = jobs
            .iter()
            .all(|job| signs.join(format!("{job}.here")).exists());
        async move { all.then_some(()) }
    })
    .await;
    studio.crash().await;
    while let Some(cut_off) = asked.join_next().await {
        assert!(cut_off.unwrap().is_err());
    }
    for job in jobs {
        assert_eq!(studio.show_job(job).await["status"], "failed");
        let logs = studio.logs_of_job(job).await;
        assert_eq!(logs.len(), 1);
        assert_eq!(logs[0]["status"], "interrupted");
        let run = &studio.all(&format!("/jobs/{job}/stage-runs")).await[0];
        assert_eq!(run["status"], "interrupted");
    }
    assert_eq!(table::events_of_jobs(&studio).await.len(), 36);
}

async fn what_was_answered_before_the_crash_is_still_there(on: Database) {
    let mut studio = Studio::open(on).await;
    let world = studio.world().await;
    studio.shell("fine", "echo fine").create(&studio).await;
    let mut answers = Vec::new();
    for i in 0..10 {
        answers.push(studio.run(world.job, json!({"i": i})).await);
    }
    studio.crash().await;
    for answer in answers {
        let path = format!("/stage-runs/{}", answer["id"].as_str().unwrap());
        assert_eq!(studio.get(&path).await.ok(), answer);
    }
    assert_eq!(studio.logs_of_job(world.job).await.len(), 10);
}
