//! Deliveries that fail: retried, given up, taken up again by hand; hooks that
//! are disabled, enabled, paused. REQ-EVT-6, REQ-EVT-7, REQ-EVT-9

mod command_line;

use serde_json::{Value, json};
use sqlx::types::chrono::{DateTime, Utc};
use stagehook_tests::receiver::{Receiver, Script};
use stagehook_tests::{
    Database, Hook, HookDraft, Setup, Studio, eventually, on_both_databases, until,
};

on_both_databases!(
    a_delivery_that_fails_is_retried_given_up_and_retried_by_hand,
    a_hook_that_always_fails_is_disabled_and_tried_anew,
    a_paused_hook_gets_its_events_later,
    events_of_a_range_are_delivered_once_more,
    a_long_range_is_replayed_part_by_part,
    nothing_is_delivered_to_a_deleted_hook,
);

fn webhook(name: &str, url: &str) -> HookDraft {
    HookDraft::new(name, "webhook", json!({"url": url})).on_event("segment_completed")
}

fn retries(draft: HookDraft, retries: u32) -> HookDraft {
    draft.config("retry", json!({"retries": retries}))
}

async fn open(on: Database) -> Studio {
    Studio::with(on, Setup::default().with_private_network()).await
}

async fn emit(studio: &Studio, data: Value) -> Value {
    let body = json!({"event_name": "segment_completed", "data": data});
    studio.post("/events", &body).await.expect(202)
}

/// The one delivery of an event, once it stands so.
async fn delivery(studio: &Studio, event: &Value, state: &str) -> Value {
    let path = format!("/deliveries?event_id={}", event["id"].as_str().unwrap());
    let id = eventually("the delivery stands so", || async {
        let found = studio.all(&path).await;
        assert_eq!(found.len(), 1, "{found:#?}");
        (found[0]["state"] == state).then(|| found[0]["id"].as_str().unwrap().to_owned())
    })
    .await;
    studio.get(&format!("/deliveries/{id}")).await.ok()
}

async fn fares(studio: &Studio, hook: &Hook) -> Value {
    studio
        .get(&format!("/hooks/{}/deliveries", hook.id))
        .await
        .ok()
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

async fn a_delivery_that_fails_is_retried_given_up_and_retried_by_hand(on: Database) {
    let studio = open(on).await;
    let tracker = Receiver::start([503, 503].map(Script::status)).await;
    let hook = retries(webhook("track", &tracker.url("/")), 1);
    let hook = hook.create(&studio).await;
    let event = emit(&studio, json!({"number": 1})).await;
    let given_up = delivery(&studio, &event, "exhausted").await;
    assert_eq!(given_up["attempts"], 2);
    assert_eq!(given_up["last_http_status"], 503);
    assert_eq!(given_up["last_status"], "failed");
    assert!(given_up["last_error"].as_str().unwrap().contains("503"));
    assert!(given_up["finished_at"].is_string());
    let executions = given_up["executions"].as_array().unwrap();
    let waited = time(&executions[1]["executed_at"]) - time(&executions[0]["executed_at"]);
    assert!(waited.num_milliseconds() >= 2_000, "{waited}");
    let shown = fares(&studio, &hook).await;
    assert_eq!(shown["failed_attempts"], 2);
    assert_eq!(
        (&shown["exhausted"], &shown["exhausted_in_a_row"]),
        (&json!(1), &json!(1))
    );

    let retry = format!("/deliveries/{}/retry", given_up["id"].as_str().unwrap());
    let again = studio.post(&retry, &json!({})).await.expect(202);
    assert_eq!(again["id"], given_up["id"]);
    assert_eq!(again["attempts"], 0);
    let arrived = delivery(&studio, &event, "succeeded").await;
    let executions = arrived["executions"].as_array().unwrap().iter();
    let told: Vec<_> = executions
        .map(|log| {
            (
                log["attempt"].as_i64().unwrap(),
                log["status"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [(1, "failed"), (2, "failed"), (1, "passed")]);
    let received = tracker.received();
    assert_eq!(received.len(), 3);
    for one in received {
        assert_eq!(
            json!(one.headers["webhook-id"]),
            event["id"],
            "always the same"
        );
    }
    let shown = fares(&studio, &hook).await;
    assert_eq!(shown["succeeded"], 1);
    assert_eq!(shown["exhausted_in_a_row"], 0, "it is well again");
    assert_eq!(shown["last_status"], "passed");
    let audit = studio.all("/audit?subject_type=delivery").await;
    assert_eq!(audit[0]["action"], "delivery.retry");
    let nobody = "/deliveries/01990000-0000-7000-8000-000000000000";
    studio.get(nobody).await.problem(404, "not-found");
    let nobody = studio.post(&format!("{nobody}/retry"), &json!({})).await;
    nobody.problem(404, "not-found");
    // A status that no second attempt would change is not asked for twice.
    let event = emit(&studio, json!({})).await;
    delivery(&studio, &event, "succeeded").await;
    let refusing = Receiver::start([Script::status(400)]).await;
    let draft = webhook("refuses", &refusing.url("/"));
    let draft = draft.on_event("variant_completed");
    draft.create(&studio).await;
    let event = json!({"event_name": "variant_completed"});
    let event = studio.post("/events", &event).await.expect(202);
    let given_up = delivery(&studio, &event, "exhausted").await;
    assert_eq!(given_up["attempts"], 1);
}

async fn enable(studio: &Studio, hook: &Hook, draft: &HookDraft) {
    let path = format!("/hooks/{}", hook.id);
    let version = studio.get(&path).await.ok()["version"].clone();
    let body = draft.clone().with("version", version);
    studio.put(&path, body.body()).await.ok();
}

async fn is_disabled(studio: &Studio, hook: &Hook) {
    let path = format!("/hooks/{}", hook.id);
    eventually("the hook is disabled", || async {
        let shown = studio.get(&path).await.ok();
        (shown["enabled"] == false).then_some(())
    })
    .await;
}

async fn a_hook_that_always_fails_is_disabled_and_tried_anew(on: Database) {
    let studio = open(on).await;
    let tracker = Receiver::start(vec![Script::status(500); 11]).await;
    let draft = retries(webhook("track", &tracker.url("/")), 0);
    let hook = draft.clone().create(&studio).await;
    let watcher = Receiver::start([]).await;
    let watch = webhook("watch", &watcher.url("/")).on_event("hook_disabled");
    watch.create(&studio).await;

    let event = json!({"event_name": "segment_completed"});
    let nine = studio.post("/events", &json!(vec![event; 9])).await;
    for event in nine.expect(202).as_array().unwrap() {
        delivery(&studio, event, "exhausted").await;
    }
    let shown = fares(&studio, &hook).await;
    assert_eq!(shown["exhausted_in_a_row"], 9);
    assert_eq!(shown["disabled_reason"], Value::Null);
    let tenth = emit(&studio, json!({})).await;
    is_disabled(&studio, &hook).await;
    delivery(&studio, &tenth, "exhausted").await;
    let shown = fares(&studio, &hook).await;
    let reason = shown["disabled_reason"].as_str().unwrap();
    assert!(reason.starts_with("10 deliveries in a row"), "{reason}");
    until("somebody is told", || watcher.received().len() == 1).await;
    let told: Value = serde_json::from_slice(&watcher.received()[0].body).unwrap();
    assert_eq!(told["event_name"], "hook_disabled");
    assert_eq!(told["data"]["hook_id"], hook.id);
    assert_eq!(told["data"]["reason"], reason);
    assert_eq!(emit(&studio, json!({})).await["deliveries"], 0);

    // Enabled again, it has one try.
    enable(&studio, &hook, &draft).await;
    let shown = fares(&studio, &hook).await;
    assert_eq!(shown["is_probing"], true, "{shown:#}");
    assert_eq!(shown["exhausted_in_a_row"], 0);
    assert_eq!(shown["disabled_reason"], Value::Null);
    let probe = emit(&studio, json!({})).await;
    is_disabled(&studio, &hook).await;
    delivery(&studio, &probe, "exhausted").await;
    assert_eq!(tracker.received().len(), 11);
    // The tracker is back.
    enable(&studio, &hook, &draft).await;
    let probe = emit(&studio, json!({})).await;
    delivery(&studio, &probe, "succeeded").await;
    let shown = fares(&studio, &hook).await;
    assert_eq!(shown["is_probing"], false, "{shown:#}");
    assert_eq!(
        (&shown["succeeded"], &shown["exhausted"]),
        (&json!(1), &json!(11))
    );
    let disabled = studio.all("/events?event=hook_disabled").await;
    assert_eq!(disabled.len(), 2);
}

async fn a_paused_hook_gets_its_events_later(on: Database) {
    let studio = open(on).await;
    let world = studio.world().await;
    let (paused, other) = (Receiver::start([]).await, Receiver::start([]).await);
    let hook = webhook("paused", &paused.url("/")).create(&studio).await;
    webhook("other", &other.url("/")).create(&studio).await;
    let path = |action: &str| format!("/hooks/{}/{action}", hook.id);
    let shown = studio.post(&path("pause"), &json!({})).await.ok();
    let since = shown["paused_at"].clone();
    assert!(since.is_string(), "{shown:#}");
    let again = studio.post(&path("pause"), &json!({})).await.ok();
    assert_eq!(again["paused_at"], since, "since the first time");
    for number in 1..=3 {
        emit(&studio, json!({"number": number})).await;
    }
    until("the other one has all", || other.received().len() == 3).await;
    assert_eq!(paused.received().len(), 0);
    assert_eq!(fares(&studio, &hook).await["pending"], 3);
    let shown = studio.post(&path("resume"), &json!({})).await.ok();
    assert_eq!(shown["paused_at"], Value::Null);
    until("it has all", || paused.received().len() == 3).await;

    let stage = studio.shell("stage", "exit 0").create(&studio).await;
    for action in ["pause", "resume"] {
        let path = format!("/hooks/{}/{action}", stage.id);
        let refused = studio.post(&path, &json!({})).await;
        refused.problem(409, "not-an-event-hook");
        let nobody = studio
            .post(&format!("/hooks/999/{action}"), &json!({}))
            .await;
        nobody.problem(404, "not-found");
    }
    let shown = fares(&studio, &stage).await;
    assert_eq!(shown["last_triggered_at"], Value::Null);
    studio
        .get("/hooks/999/deliveries")
        .await
        .problem(404, "not-found");
    studio.run(world.job, json!({})).await;
    assert_eq!(
        fares(&studio, &stage).await,
        shown,
        "a stage is no delivery"
    );
}

async fn events_of_a_range_are_delivered_once_more(on: Database) {
    let studio = open(on).await;
    let tracker = Receiver::start([Script::ok(""), Script::status(400)]).await;
    let hook = webhook("track", &tracker.url("/")).create(&studio).await;
    let fine = emit(&studio, json!({"shot": "100% A_1"})).await;
    delivery(&studio, &fine, "succeeded").await;
    let failed = emit(&studio, json!({"shot": "100% B_1"})).await;
    let failed = delivery(&studio, &failed, "exhausted").await;
    let since = failed["event"]["created_at"].clone();

    let found = async |query: &str| -> Vec<String> {
        let found = studio.all(&format!("/deliveries?{query}")).await;
        let id = |one: &Value| one["event_id"].as_str().unwrap().to_owned();
        found.iter().map(id).collect()
    };
    let fine = fine["id"].as_str().unwrap();
    let lost = failed["event_id"].as_str().unwrap();
    for (query, expected) in [
        ("state=succeeded", vec![fine]),
        ("status=failed", vec![lost]),
        ("event=segment_completed", vec![lost, fine]),
        ("event=segment_started", vec![]),
        ("contains=A_1", vec![fine]),
        ("contains=a_1", vec![]),
        ("contains=A%25", vec![]),
        ("contains=100%25%20", vec![lost, fine]),
        (&format!("event_id={lost}"), vec![lost]),
        (&format!("hook_id={}", hook.id), vec![lost, fine]),
        ("hook_id=999", vec![]),
        (&format!("since={}", since.as_str().unwrap()), vec![lost]),
        (&format!("until={}", since.as_str().unwrap()), vec![fine]),
    ] {
        assert_eq!(found(query).await, expected, "{query}");
    }
    for (query, pointer) in [
        ("state=over", "/state"),
        ("contains=", "/contains"),
        ("x=1", "/x"),
    ] {
        let refused = studio.get(&format!("/deliveries?{query}")).await;
        refused.problem(422, "invalid-query").at([pointer]);
    }

    let replay = async |mut body: Value| {
        body["until"] = "2999-01-01T00:00:00Z".into();
        studio.post("/events/replay", &body).await
    };
    let everything = "2000-01-01T00:00:00Z";
    let replayed = replay(json!({"since": everything, "event": "segment_s*"}));
    assert_eq!(replayed.await.expect(202), json!({"deliveries": 0}));
    let replayed = replay(json!({"since": everything})).await.expect(202);
    assert_eq!(
        replayed,
        json!({"deliveries": 1}),
        "what was delivered is left alone"
    );
    until("the lost one is there", || tracker.received().len() == 3).await;
    delivery(&studio, &failed["event"], "succeeded").await;
    let body = json!({"since": everything, "succeeded": true, "hook_id": hook.id});
    assert_eq!(replay(body).await.expect(202), json!({"deliveries": 2}));
    until("both came again", || tracker.received().len() == 5).await;
    let newest = tracker.received().pop().unwrap();
    assert!([fine, lost].contains(&newest.headers["webhook-id"].as_str()));

    // A hook that is new gets what happened before.
    let new = Receiver::start([]).await;
    let newer = webhook("new", &new.url("/")).create(&studio).await;
    let body = json!({"since": since, "hook_id": newer.id});
    assert_eq!(replay(body).await.expect(202), json!({"deliveries": 1}));
    until("it came", || new.received().len() == 1).await;
    assert_eq!(new.received()[0].headers["webhook-id"], lost);
    assert_eq!(tracker.received().len(), 5, "the others do not hear of it");

    let refused = replay(json!({"since": everything, "hook_id": 999})).await;
    refused.problem(404, "not-found").at(["/hook_id"]);
    let refused = replay(json!({"since": "3000-01-01T00:00:00Z"})).await;
    refused.problem(422, "invalid-request").at(["/until"]);
    let refused = replay(json!({"since": everything, "event": "no pattern"})).await;
    refused.problem(422, "invalid-request").at(["/event"]);
    let refused = replay(json!({})).await;
    refused.problem(422, "invalid-request");
}

async fn a_long_range_is_replayed_part_by_part(on: Database) {
    let studio = open(on).await;
    let events = |count: usize| json!(vec![json!({"event_name": "segment_started"}); count]);
    for _ in 0..10 {
        studio.post("/events", &events(1_000)).await.expect(202);
    }
    let tracker = Receiver::start([]).await;
    let hook = webhook("track", &tracker.url("/")).create(&studio).await;
    studio
        .post(&format!("/hooks/{}/pause", hook.id), &json!({}))
        .await
        .ok();
    let last = emit(&studio, json!({})).await;
    studio
        .delete(&format!("/hooks/{}", hook.id))
        .await
        .expect(204);
    let hook = webhook("track", &tracker.url("/")).create(&studio).await;
    let mut body = json!({
        "since": "2000-01-01T00:00:00Z", "until": "2999-01-01T00:00:00Z", "hook_id": hook.id,
    });
    let first = studio.post("/events/replay", &body).await.expect(202);
    assert_eq!(first["deliveries"], 0);
    body["since"] = first["next_since"].clone();
    assert!(body["since"].is_string(), "{first:#}");
    let second = studio.post("/events/replay", &body).await.expect(202);
    assert_eq!(second, json!({"deliveries": 1}), "and there are no more");
    until("the last one is there", || tracker.received().len() == 1).await;
    assert_eq!(
        json!(tracker.received()[0].headers["webhook-id"]),
        last["id"]
    );
}

async fn nothing_is_delivered_to_a_deleted_hook(on: Database) {
    let studio = open(on).await;
    let tracker = Receiver::start([Script::status(400)]).await;
    let hook = webhook("track", &tracker.url("/")).create(&studio).await;
    let event = emit(&studio, json!({})).await;
    let lost = delivery(&studio, &event, "exhausted").await;
    let pause = format!("/hooks/{}/pause", hook.id);
    studio.post(&pause, &json!({})).await.ok();
    let waiting = emit(&studio, json!({})).await;
    let path = format!("/hooks/{}", hook.id);
    studio.delete(&path).await.expect(204);
    delivery(&studio, &waiting, "cancelled").await;
    let retry = format!("/deliveries/{}/retry", lost["id"].as_str().unwrap());
    let refused = studio.post(&retry, &json!({})).await;
    refused.problem(409, "hook-deleted");
    let all = json!({"since": "2000-01-01T00:00:00Z", "until": "2999-01-01T00:00:00Z"});
    let replayed = studio.post("/events/replay", &all).await.expect(202);
    assert_eq!(replayed, json!({"deliveries": 0}));
    delivery(&studio, &event, "exhausted").await;
    let shown = fares(&studio, &hook).await;
    assert_eq!(shown["exhausted"], 1, "it keeps its counts");
    assert_eq!(tracker.received().len(), 1);
}
