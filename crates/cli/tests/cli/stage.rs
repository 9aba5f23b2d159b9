//! `stagehook stage run`, as a shell script uses it. REQ-RUN-1

use crate::fake_server::{FakeServer, TOKEN};
use rstest::rstest;
use serde_json::{Value, json};

const RUNS: &str = "POST /jobs/42/stages/post_segment/runs";
const ASK: [&str; 6] = [
    "stage",
    "run",
    "--job",
    "42",
    "--hook-point",
    "post_segment",
];

fn answer(verdict: &Value, status: &str) -> Value {
    json!({
        "id": "0199a", "job_id": 42, "hook_point": "post_segment", "status": status, "verdict": verdict,
        "metadata": {"color": {"space": "bt709"}},
        "warnings": ["color_grade: exited with status 3"],
        "executions": [
            {"log_id": 9, "hook": {"id": 7, "name": "color_grade", "version": 3, "source": "project"},
             "hook_type": "shell", "status": "failed", "success": false, "failure_mode": "warn", "exit_code": 3,
             "duration_ms": 41, "stdout": "", "stderr": "no", "result": null,
             "error": "exited with status 3", "usage": {}},
            {"log_id": 10, "hook": {"id": 8, "name": "probe", "version": 1, "source": "studio"},
             "hook_type": "wasm", "status": "passed", "success": true, "failure_mode": "warn", "exit_code": null,
             "duration_ms": 2, "stdout": "", "stderr": "",
             "result": {"status": "pass", "message": "25 fps \u{1b}[31m"}, "error": null, "usage": {}},
        ],
        "not_run": [{"id": 9, "name": "later", "version": 1, "source": "studio"}],
        "started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:01Z",
    })
}

#[rstest]
#[case(json!("proceed"), 0)]
#[case(json!("halt"), 2)]
fn the_exit_code_is_the_verdict(#[case] verdict: Value, #[case] code: i32) {
    let server = FakeServer::start();
    server.answers(RUNS, 200, answer(&verdict, "completed"));
    let ran = server.run(&ASK);
    assert_eq!(ran.code, Some(code), "{ran:?}");
    let verdict = format!("verdict: {}", verdict.as_str().unwrap());
    assert_eq!(ran.stdout.lines().last(), Some(verdict.as_str()));
    for expected in [
        "color_grade",
        "failed",
        "exited with status 3",
        "probe",
        "25 fps",
        "later",
        "not run",
    ] {
        assert!(
            ran.stdout.contains(expected),
            "{expected} is missing:\n{}",
            ran.stdout
        );
    }
    assert!(
        ran.stdout
            .contains("warning: color_grade: exited with status 3")
    );
    assert!(
        !ran.stdout.contains('\u{1b}'),
        "what hooks say cannot move the cursor"
    );
}

#[test]
fn a_run_that_came_to_no_verdict_is_an_error() {
    let server = FakeServer::start();
    server.answers(RUNS, 200, answer(&Value::Null, "cancelled"));
    let ran = server.run(&ASK);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("came to no verdict: it is cancelled"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_halted_job_is_an_error_that_says_what_to_do() {
    let server = FakeServer::start();
    server.answers(
        RUNS,
        409,
        json!({
            "type": "/problems/job-halted", "title": "Job halted", "status": 409,
            "detail": "job 42 is failed: it waits for a review",
        }),
    );
    let error = server.run(&ASK).failed();
    assert_eq!(
        error,
        "error: Job halted (409)\n  job 42 is failed: it waits for a review\n"
    );
}

#[test]
fn everything_that_is_given_is_sent() {
    let server = FakeServer::start();
    server.answers(RUNS, 200, answer(&json!("proceed"), "completed"));
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("scene.json"), r#"{"fps": 25}"#).unwrap();
    let mut arguments = ASK.to_vec();
    arguments.extend([
        "--segment-path",
        "/media/seg_003.mp4",
        "--metadata",
        r#"{"a": 1}"#,
        "--scene-context",
        "@scene.json",
        "--idempotency-key",
        "shot-1",
        "--json",
    ]);
    let ran = server.run_in(directory.path(), &arguments);
    let printed: Value = serde_json::from_str(&ran.ok()).unwrap();
    assert_eq!(
        printed,
        answer(&json!("proceed"), "completed"),
        "the whole answer"
    );

    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].body,
        json!({"segment_path": "/media/seg_003.mp4", "metadata": {"a": 1}, "scene_context": {"fps": 25}})
    );
    assert_eq!(asked[0].headers["idempotency-key"], "shot-1");
    assert_eq!(asked[0].headers["authorization"], format!("Bearer {TOKEN}"));
}

#[rstest]
#[case("[1]", "--metadata must be a JSON object, not an array")]
#[case("{", "the argument is no JSON")]
#[case("@none.json", "cannot read none.json")]
fn metadata_that_is_no_object_is_refused_before_anything_is_sent(
    #[case] metadata: &str,
    #[case] why: &str,
) {
    let server = FakeServer::start();
    let mut arguments = ASK.to_vec();
    arguments.extend(["--metadata", metadata]);
    let error = server.run(&arguments).failed();
    assert!(error.contains(why), "{error}");
    assert!(server.asked().is_empty());
}
