//! A repeated call is answered, and runs nothing twice. REQ-RUN-8

use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::gate::Tally;
use stagehook_tests::{Answer, Client, Database, Gate, Studio, on_both_databases};

on_both_databases!(
    a_repeated_call_is_given_the_first_answer,
    a_repeated_call_waits_for_the_first,
    a_key_belongs_to_one_request,
    a_replay_survives_halt_and_restart,
    a_replay_after_a_crash_tells_of_the_interruption,
);

async fn keyed(client: &Client, job: i64, point: &str, key: &str, input: &Value) -> Answer {
    let request = client
        .request(Method::POST, &format!("/jobs/{job}/stages/{point}/runs"))
        .header("idempotency-key", key)
        .json(input);
    client.send(request).await
}

async fn a_repeated_call_is_given_the_first_answer(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let tally = Tally::new(&studio, "runs");
    studio.shell("counts", &tally.count()).create(&studio).await;
    let input = json!({"metadata": {"a": 1, "b": 2}});
    let first = keyed(&studio, world.job, "post_segment", "k1", &input)
        .await
        .ok();
    // The same request, written in another order.
    let same = json!({"scene_context": {}, "metadata": {"b": 2, "a": 1}, "segment_path": null});
    let second = keyed(&studio, world.job, "post_segment", "k1", &same)
        .await
        .ok();
    assert_eq!(second, first);
    assert_eq!(tally.read(), 1);
    assert_eq!(
        studio.all(&format!("/jobs/{}/stage-runs", world.job)).await,
        [first]
    );

    // Another key, no key, another stage, another job: each runs.
    keyed(&studio, world.job, "post_segment", "k2", &input)
        .await
        .ok();
    studio.run(world.job, json!({"a": 1, "b": 2})).await;
    let other = studio.job(world.project, None).await;
    keyed(&studio, other, "post_segment", "k1", &input)
        .await
        .ok();
    assert_eq!(tally.read(), 4);
    keyed(&studio, world.job, "pre_segment", "k1", &input)
        .await
        .ok();

    for key in ["", &"k".repeat(256)] {
        let refused = keyed(&studio, world.job, "post_segment", key, &input).await;
        refused.problem(400, "invalid-idempotency-key");
    }
    assert_eq!(tally.read(), 4);
}

async fn a_repeated_call_waits_for_the_first(on: Database) {
    let studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let tally = Tally::new(&studio, "runs");
    let gate = Gate::closed(&studio, "gate");
    let lines = tally.count() + &gate.wait();
    studio.shell("waits", &lines).create(&studio).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let client = studio.client();
        calls.spawn(async move { keyed(&client, job, "post_segment", "same", &json!({})).await });
    }
    gate.reached().await;
    // One that does not want to wait is told that it runs.
    let request = studio
        .request(
            Method::POST,
            &format!("/jobs/{job}/stages/post_segment/runs"),
        )
        .header("idempotency-key", "same")
        .header("prefer", "respond-async, wait=10")
        .json(&json!({}));
    let running = studio.send(request).await.expect(202);
    assert_eq!(running["status"], "running");
    gate.open();
    let mut answers = Vec::new();
    while let Some(answer) = calls.join_next().await {
        answers.push(answer.unwrap().ok());
    }
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    assert_eq!(answers[0]["id"], running["id"]);
    assert_eq!(answers[0]["verdict"], "proceed");
    assert_eq!(tally.read(), 1);
    assert_eq!(studio.logs_of_job(job).await.len(), 1);
}

async fn a_key_belongs_to_one_request(on: Database) {
    let studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let tally = Tally::new(&studio, "runs");
    studio.shell("counts", &tally.count()).create(&studio).await;
    let input = json!({"metadata": {"a": 1}});
    keyed(&studio, job, "post_segment", "k1", &input).await.ok();
    for other in [
        json!({"metadata": {"a": 2}}),
        json!({"metadata": {"a": 1}, "segment_path": "/media/x.mp4"}),
        json!({}),
    ] {
        let refused = keyed(&studio, job, "post_segment", "k1", &other).await;
        refused.problem(409, "idempotency-key-reused");
    }
    assert_eq!(tally.read(), 1);
}

async fn a_replay_survives_halt_and_restart(on: Database) {
    let mut studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let tally = Tally::new(&studio, "runs");
    let lines = tally.count() + "exit 4";
    studio.shell("gate", &lines).blocks().create(&studio).await;
    let first = keyed(&studio, job, "post_segment", "k1", &json!({}))
        .await
        .ok();
    assert_eq!(first["verdict"], "halt");
    // The answer may have been lost on its way: the call is repeated.
    let again = keyed(&studio, job, "post_segment", "k1", &json!({}))
        .await
        .ok();
    assert_eq!(again, first);
    studio.crash().await;
    let again = keyed(&studio, job, "post_segment", "k1", &json!({}))
        .await
        .ok();
    assert_eq!(again, first);
    let other = keyed(&studio, job, "post_segment", "k2", &json!({})).await;
    other.problem(409, "job-halted");
    let spoilt = keyed(
        &studio,
        job,
        "post_segment",
        "k1",
        &json!({"metadata": {"x": 1}}),
    )
    .await;
    spoilt.problem(409, "idempotency-key-reused");
    assert_eq!(tally.read(), 1);
}

async fn a_replay_after_a_crash_tells_of_the_interruption(on: Database) {
    let mut studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let tally = Tally::new(&studio, "runs");
    let gate = Gate::closed(&studio, "gate");
    let lines = tally.count() + &gate.wait();
    studio.shell("waits", &lines).create(&studio).await;
    let client = studio.client();
    let call = tokio::spawn(async move {
        let request = client
            .request(
                Method::POST,
                &format!("/jobs/{job}/stages/post_segment/runs"),
            )
            .header("idempotency-key", "k1")
            .json(&json!({}));
        client.try_send(request).await
    });
    gate.reached().await;
    studio.crash().await;
    assert!(call.await.unwrap().is_err());
    let again = keyed(&studio, job, "post_segment", "k1", &json!({}))
        .await
        .ok();
    assert_eq!(again["status"], "interrupted");
    assert_eq!(again["verdict"], Value::Null);
    assert_eq!(again["executions"][0]["status"], "interrupted");
    assert_eq!(tally.read(), 1);
}
