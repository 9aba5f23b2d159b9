//! Deliveries that are made one after the other, and no faster than a rate.

use serde_json::{Value, json};
use stagehook_tests::receiver::{Received, Receiver, Script};
use stagehook_tests::{Database, HookDraft, Setup, Studio, eventually, on_both_databases, until};
use std::collections::BTreeMap;
use tokio::sync::watch;

on_both_databases!(
    each_shot_is_told_in_order_and_waits_for_its_own_retries_alone,
    the_events_of_a_job_are_told_in_order,
    what_waits_keeps_its_order_when_the_hook_asks_for_none_any_more,
    no_more_is_delivered_than_the_rate_allows,
    a_rate_holds_nothing_up_for_good,
    a_rate_or_an_order_that_cannot_be_is_told_where,
);

fn webhook(name: &str, url: &str) -> HookDraft {
    HookDraft::new(name, "webhook", json!({"url": url})).on_event("segment_completed")
}

async fn open(on: Database) -> Studio {
    Studio::with(on, Setup::default().with_private_network()).await
}

fn of(shot: &str, number: usize) -> Value {
    json!({"event_name": "segment_completed", "data": {"shot": {"id": shot}, "number": number}})
}

/// `a 2`: the second event of shot a.
fn named(received: &Received) -> String {
    let body: Value = serde_json::from_slice(&received.body).unwrap();
    let data = &body["data"];
    format!(
        "{} {}",
        data["shot"]["id"].as_str().unwrap(),
        data["number"]
    )
}

/// What came of each shot, in the order in which it came.
fn by_shot(receiver: &Receiver) -> BTreeMap<String, Vec<String>> {
    let mut by_shot = BTreeMap::<_, Vec<_>>::new();
    for received in receiver.received() {
        let name = named(&received);
        let (shot, number) = name.split_once(' ').unwrap();
        by_shot
            .entry(shot.to_owned())
            .or_default()
            .push(number.to_owned());
    }
    by_shot
}

async fn fares(studio: &Studio, id: i64) -> Value {
    studio.get(&format!("/hooks/{id}/deliveries")).await.ok()
}

async fn each_shot_is_told_in_order_and_waits_for_its_own_retries_alone(on: Database) {
    let studio = open(on).await;
    let (let_go, may_go) = watch::channel(false);
    let mut seconds_of_a = 0;
    let tracker = Receiver::answering(move |received| match named(received).as_str() {
        // The first of a shot takes long, the second has to be tried twice.
        "a 1" => Script::Held(may_go.clone(), 200),
        "a 2" => {
            seconds_of_a += 1;
            Script::status(if seconds_of_a == 1 { 503 } else { 200 })
        }
        _ => Script::ok(""),
    })
    .await;
    let hook = webhook("track", &tracker.url("/")).config("order_key", "/shot/id");
    let hook = hook.create(&studio).await;
    let mut events = Vec::new();
    for number in 1..=5 {
        events.extend(["a", "b"].map(|shot| of(shot, number)));
    }
    studio.post("/events", &json!(events)).await.expect(202);
    // While the first of shot a is under way, shot b is told, and nothing of a.
    until("all of shot b came", || {
        by_shot(&tracker)
            .get("b")
            .is_some_and(|of_b| of_b.len() == 5)
    })
    .await;
    assert_eq!(by_shot(&tracker)["a"], ["1"]);
    let waits = studio.all("/deliveries?state=pending").await;
    assert_eq!(waits.len(), 4, "{waits:#?}");
    for one in &waits {
        assert_eq!(one["order_key"], "\"a\"", "{one:#}");
    }
    let_go.send(true).unwrap();
    // The one that is retried holds the later ones back.
    let path = format!("/deliveries?state=succeeded&hook_id={}", hook.id);
    eventually("everything was delivered", || async {
        (studio.all(&path).await.len() == 10).then_some(())
    })
    .await;
    assert_eq!(by_shot(&tracker)["a"], ["1", "2", "2", "3", "4", "5"]);
    assert_eq!(by_shot(&tracker)["b"], ["1", "2", "3", "4", "5"]);
}

async fn the_events_of_a_job_are_told_in_order(on: Database) {
    let studio = open(on).await;
    let world = studio.world().await;
    // What is given up holds nothing back.
    let tracker = Receiver::start([Script::status(400)]).await;
    let hook = webhook("track", &tracker.url("/")).config("order_key", "job_id");
    hook.create(&studio).await;
    for number in 1..=8 {
        let mut event = of("a", number);
        event["job_id"] = world.job.into();
        studio.post("/events", &event).await.expect(202);
    }
    until("all came", || tracker.received().len() == 8).await;
    assert_eq!(
        by_shot(&tracker)["a"],
        ["1", "2", "3", "4", "5", "6", "7", "8"]
    );
    let found = studio.all("/deliveries?event=segment_completed").await;
    for one in found {
        assert_eq!(one["order_key"], world.job.to_string());
    }
}

async fn what_waits_keeps_its_order_when_the_hook_asks_for_none_any_more(on: Database) {
    let studio = open(on).await;
    // The first has to be tried twice.
    let tracker = Receiver::start([Script::status(503), Script::ok("")]).await;
    let draft = webhook("track", &tracker.url("/"));
    let hook = draft.clone().config("order_key", "/shot/id");
    let hook = hook.create(&studio).await;
    let path = format!("/hooks/{}", hook.id);
    studio.post(&format!("{path}/pause"), &json!({})).await.ok();
    let events: Vec<_> = (1..=3).map(|number| of("a", number)).collect();
    studio.post("/events", &json!(events)).await.expect(202);
    studio
        .put(&path, draft.with("version", 1).body())
        .await
        .ok();
    studio
        .post(&format!("{path}/resume"), &json!({}))
        .await
        .ok();
    until("all came", || tracker.received().len() == 4).await;
    assert_eq!(by_shot(&tracker)["a"], ["1", "1", "2", "3"]);
}

async fn no_more_is_delivered_than_the_rate_allows(on: Database) {
    let studio = open(on).await;
    let (tracker, other) = (Receiver::start([]).await, Receiver::start([]).await);
    let rate = json!({"deliveries": 2, "per_seconds": 86_400});
    let draft = webhook("track", &tracker.url("/")).config("rate_limit", rate);
    let hook = draft.create(&studio).await;
    webhook("other", &other.url("/")).create(&studio).await;
    let events: Vec<_> = (1..=5).map(|number| of("a", number)).collect();
    studio.post("/events", &json!(events)).await.expect(202);
    until("two came", || tracker.received().len() == 2).await;
    // Whoever looks for deliveries looked again meanwhile.
    for number in 6..=8 {
        studio.post("/events", &of("a", number)).await.expect(202);
        until("another one has it", || other.received().len() == number).await;
    }
    assert_eq!(tracker.received().len(), 2);
    let shown = fares(&studio, hook.id).await;
    assert_eq!(shown["pending"], 6, "{shown:#}");
    // At another rate the rest is delivered, whatever the one before would have been.
    let path = format!("/hooks/{}", hook.id);
    let rate = json!({"deliveries": 2});
    let body = webhook("track", &tracker.url("/")).config("rate_limit", rate);
    let body = body.with("version", 1);
    studio.put(&path, body.body()).await.ok();
    until("all came", || tracker.received().len() == 8).await;
}

async fn a_rate_holds_nothing_up_for_good(on: Database) {
    let studio = open(on).await;
    let tracker = Receiver::start([]).await;
    let rate = json!({"deliveries": 2});
    let draft = webhook("track", &tracker.url("/")).config("rate_limit", rate);
    draft.create(&studio).await;
    let events: Vec<_> = (1..=5).map(|number| of("a", number)).collect();
    studio.post("/events", &json!(events)).await.expect(202);
    until("all came", || tracker.received().len() == 5).await;
}

async fn a_rate_or_an_order_that_cannot_be_is_told_where(on: Database) {
    let studio = open(on).await;
    let before = studio.everything().await;
    let draft = || webhook("track", "https://tracker.example.com/");
    for (key, value, pointer) in [
        ("rate_limit", json!({"deliveries": 0}), "/deliveries"),
        ("rate_limit", json!({"deliveries": -1}), "/deliveries"),
        ("rate_limit", json!({"deliveries": 1e9}), "/deliveries"),
        ("rate_limit", json!({"deliveries": 100_001}), "/deliveries"),
        ("rate_limit", json!({"deliveries": "2"}), "/deliveries"),
        (
            "rate_limit",
            json!({"deliveries": 1, "per_seconds": 0}),
            "/per_seconds",
        ),
        (
            "rate_limit",
            json!({"deliveries": 1, "per_seconds": 86_401}),
            "/per_seconds",
        ),
        (
            "rate_limit",
            json!({"deliveries": 1, "per_minute": 1}),
            "/per_minute",
        ),
        ("rate_limit", json!({"per_seconds": 1}), ""),
        ("rate_limit", json!(5), ""),
        ("order_key", json!(""), ""),
        ("order_key", json!("shot"), ""),
        ("order_key", json!("/a~2"), ""),
        ("order_key", json!(7), ""),
    ] {
        let wrong = draft().config(key, value);
        let refused = studio.post("/hooks", wrong.body()).await;
        let at = format!("/config/{key}{pointer}");
        refused.problem(422, "invalid-hook").at([at.as_str()]);
    }
    // A stage waits for its hooks, one after the other, as it is.
    let at_stage = HookDraft::new("track", "webhook", json!({"url": "https://example.com/"}))
        .config("rate_limit", json!({"deliveries": 1}))
        .config("order_key", "job_id");
    let refused = studio.post("/hooks", at_stage.body()).await;
    refused
        .problem(422, "invalid-hook")
        .at(["/config/rate_limit", "/config/order_key"]);
    assert_eq!(studio.everything().await, before);
}
