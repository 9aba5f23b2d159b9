//! Clients hear events as they happen, and come back to where they were.
//! REQ-EVT-10

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::{Database, Studio, on_both_databases};
use std::time::Duration;

on_both_databases!(
    what_happens_is_heard_by_whoever_asked,
    what_hooks_did_is_heard_whether_or_not_it_is_answered,
    a_client_comes_back_to_where_it_was,
    a_place_that_is_none_is_refused,
);

/// Only who hears nothing waits for so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client of the stream.
struct Client {
    bytes: BoxStream<'static, Vec<u8>>,
    heard: String,
}

/// One event as it came over the wire.
#[derive(Debug, PartialEq)]
struct Heard {
    id: Option<String>,
    name: String,
    data: Value,
}

impl Client {
    async fn connect(studio: &Studio, query: &str, last_seen: Option<&str>) -> Self {
        let mut request = studio.request(Method::GET, &format!("/events/stream{query}"));
        if let Some(id) = last_seen {
            request = request.header("last-event-id", id);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self {
            bytes: answer
                .bytes_stream()
                .map(|bytes| bytes.unwrap().to_vec())
                .boxed(),
            heard: String::new(),
        }
    }

    async fn next(&mut self) -> Heard {
        let hear = async {
            loop {
                if let Some(end) = self.heard.find("\n\n") {
                    let event: String = self.heard.drain(..end + 2).collect();
                    let field = |name: &str| {
                        event
                            .lines()
                            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                    };
                    if let Some(name) = field("event") {
                        return Heard {
                            id: field("id").map(str::to_owned),
                            name: name.to_owned(),
                            data: serde_json::from_str(field("data").unwrap()).unwrap(),
                        };
                    }
                } else {
                    let bytes = self.bytes.next().await.expect("the stream ended");
                    self.heard.push_str(std::str::from_utf8(&bytes).unwrap());
                }
            }
        };
        let heard = tokio::time::timeout(PATIENCE, hear).await;
        heard.expect("nothing was heard")
    }
}

async fn publish(studio: &Studio, number: u64) -> String {
    let event = json!({"event_name": "segment_completed", "data": {"number": number}});
    let published = studio.post("/events", &event).await.expect(202);
    published["id"].as_str().unwrap().to_owned()
}

async fn what_happens_is_heard_by_whoever_asked(on: Database) {
    let studio = Studio::open(on).await;
    let mut all = Client::connect(&studio, "", None).await;
    let mut of_jobs = Client::connect(&studio, "?event=job_*", None).await;
    let segment = publish(&studio, 1).await;
    let world = studio.world().await;
    let heard = all.next().await;
    assert_eq!(heard.id.as_deref(), Some(segment.as_str()));
    assert_eq!(
        (heard.name.as_str(), &heard.data["number"]),
        ("segment_completed", &json!(1))
    );
    // What Stagehook itself emits is heard, too, in the order of the commits.
    let created = all.next().await;
    assert_eq!(created.name, "job_created");
    assert_eq!(created.data["job_id"], world.job);
    assert_eq!(of_jobs.next().await, created);
    // Nobody can come back to what is not kept.
    let progress = json!({"event_name": "job_progress", "data": {"percent": 50}});
    studio.post("/events", &progress).await.expect(202);
    let heard = of_jobs.next().await;
    assert_eq!((heard.name.as_str(), heard.id), ("job_progress", None));
}

async fn what_hooks_did_is_heard_whether_or_not_it_is_answered(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let gate = studio.shell("gate", "exit 0").create(&studio).await;
    let mut executed = Client::connect(&studio, "?event=hook_executed", None).await;
    let mut completed = Client::connect(&studio, "?event=stage_run_completed", None).await;
    // Nobody answers it, so that it is not kept, and nobody can come back to it.
    let run = studio.run(world.job, json!({})).await;
    let heard = executed.next().await;
    assert_eq!(
        (&heard.id, &heard.data["hook_id"]),
        (&None, &json!(gate.id))
    );
    assert_eq!(heard.data["stage_run_id"], run["id"]);
    let heard = completed.next().await;
    assert_eq!(
        (&heard.id, &heard.data["stage_run_id"]),
        (&None, &run["id"])
    );

    // Somebody answers, of another project: here it is as before.
    let elsewhere = studio.project("elsewhere").await;
    let hook = studio
        .shell("elsewhere", "exit 0")
        .on_event("hook_executed");
    hook.in_project(elsewhere).create(&studio).await;
    studio.run(world.job, json!({})).await;
    let heard = executed.next().await;
    assert_eq!(
        (&heard.id, &heard.data["hook_id"]),
        (&None, &json!(gate.id))
    );
    assert_eq!(completed.next().await.id, None);
    assert_eq!(studio.all("/events?event=hook_executed").await.len(), 0);

    // A hook answers what gates did, and does not answer for itself.
    let answering = studio
        .shell("answering", "exit 0")
        .on_event("hook_executed");
    answering.create(&studio).await;
    let run = studio.run(world.job, json!({})).await;
    let heard = executed.next().await;
    assert_eq!(heard.data["stage_run_id"], run["id"]);
    let kept = studio.all("/events?event=hook_executed").await;
    assert_eq!(kept.len(), 1);
    assert_eq!(json!(heard.id), kept[0]["id"]);
    assert_eq!(completed.next().await.id, None);
}

async fn a_client_comes_back_to_where_it_was(on: Database) {
    let studio = Studio::open(on).await;
    let mut client = Client::connect(&studio, "", None).await;
    publish(&studio, 0).await;
    let seen = client.next().await.id.unwrap();
    drop(client);
    // More than are read at once.
    let mut expected = Vec::new();
    for number in 1..=230 {
        expected.push((publish(&studio, number).await, number));
    }
    let mut client = Client::connect(&studio, "", Some(&seen)).await;
    for number in 231..=240 {
        expected.push((publish(&studio, number).await, number));
    }
    for (id, number) in expected {
        let heard = client.next().await;
        assert_eq!(heard.data["number"], number);
        assert_eq!(heard.id, Some(id));
    }
}

async fn a_place_that_is_none_is_refused(on: Database) {
    let studio = Studio::open(on).await;
    let ask = async |last_seen: &str| {
        let request = studio.request(Method::GET, "/events/stream");
        let request = request.header("last-event-id", last_seen);
        studio.send(request).await
    };
    ask("yesterday").await.expect(400);
    let unknown = ask("01990000-0000-7000-8000-000000000000")
        .await
        .expect(404);
    let detail = unknown["detail"].as_str().unwrap();
    assert!(detail.contains("Last-Event-ID"), "{detail}");
}
