//! What the commands about events and deliveries say to a server, and show.

use crate::fake_server::FakeServer;
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[case(&["event", "emit", "segment_completed"], "POST /events",
    json!({"event_name": "segment_completed", "data": {}}))]
#[case(&["event", "emit", "done", "--data", r#"{"a": 1}"#, "--job", "7"], "POST /events",
    json!({"event_name": "done", "data": {"a": 1}, "job_id": 7}))]
#[case(&["event", "emit", "done", "--scene-type", "9"], "POST /events",
    json!({"event_name": "done", "data": {}, "scope_type": "scene_type", "scope_id": 9}))]
#[case(&["event", "replay", "--since", "2026-01-01T00:00:00Z", "--until", "2026-01-02T00:00:00Z"],
    "POST /events/replay",
    json!({"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}))]
#[case(&["event", "replay", "--since", "a", "--until", "b", "--hook", "3", "--event", "job_*", "--succeeded"],
    "POST /events/replay",
    json!({"since": "a", "until": "b", "hook_id": 3, "event": "job_*", "succeeded": true}))]
#[case(&["delivery", "retry", "0199"], "POST /deliveries/0199/retry", json!({}))]
#[case(&["delivery", "retry", "../hooks"], "POST /deliveries/..%2Fhooks/retry", json!({}))]
#[case(&["hook", "pause", "3"], "POST /hooks/3/pause", json!({}))]
#[case(&["hook", "resume", "3"], "POST /hooks/3/resume", json!({}))]
fn a_command_is_one_request(#[case] arguments: &[&str], #[case] what: &str, #[case] body: Value) {
    let server = FakeServer::start();
    server.answers(what, 200, json!({"id": "0199", "deliveries": 2}));
    server.run(arguments).ok();
    assert_eq!(server.changes(), [(what.to_owned(), body)]);
}

#[test]
fn the_key_of_an_event_is_a_header() {
    let server = FakeServer::start();
    server.answers("POST /events", 202, json!({"id": "0199", "deliveries": 2}));
    let emit = ["event", "emit", "done", "--idempotency-key", "k 1"];
    let shown = server.run(&emit).ok();
    assert_eq!(server.asked()[0].headers["idempotency-key"], "k 1");
    assert_eq!(words(&shown), ["ID DELIVERIES", "0199 2"]);
}

#[test]
fn a_replay_says_where_to_go_on() {
    let server = FakeServer::start();
    let next = "2026-01-01T12:00:00Z";
    let replayed = json!({"deliveries": 7, "next_since": next});
    server.answers("POST /events/replay", 202, replayed);
    let replay = ["event", "replay", "--since", "a", "--until", "b"];
    assert_eq!(
        server.run(&replay).ok(),
        format!(
            "7 deliveries are on their way again\nthere are more events: go on with --since {next}\n"
        )
    );
}

#[test]
fn data_that_is_no_object_is_not_sent() {
    let server = FakeServer::start();
    let said = server
        .run(&["event", "emit", "done", "--data", "[1]"])
        .failed();
    assert_eq!(said, "error: --data must be a JSON object, not an array\n");
    assert_eq!(server.asked().len(), 0);
}

const STREAM: &str = ": sign of life\n\nid: 0199\nevent: subtitle.done\ndata: {\"a\":\ndata:  \"\\u001b[2J\"}\n\n\
    event: lagged\r\ndata:{\"missed\":3}\r\n\r\n:\n\nid: 7\ndata: {\"cut\": 1}\n";

#[test]
fn the_stream_is_a_line_for_each_event() {
    let server = FakeServer::start();
    let path = "GET /events/stream?event=subtitle.*";
    server.serves(path, STREAM.as_bytes().to_vec());
    let tail = ["event", "tail", "--event", "subtitle.*"];
    let ran = server.run(&tail);
    assert_eq!(server.asked()[0].headers["accept"], "text/event-stream");
    assert_eq!(
        ran.stdout,
        "subtitle.done {\"a\":\"\\u001b[2J\"}\nlagged {\"missed\":3}\n"
    );
    assert_eq!(ran.code, Some(1), "it ended before anybody ended it");
    assert_eq!(ran.stderr, "error: the server ended the stream\n");

    let ran = server.run(&[&tail[..], &["--json"]].concat());
    let lines: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let first = json!({"id": "0199", "event_name": "subtitle.done", "data": {"a": "\u{1b}[2J"}});
    let second = json!({"id": null, "event_name": "lagged", "data": {"missed": 3}});
    assert_eq!(lines, [first, second]);
}

#[test]
fn a_stream_that_is_refused_says_why() {
    let server = FakeServer::start();
    let problem = json!({"title": "Invalid query", "detail": "/event: must be a pattern",
        "errors": [{"pointer": "/event", "detail": "must be a pattern"}]});
    server.answers("GET /events/stream?event=+", 422, problem);
    let said = server.run(&["event", "tail", "--event", " "]).failed();
    assert_eq!(
        said,
        "error: Invalid query (422)\n  /event: must be a pattern\n"
    );
}

fn delivery() -> Value {
    json!({
        "id": "0199-d", "event_id": "0199-e", "event_name": "job_created",
        "hook": {"id": 3, "name": "track", "source": "studio"}, "state": "pending", "attempts": 1,
        "next_attempt_at": "2026-01-01T00:00:02Z", "last_status": "failed", "last_http_status": 503,
        "last_error": "the receiver\nanswered 503", "last_attempt_at": "2026-01-01T00:00:00Z",
        "created_at": "2026-01-01T00:00:00Z", "finished_at": null,
    })
}

fn event() -> Value {
    json!({
        "id": "0199-e", "event_name": "job_created", "data": {"external_ref": "shot_010"}, "job_id": 42,
        "scope_type": null, "scope_id": null, "created_at": "2026-01-01T00:00:00Z",
    })
}

/// The words of each line.
fn words(text: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().map(words).collect()
}

#[test]
fn a_delivery_is_shown_with_its_event_and_its_attempts() {
    let server = FakeServer::start();
    let mut shown = delivery();
    shown["event"] = event();
    shown["executions"] = json!([{
        "id": 12, "attempt": 1, "executed_at": "2026-01-01T00:00:00Z", "status": "failed",
        "usage": {"http_status": 503}, "exit_code": null, "duration_ms": 7, "error": "answered 503",
    }]);
    server.answers("GET /deliveries/0199-d", 200, shown);
    let shown = server.run(&["delivery", "show", "0199-d"]).ok();
    assert_eq!(
        words(&shown),
        [
            "delivery 0199-d",
            "hook track (id 3, studio)",
            "state pending",
            "next 2026-01-01T00:00:02Z",
            "",
            "event job_created",
            "id 0199-e",
            "job 42",
            "happened 2026-01-01T00:00:00Z",
            r#"data {"external_ref":"shot_010"}"#,
            "",
            "ATTEMPT LOG EXECUTED STATUS HTTP EXIT MS ERROR",
            "1 12 2026-01-01T00:00:00Z failed 503 7 answered 503",
        ]
    );
}

#[test]
fn an_event_is_shown_with_its_deliveries() {
    let server = FakeServer::start();
    let mut shown = event();
    shown["deliveries"] = json!([delivery()]);
    server.answers("GET /events/0199-e", 200, shown);
    let shown = server.run(&["event", "show", "0199-e"]).ok();
    assert_eq!(
        words(&shown)[4..],
        [
            r#"data {"external_ref":"shot_010"}"#,
            "",
            "ID EVENT HOOK STATE ATTEMPTS STATUS HTTP NEXT ERROR",
            "0199-d job_created track pending 1 failed 503 2026-01-01T00:00:02Z the receiver answered 503",
        ]
    );
}

#[test]
fn a_hook_that_may_not_be_meant_so_is_shown_with_its_warning() {
    let server = FakeServer::start();
    let mut saved = crate::client::hook(7, "grade");
    saved["warnings"] = json!(["no business event type matches 'x'"]);
    server.answers("POST /hooks", 201, saved);
    let shown = server.run(&["hook", "create", "{}"]).ok();
    assert!(
        shown.ends_with("\nwarning: no business event type matches 'x'\n"),
        "{shown}"
    );
}

#[test]
fn a_hook_whose_plugin_is_not_the_newest_is_switched_too() {
    let server = FakeServer::start();
    let mut was = crate::client::hook(7, "grade");
    was["newer_plugin_version"] = "1.3.0".into();
    server.answers("GET /hooks/7", 200, was).answers(
        "PUT /hooks/7",
        200,
        crate::client::hook(7, "grade"),
    );
    server.run(&["hook", "disable", "7"]).ok();
    assert_eq!(server.changes()[0].1.get("newer_plugin_version"), None);
}
