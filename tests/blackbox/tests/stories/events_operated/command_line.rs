//! What people do from the command line.

use super::{delivery, open, webhook};
use serde_json::{Value, json};
use stagehook_tests::receiver::{Receiver, Script};
use stagehook_tests::server::{TOKEN, command};
use stagehook_tests::{Database, Studio, eventually, on_both_databases};
use std::fs::File;
use std::process::Command;

on_both_databases!(people_do_all_of_it_from_the_command_line);

fn prepared(studio: &Studio, arguments: &[&str]) -> Command {
    let mut command = command(studio.layout(), arguments);
    command
        .env("STAGEHOOK_SERVER", studio.address())
        .env("STAGEHOOK_TOKEN", TOKEN);
    command
}

async fn run(studio: &Studio, arguments: &[&str]) -> String {
    let mut command = tokio::process::Command::from(prepared(studio, arguments));
    let output = command.kill_on_drop(true).output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

async fn run_json(studio: &Studio, arguments: &[&str]) -> Value {
    let text = run(studio, &[arguments, &["--json"]].concat()).await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn people_do_all_of_it_from_the_command_line(on: Database) {
    let studio = open(on).await;
    let world = studio.world().await;
    let catalogue = json!({"application": "subtitles", "business": ["subtitle.done"]});
    let file = studio.layout().root().join("catalogue.json");
    std::fs::write(file, catalogue.to_string()).unwrap();
    let imported = run(&studio, &["event", "import", "catalogue.json"]).await;
    let imported: Vec<_> = imported.split_whitespace().collect();
    assert_eq!(imported, ["IMPORTED", "subtitle.done"]);
    let types = run(&studio, &["event", "types", "--kind", "business"]).await;
    assert!(
        types.contains("subtitle.done") && !types.contains("job_progress"),
        "{types}"
    );

    let tracker = Receiver::start([Script::status(400)]).await;
    let draft = webhook("track", &tracker.url("/")).on_event("subtitle.*");
    let hook = draft.create(&studio).await;
    let id = hook.id.to_string();
    let paused = run_json(&studio, &["hook", "pause", &id]).await;
    assert!(paused["paused_at"].is_string());
    let tailed = studio.layout().root().join("tailed");
    let mut tail = prepared(
        &studio,
        &["event", "tail", "--event", "subtitle.*", "--json"],
    );
    let tail = tail.stdout(File::create(&tailed).unwrap());
    let mut tail = tail.spawn().unwrap();
    let about = world.job.to_string();
    // Whether it listens already can be told by what it prints alone.
    let line = eventually("the tail prints an event", || async {
        let arguments = ["--data", r#"{"language": "de"}"#, "--job", &about];
        let emit = [&["event", "emit", "subtitle.done"], &arguments[..]].concat();
        let emit = [&emit[..], &["--idempotency-key", "once", "--json"]].concat();
        drop(run(&studio, &emit).await);
        let other = json!({"event_name": "segment_completed"});
        let live = json!({"event_name": "subtitle.done", "data": {"live": true}});
        studio
            .post("/events", &json!([other, live]))
            .await
            .expect(202);
        let printed = std::fs::read_to_string(&tailed).unwrap();
        printed.split_once('\n').map(|(line, _)| line.to_owned())
    })
    .await;
    tail.kill().unwrap();
    tail.wait().unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["event_name"], "subtitle.done");

    let list = ["event", "list", "--job", &about, "--event", "subtitle.done"];
    let listed = run_json(&studio, &list).await;
    assert_eq!(
        listed["items"].as_array().unwrap().len(),
        1,
        "published once"
    );
    let event = listed["items"][0]["id"].as_str().unwrap();
    let shown = run(&studio, &["event", "show", event]).await;
    assert!(
        shown.contains(r#"{"language":"de"}"#) && shown.contains("pending"),
        "{shown}"
    );
    run(&studio, &["hook", "resume", &id]).await;
    let found = eventually("one is given up", || async {
        let found = studio.all("/deliveries?state=exhausted").await;
        found.into_iter().next()
    })
    .await;
    let delivery_id = found["id"].as_str().unwrap();
    let listed = run(
        &studio,
        &["delivery", "list", "--state", "exhausted", "--hook", &id],
    )
    .await;
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(
        listed.contains(delivery_id) && listed.contains("400"),
        "{listed}"
    );
    let shown = run(&studio, &["delivery", "show", delivery_id]).await;
    assert!(
        shown.contains("state    exhausted") && shown.contains("ATTEMPT"),
        "{shown}"
    );
    let retried = run_json(&studio, &["delivery", "retry", delivery_id]).await;
    assert_eq!(retried["id"], found["id"]);
    let one = json!({"id": found["event_id"]});
    delivery(&studio, &one, "succeeded").await;
    let replay = ["event", "replay", "--since", "2000-01-01T00:00:00Z"];
    let replay = [&replay[..], &["--until", "2999-01-01T00:00:00Z"]].concat();
    let said = run(&studio, &replay).await;
    assert_eq!(said, "0 deliveries are on their way again\n");
    let narrow = [
        "--event",
        "subtitle.*",
        "--hook",
        &id,
        "--succeeded",
        "--json",
    ];
    let said = run(&studio, &[&replay[..], &narrow].concat()).await;
    let said: Value = serde_json::from_str(&said).unwrap();
    assert!(said["deliveries"].as_u64() >= Some(1), "{said}");
}
