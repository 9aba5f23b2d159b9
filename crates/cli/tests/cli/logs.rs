//! An execution, as `logs ID`, `hook test` and `plugin run` show it.

use crate::binary::{component, run, stagehook};
use crate::fake_server::FakeServer;
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

fn log() -> Value {
    json!({
        "id": 12, "execution_id": "0199aaaa-0000-7000-8000-000000000000",
        "hook": {"id": 7, "name": "long-enough", "version": 3, "source": "project"},
        "hook_type": "wasm", "hook_point": "post_segment", "event": null,
        "failure_mode": "block", "job_id": 42, "is_test": false,
        "status": "failed", "success": false, "exit_code": null,
        "error": "3.2 s is shorter than 5 s", "duration_ms": 4,
        "input": {"hook_config": {"plugin": "long-enough@^0.1", "pinned": {"version": "0.1.4"}}},
        "stdout": "one\ntwo \u{1b}]0;title\u{7}\n",
        "stderr": "[info] 3.2 s, at least 5 s are wanted\n",
        "result": {
            "status": "fail", "message": "3.2 s is shorter than 5 s",
            "annotations": [{"level": "error", "message": "ends here", "start_ms": 3200}],
            "metadata": {"long_enough": false}, "artifacts": [{"path": "a.json", "mime": null}],
            "metrics": {"duration_seconds": 3.2},
        },
        "usage": {"fuel_used": 18_896, "peak_memory_bytes": 1_114_112, "host_call_ms": 0.04},
        "executed_at": "2026-11-21T12:38:44.869160Z",
    })
}

const SHOWN: &str = "\
log      12
hook     long-enough (id 7, version 3, project)
plugin   long-enough@^0.1 = 0.1.4
at       post_segment
job      42
executed 2026-11-21T12:38:44.869160Z
status   failed
message  3.2 s is shorter than 5 s
took     4 ms
used     18896 fuel, 1088 KiB of memory, 0.0 ms in host calls

annotations
LEVEL  CODE  MESSAGE    PATH  START MS  END MS
error        ends here        3200

patch
  {
    \"long_enough\": false
  }

metrics
  duration_seconds = 3.2

artifacts
  a.json

log
  [info] 3.2 s, at least 5 s are wanted

stdout
  one
  two \u{fffd}]0;title\u{fffd}
";

#[test]
fn one_log_is_shown_in_full() {
    let server = FakeServer::start();
    server.answers("GET /hook-logs/12", 200, log());
    let shown = server.run(&["logs", "12"]).ok();
    let shown: Vec<_> = shown.lines().map(str::trim).collect();
    let expected: Vec<_> = SHOWN.lines().map(str::trim).collect();
    assert_eq!(shown, expected);

    server.answers("GET /hook-logs/12", 200, log());
    let printed = server.run(&["logs", "12", "--json"]).ok();
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed, log());

    let unknown = server.run(&["logs", "13"]).failed();
    assert!(unknown.starts_with("error: Not found (404)"), "{unknown}");
}

#[test]
fn of_an_endless_text_people_see_the_beginning() {
    let server = FakeServer::start();
    let mut endless = log();
    endless["stderr"] = Value::String("é".repeat(500_000));
    server.answers("GET /hook-logs/12", 200, endless);
    let shown = server.run(&["logs", "12"]).ok();
    assert!(shown.len() < 70_000, "{}", shown.len());
    assert!(
        shown.contains("\n  … and 934464 bytes more: --json has all\n"),
        "{}",
        &shown[shown.len() - 200..]
    );
    assert!(shown.contains("\nstdout\n  one\n"), "the rest is there");
}

#[rstest]
#[case::plugin("wasm", "log", "stderr")]
#[case::script("shell", "stderr", "log")]
fn a_plugin_has_a_log_and_a_script_its_stderr(
    #[case] hook_type: &str,
    #[case] heading: &str,
    #[case] other: &str,
) {
    let server = FakeServer::start();
    let mut tested = log();
    tested["hook_type"] = hook_type.into();
    tested["is_test"] = true.into();
    server.answers("POST /hooks/7/test", 200, tested);
    let ran = server.run(&["hook", "test", "7", "--input", r#"{"metadata": {"a": 1}}"#]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let asked = json!({"input": {"metadata": {"a": 1}}});
    assert_eq!(server.changes()[0].1, asked);
    assert!(ran.stdout.starts_with("log      12\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("Z (a test)\n"), "{}", ran.stdout);
    let headed = |heading: &str| ran.stdout.contains(&format!("\n{heading}\n  [info] 3.2 s"));
    assert!(headed(heading) && !headed(other), "{}", ran.stdout);
}

#[test]
fn a_test_that_succeeds_ends_well() {
    let server = FakeServer::start();
    let mut tested = log();
    tested["status"] = "passed".into();
    tested["success"] = true.into();
    tested["error"] = Value::Null;
    tested["stderr"] = "".into();
    server.answers("POST /hooks/7/test", 200, tested);
    let shown = server.run(&["hook", "test", "7"]).ok();
    assert!(!shown.contains("\nlog\n"), "nothing was logged: {shown}");
}

#[test]
fn a_run_that_fails_says_why_once() {
    let directory = TempDir::new().unwrap();
    let component = component("test_guest");
    let settings = r#"{"do": "fail_status"}"#;
    let mut arguments = vec!["plugin", "run", component.to_str().unwrap()];
    arguments.extend(["--settings", settings, "--json"]);
    let document = run(&mut stagehook(directory.path(), &arguments));
    let document: Value = serde_json::from_str(&document.stdout).unwrap();
    assert_eq!(document["error"], document["result"]["message"]);
    arguments.pop();
    let ran = run(&mut stagehook(directory.path(), &arguments));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let why = document["error"].as_str().unwrap();
    assert_eq!(ran.stdout.matches(why).count(), 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("\nmessage  "), "{}", ran.stdout);
}
