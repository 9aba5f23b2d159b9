//! What is older than it is to be kept is deleted, and the rest goes on.
//! REQ-OPS-4

use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::receiver::{Receiver, Script};
use stagehook_tests::{Database, HookDraft, Setup, Studio, eventually, on_both_databases, until};

on_both_databases!(
    what_is_old_goes_and_what_waits_stays,
    by_default_everything_is_kept,
);

fn webhook(name: &str, url: &str, event: &str) -> HookDraft {
    HookDraft::new(name, "webhook", json!({"url": url})).on_event(event)
}

async fn emit(studio: &Studio, event_name: &str) -> String {
    let event = json!({"event_name": event_name});
    let published = studio.post("/events", &event).await.expect(202);
    published["id"].as_str().unwrap().to_owned()
}

/// The ids of the events of a type.
async fn events(studio: &Studio, event_name: &str) -> Vec<String> {
    let found = studio.all(&format!("/events?event={event_name}")).await;
    let id = |event: &Value| event["id"].as_str().unwrap().to_owned();
    found.iter().map(id).collect()
}

async fn what_is_old_goes_and_what_waits_stays(on: Database) {
    let mut studio = Studio::with(on, Setup::default().with_private_network()).await;
    let world = studio.world().await;
    let stage = studio.shell("stage", "exit 0").create(&studio).await;
    let halts = studio.shell("halts", "exit 1").at("pre_segment");
    halts.blocks().create(&studio).await;
    let tracker = Receiver::start([]).await;
    let hook = webhook("track", &tracker.url("/"), "segment_*");
    let hook = hook.create(&studio).await;
    let delivered = emit(&studio, "segment_completed").await;
    until("it came", || tracker.received().len() == 1).await;
    let old_run = studio.run(world.job, json!({})).await["id"].clone();
    let other = json!({"project_id": world.project, "external_ref": "halted"});
    let halted = studio.post("/jobs", &other).await.expect(201)["id"].as_i64();
    let halted = halted.unwrap();
    let run = studio.try_run(halted, "pre_segment", &json!({})).await.ok();
    assert_eq!(run["verdict"], "halt");
    studio
        .post(&format!("/hooks/{}/pause", hook.id), &json!({}))
        .await
        .ok();
    let waits = emit(&studio, "segment_started").await;

    let setup = ["--keep-events=1s", "--keep-deliveries=1s", "--keep-logs=1s"]
        .iter()
        .fold(studio.setup().clone(), |setup, flag| setup.flag(flag));
    studio.restart_with(setup).await;
    eventually("what is old is gone", || async {
        let event = studio.get(&format!("/events/{delivered}")).await;
        let logs = studio.all(&format!("/hooks/{}/logs", stage.id)).await;
        let of_hook = studio.all(&format!("/hooks/{}/logs", hook.id)).await;
        (event.status == 404 && logs.is_empty() && of_hook.is_empty()).then_some(())
    })
    .await;
    let left = events(&studio, "segment_started").await;
    assert_eq!(left, std::slice::from_ref(&waits));
    let waiting = studio.all("/deliveries").await;
    assert_eq!(waiting.len(), 1, "{waiting:#?}");
    assert_eq!(waiting[0]["state"], "pending");
    // The run is there, with its verdict, and nothing that was not so.
    let path = format!("/stage-runs/{}", old_run.as_str().unwrap());
    let shown = studio.get(&path).await.ok();
    assert_eq!(shown["verdict"], "proceed", "{shown:#}");
    assert_eq!(
        (&shown["executions"], &shown["not_run"]),
        (&json!([]), &json!([]))
    );
    // Somebody has to see why the job was halted.
    assert_eq!(studio.logs_of_job(halted).await.len(), 1);
    assert_eq!(studio.show_job(halted).await["needs_review"], true);
    let metrics = studio.get("//metrics").await.text;
    let counted = metrics
        .lines()
        .any(|line| line.starts_with(r#"stagehook_retention_deleted_total{what="events"}"#));
    assert!(counted, "{metrics}");
    // A client that comes back to what is gone is told so.
    let request = studio.request(Method::GET, "/events/stream");
    let answer = request.header("last-event-id", &delivered).send();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 404);
    let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("is not kept any more"), "{detail}");

    // All of it goes on.
    let resume = format!("/hooks/{}/resume", hook.id);
    studio.post(&resume, &json!({})).await.ok();
    until("what waited came", || tracker.received().len() == 2).await;
    assert_eq!(tracker.received()[1].headers["webhook-id"], waits);
    studio.run(world.job, json!({})).await;
}

async fn by_default_everything_is_kept(on: Database) {
    let mut studio = Studio::with(on, Setup::default().with_private_network()).await;
    let tracker = Receiver::start([Script::status(400)]).await;
    let hook = webhook("track", &tracker.url("/"), "segment_*");
    hook.create(&studio).await;
    let old = emit(&studio, "segment_completed").await;
    // The newest would stay in any case.
    emit(&studio, "segment_completed").await;
    eventually("both are over", || async {
        let found = studio.all("/deliveries").await;
        let is_over = |one: &Value| one["state"] == "exhausted" || one["state"] == "succeeded";
        (found.len() == 2 && found.iter().all(is_over)).then_some(())
    })
    .await;
    for aged in [
        "UPDATE events SET created_at = '2020-01-01T00:00:00+00:00'",
        "UPDATE deliveries SET created_at = '2020-01-01T00:00:00+00:00',
                               finished_at = '2020-01-01T00:00:00+00:00'",
    ] {
        stagehook_tests::table::execute(&studio, aged).await;
    }
    studio.restart_with(studio.setup().clone()).await;
    emit(&studio, "segment_completed").await;
    until("the next came", || tracker.received().len() == 3).await;
    assert!(events(&studio, "segment_completed").await.contains(&old));
    assert_eq!(studio.all("/deliveries").await.len(), 3);
    let metrics = studio.get("//metrics").await.text;
    assert!(
        !metrics.contains("stagehook_retention_deleted_total{"),
        "{metrics}"
    );
}
