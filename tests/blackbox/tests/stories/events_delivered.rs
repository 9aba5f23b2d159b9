//! Events reach the hooks that answer them: signed, by scope, past a slow
//! receiver, without a loop, and across a crash. REQ-EVT-2..5, REQ-EVT-8, REQ-EVT-9

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use stagehook_tests::gate::Tally;
use stagehook_tests::receiver::{Received, Receiver, Script};
use stagehook_tests::{Database, HookDraft, Setup, Studio, eventually, on_both_databases, until};
use std::collections::BTreeSet;
use std::fmt::Write as _;

on_both_databases!(
    a_job_is_told_to_a_webhook_and_a_script,
    a_project_switches_a_hook_of_the_studio_off,
    a_receiver_that_hangs_delays_nobody_else,
    a_hook_that_hears_of_hooks_does_not_hear_itself,
    what_was_on_its_way_when_the_server_died_arrives,
);

fn webhook(name: &str, url: &str, event: &str) -> HookDraft {
    HookDraft::new(name, "webhook", json!({"url": url})).on_event(event)
}

fn private() -> Setup {
    Setup::default().with_private_network()
}

fn mac(parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"plain-text-secret").unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// The deliveries of an event, once nothing more happens to them by itself.
async fn settled(studio: &Studio, event: &Value) -> Vec<Value> {
    let path = format!("/events/{}", event["id"].as_str().unwrap());
    eventually("every delivery of the event has ended", || async {
        let shown = studio.get(&path).await.ok();
        let deliveries = shown["deliveries"].as_array().unwrap().clone();
        let is_over = |one: &Value| one["state"] != "pending" && one["state"] != "running";
        deliveries.iter().all(is_over).then_some(deliveries)
    })
    .await
}

async fn a_job_is_told_to_a_webhook_and_a_script(on: Database) {
    let setup = private().variable("STAGEHOOK_SECRET_TRACKER", "plain-text-secret");
    let studio = Studio::with(on, setup).await;
    let world = studio.world().await;
    let tracker = Receiver::start([]).await;
    let hook = webhook("track", &tracker.url("/jobs"), "job_created").config("secret", "tracker");
    let hook = hook.create(&studio).await;
    let told = studio.layout().gates().join("told");
    let lines = format!(
        "{{ echo \"$STAGEHOOK_EVENT\"; echo \"$STAGEHOOK_EVENT_DATA\"; echo \"$STAGEHOOK_JOB_ID\"; \
           echo \"$STAGEHOOK_EXTERNAL_REF\"; cat \"$STAGEHOOK_INPUT_FILE\"; }} > '{}'",
        told.display()
    );
    studio
        .shell("note", &lines)
        .on_event("job_cr*")
        .create(&studio)
        .await;

    let body = json!({"project_id": world.project, "external_ref": "shot_010"});
    let job = studio.post("/jobs", &body).await.expect(201)["id"].clone();
    let events = studio.all(&format!("/events?job_id={job}")).await;
    assert_eq!(events.len(), 1, "{events:#?}");
    let event = &events[0];
    let deliveries = settled(&studio, event).await;
    let ended: Vec<_> = deliveries
        .iter()
        .map(|one| {
            (
                one["hook"]["name"].as_str().unwrap(),
                one["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(ended, [("note", "succeeded"), ("track", "succeeded")]);

    let received = tracker.received();
    assert_eq!(received.len(), 1);
    let Received {
        line,
        headers,
        body,
    } = &received[0];
    assert!(line.starts_with("POST /jobs "));
    let sent: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(sent["event_name"], "job_created");
    assert_eq!(sent["version"], 1);
    assert_eq!(sent["data"], event["data"]);
    assert_eq!(sent["data"]["external_ref"], "shot_010");
    assert_eq!(sent["id"], event["id"]);
    assert!(sent["timestamp"].is_string());
    assert_eq!(sent.as_object().unwrap().len(), 5, "{sent:#}");
    assert_eq!(headers["x-stagehook-event"], "job_created");
    let (id, time) = (&headers["webhook-id"], &headers["webhook-timestamp"]);
    assert_eq!(json!(id), event["id"], "the event's, whoever gets it");
    let hex = mac(&[body]).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    assert_eq!(headers["x-stagehook-signature"], format!("sha256={hex}"));
    let signature = mac(&[id.as_bytes(), b".", time.as_bytes(), b".", body]);
    let signature = format!("v1,{}", STANDARD.encode(signature));
    assert_eq!(headers["webhook-signature"], signature);

    let told = std::fs::read_to_string(told).unwrap();
    let told: Vec<_> = told.splitn(5, '\n').collect();
    assert_eq!(told[0], "job_created");
    let data: Value = serde_json::from_str(told[1]).unwrap();
    assert_eq!(data, event["data"]);
    assert_eq!(told[2], job.to_string());
    assert_eq!(told[3], "shot_010");
    let input: Value = serde_json::from_str(told[4]).unwrap();
    let trigger = json!({"event": "job_created", "event_id": event["id"]});
    assert_eq!(input["trigger"], trigger);
    assert_eq!(input["data"], event["data"]);
    assert_eq!(input["job"]["external_ref"], "shot_010");

    // An attempt is an execution like any other.
    let path = format!("/deliveries/{}", deliveries[1]["id"].as_str().unwrap());
    let delivery = studio.get(&path).await.ok();
    assert_eq!(&delivery["event"], event);
    assert_eq!(delivery["hook"]["id"], hook.id);
    assert_eq!(delivery["attempts"], 1);
    assert_eq!(delivery["last_http_status"], 200);
    assert_eq!(delivery["next_attempt_at"], Value::Null);
    let executions = delivery["executions"].as_array().unwrap();
    assert_eq!(executions.len(), 1);
    let log = &executions[0];
    assert_eq!(log["status"], "passed", "{log:#}");
    assert_eq!((&log["attempt"], &log["job_id"]), (&json!(1), &job));
    assert_eq!(log["delivery_id"], delivery["id"]);
    let logs = studio.all(&format!("/hooks/{}/logs", hook.id)).await;
    assert_eq!(&logs, executions);
}

async fn a_project_switches_a_hook_of_the_studio_off(on: Database) {
    let studio = Studio::with(on, private()).await;
    let quiet = studio.project("quiet").await;
    let scene_type = studio.scene_type(quiet, "interior").await;
    let other = studio.project("other").await;
    let (everyone, own) = (Receiver::start([]).await, Receiver::start([]).await);
    let notify = webhook("notify", &everyone.url("/"), "segment_completed");
    notify.clone().create(&studio).await;
    notify.in_project(quiet).disabled().create(&studio).await;
    let replaced = webhook("notify", &own.url("/"), "segment_completed");
    replaced.in_scene_type(scene_type).create(&studio).await;

    let emit = async |about: Value| {
        let mut body = about;
        body["event_name"] = "segment_completed".into();
        studio.post("/events", &body).await.expect(202)
    };
    let job = studio.job(quiet, None).await;
    for about in [
        json!({"job_id": job}),
        json!({"scope_type": "project", "scope_id": quiet}),
    ] {
        assert_eq!(
            emit(about).await["deliveries"],
            0,
            "it is switched off there"
        );
    }
    let job = studio.job(quiet, Some(scene_type)).await;
    let narrow = emit(json!({"job_id": job})).await;
    let deliveries = settled(&studio, &narrow).await;
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0]["hook"]["source"], "scene_type");
    assert_eq!((everyone.received().len(), own.received().len()), (0, 1));
    let job = studio.job(other, None).await;
    for about in [json!({"job_id": job}), json!({})] {
        let deliveries = settled(&studio, &emit(about).await).await;
        assert_eq!(deliveries.len(), 1);
        assert_eq!(deliveries[0]["hook"]["source"], "studio");
    }
    assert_eq!((everyone.received().len(), own.received().len()), (2, 1));
}

async fn a_receiver_that_hangs_delays_nobody_else(on: Database) {
    let studio = Studio::with(on, private()).await;
    let slow = Receiver::start(vec![Script::Hang; 64]).await;
    let quick = Receiver::start([]).await;
    let hangs = webhook("hangs", &slow.url("/"), "segment_*").config("timeout_seconds", 60);
    let hangs = hangs.create(&studio).await;
    webhook("quick", &quick.url("/"), "segment_*")
        .create(&studio)
        .await;
    let event = json!({"event_name": "segment_started"});
    let published = studio.post("/events", &json!(vec![event; 40])).await;
    assert_eq!(published.expect(202)[39]["deliveries"], 2);
    until("all others have theirs", || quick.received().len() == 40).await;
    until("every place of the slow one is taken", || {
        slow.received().len() == 16
    })
    .await;

    let path = format!("/deliveries?hook_id={}", hangs.id);
    let states = async |state: &str| studio.all(&format!("{path}&state={state}")).await;
    assert_eq!(states("succeeded").await.len(), 0);
    let running = states("running").await;
    assert!(running.len() >= 16, "{}", running.len());
    let retry = format!("/deliveries/{}/retry", running[0]["id"].as_str().unwrap());
    let refused = studio.post(&retry, &json!({})).await;
    refused.problem(409, "delivery-running");
    assert_eq!(
        slow.received().len(),
        16,
        "no more than it may have at once"
    );
}

async fn a_hook_that_hears_of_hooks_does_not_hear_itself(on: Database) {
    let studio = Studio::open(on).await;
    let (runs, all) = (Tally::new(&studio, "runs"), Tally::new(&studio, "all"));
    let hook = studio.shell("runs", &runs.count());
    hook.on_event("hook_executed").create(&studio).await;
    let hook = studio.shell("all", &all.count()).on_event("*");
    let hook = hook.create(&studio).await;
    // It hears of its own creation, and both hear that it ran then.
    let changed = studio.all("/events?event=hook_changed").await;
    assert_eq!(settled(&studio, &changed[0]).await.len(), 1);
    for round in 1..=3 {
        let event = json!({"event_name": "segment_completed", "data": {"round": round}});
        let event = studio.post("/events", &event).await.expect(202);
        assert_eq!(settled(&studio, &event).await.len(), 1);
        // For each run that was no answer to such an event there is one event,
        // with two answers.
        let executed = studio.all("/events?event=hook_executed").await;
        assert_eq!(executed.len(), 1 + round, "{executed:#?}");
        for event in &executed {
            let deliveries = settled(&studio, event).await;
            assert_eq!(deliveries.len(), 2, "{deliveries:#?}");
        }
        assert_eq!(executed[0]["data"]["hook_id"], hook.id);
        assert_eq!(executed[0]["data"]["event"], "segment_completed");
    }
    assert_eq!((runs.read(), all.read()), (4, 8));
}

async fn what_was_on_its_way_when_the_server_died_arrives(on: Database) {
    let mut studio = Studio::with(on, private()).await;
    let answers = [vec![Script::ok(""); 5], vec![Script::Hang; 16]].concat();
    let tracker = Receiver::start(answers).await;
    let hook = webhook("track", &tracker.url("/"), "segment_completed");
    let hook = hook.config("timeout_seconds", 60).create(&studio).await;
    let events: Vec<_> = (0..40)
        .map(|number| json!({"event_name": "segment_completed", "data": {"number": number}}))
        .collect();
    let published = studio.post("/events", &json!(events)).await.expect(202);
    let published = published.as_array().unwrap();
    until("some are delivered, and many on their way", || {
        tracker.received().len() == 21
    })
    .await;
    studio.crash().await;
    for event in published {
        let deliveries = settled(&studio, event).await;
        assert_eq!(deliveries.len(), 1);
        assert_eq!(deliveries[0]["state"], "succeeded", "{deliveries:#?}");
    }
    let received = tracker.received();
    let id = |one: &Received| one.headers["webhook-id"].clone();
    let ids: BTreeSet<_> = received.iter().map(id).collect();
    let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
    let expected: BTreeSet<_> = published.iter().map(id).collect();
    assert_eq!(ids, expected, "each arrived, under its own id");
    // What hung when the server died came twice, and so may what was answered
    // and not yet recorded.
    assert!((56..=61).contains(&received.len()), "{}", received.len());
    let fares = studio
        .get(&format!("/hooks/{}/deliveries", hook.id))
        .await
        .ok();
    assert_eq!(
        (&fares["succeeded"], &fares["exhausted"]),
        (&json!(40), &json!(0))
    );
}
