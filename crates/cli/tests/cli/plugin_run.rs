//! `plugin run` and `plugin bench`: a component in the server's sandbox, without
//! a server.

use crate::binary::{Ran, component, document, run, stagehook};
use crate::fake_server::FakeServer;
use rstest::rstest;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SECRET: &str = "correct-horse-battery";

fn clip() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/pipeline/media/bigbuckbunny.mp4")
}

/// `stagehook plugin COMMAND COMPONENT …` in a directory.
fn plugin(directory: &Path, command: &str, guest: &str, arguments: &[&str]) -> Ran {
    let component = component(guest);
    let mut all = vec!["plugin", command, component.to_str().unwrap()];
    all.extend(arguments);
    run(stagehook(directory, &all).env("TOKEN_OF_TRACKER", SECRET))
}

#[test]
fn a_clip_is_probed_recorded_and_replayed_after_it_is_gone() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    fs::copy(clip(), here.join("seg_003.mp4")).unwrap();
    let segment = ["--segment", "seg_003.mp4"];

    let shown = plugin(here, "run", "media_probe", &segment).ok();
    assert!(shown.starts_with("status   passed\n"), "{shown}");
    for part in ["used     ", " fuel, ", "\npatch\n", "\"width\": "] {
        assert!(shown.contains(part), "{part} is missing:\n{shown}");
    }

    let mut arguments = segment.to_vec();
    arguments.extend(["--record", "probe.rec", "--json"]);
    let recorded = document(&plugin(here, "run", "media_probe", &arguments));
    assert_eq!(recorded["status"], "passed");
    assert!(recorded["recording"]["calls"].as_u64().unwrap() > 10);

    fs::remove_file(here.join("seg_003.mp4")).unwrap();
    let gone = plugin(here, "run", "media_probe", &segment).failed();
    assert!(gone.contains("there is no seg_003.mp4"), "{gone}");
    let replayed = plugin(
        here,
        "run",
        "media_probe",
        &["--replay", "probe.rec", "--json"],
    );
    assert_eq!(replayed.code, Some(0), "{replayed:?}");
    let replayed = document(&replayed);
    assert_eq!(replayed["replay"]["same"], true);
    for part in ["status", "result", "stdout", "stderr", "error", "input"] {
        assert_eq!(replayed[part], recorded[part], "{part}");
    }
    for part in ["fuel_used", "peak_memory_bytes", "bytes_read"] {
        assert_eq!(replayed["usage"][part], recorded["usage"][part], "{part}");
    }
    let shown = plugin(here, "run", "media_probe", &["--replay", "probe.rec"]).ok();
    assert!(shown.contains("with the same outcome"), "{shown}");
}

#[test]
fn another_component_and_a_changed_recording_are_told_apart() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    let settings = r#"{"do": "random", "bytes": 8}"#;
    let record = ["--settings", settings, "--record", "a.rec"];
    plugin(here, "run", "test_guest", &record).ok();
    let replay = ["--replay", "a.rec"];
    plugin(here, "run", "test_guest", &replay).ok();

    let other = plugin(here, "run", "secret_guest", &replay).failed();
    assert!(
        other.contains("a recording of another component"),
        "{other}"
    );

    let text = fs::read_to_string(here.join("a.rec")).unwrap();
    fs::write(here.join("a.rec"), text.replacen("shot_010", "shot_011", 1)).unwrap();
    let changed = plugin(here, "run", "test_guest", &replay).failed();
    assert!(
        changed.contains("was changed after it was recorded"),
        "{changed}"
    );

    fs::write(here.join("a.rec"), "{}\n").unwrap();
    let foreign = plugin(here, "run", "test_guest", &replay).failed();
    assert!(foreign.contains("it is no recording"), "{foreign}");
}

#[rstest]
#[case(json!({"do": "everything"}), json!({}), "passed", 0)]
#[case(json!({"do": "skip"}), json!({}), "skipped", 0)]
#[case(json!({"do": "fail_status"}), json!({}), "failed", 2)]
#[case(json!({"do": "needs_review"}), json!({}), "needs_review", 2)]
#[case(json!({"do": "panic"}), json!({}), "failed", 2)]
#[case(json!({"do": "loop"}), json!({"fuel": 1_000_000}), "out_of_fuel", 2)]
#[case(json!({"do": "sleep", "ms": 60_000}), json!({"timeout_seconds": 1}), "timed_out", 2)]
#[case(json!({"do": "allocate"}), json!({"memory_mib": 16}), "out_of_memory", 2)]
#[case(json!({"do": "recurse"}), json!({}), "limit_exceeded", 2)]
#[case(json!({"do": "invalid_metadata"}), json!({}), "invalid_result", 2)]
#[case(json!({"do": "echo"}), json!({"memory_mib": 1_000_000}), "refused", 1)]
fn the_exit_code_tells_how_it_went(
    #[case] settings: Value,
    #[case] limits: Value,
    #[case] status: &str,
    #[case] code: i32,
) {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("settings.json"), settings.to_string()).unwrap();
    let limits = limits.to_string();
    let arguments = ["--settings", "settings.json", "--limits", &limits, "--json"];
    let ran = plugin(directory.path(), "run", "test_guest", &arguments);
    assert_eq!(ran.code, Some(code), "{ran:?}");
    assert_eq!(document(&ran)["status"], status);
    assert_eq!(document(&ran)["success"], code == 0);
}

#[test]
fn the_plugin_is_told_what_was_given_over_a_sample() {
    let directory = TempDir::new().unwrap();
    let input = json!({
        "metadata": {"take": 7},
        "job": {"external_ref": "shot_777"},
        "trigger": {"event": "job_failed", "event_id": "0199aaaa-0000-7000-8000-000000000000"},
        "data": {"why": "because"},
    });
    fs::write(directory.path().join("input.json"), input.to_string()).unwrap();
    let settings = r#"{"do": "echo"}"#;
    let arguments = ["--input", "input.json", "--settings", settings, "--json"];
    let ran = plugin(directory.path(), "run", "test_guest", &arguments);
    let echo = document(&ran)["result"]["metadata"]["echo"].clone();
    assert_eq!(echo["metadata"], json!({"take": 7}), "{ran:?}");
    assert_eq!(echo["job"]["external_ref"], "shot_777");
    assert_eq!(echo["job"]["project_id"], 1);
    assert_eq!(echo["data"], json!({"why": "because"}));
    assert!(echo["trigger"].as_str().unwrap().contains("job_failed"));

    let wrong = r#"{"metdata": {}, "job": {"id": "x"}}"#;
    let failed = plugin(directory.path(), "run", "test_guest", &["--input", wrong]).failed();
    assert!(failed.contains("the input: job.id: "), "{failed}");
}

#[test]
fn nothing_is_granted_that_was_not_asked_for() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("a.txt"), "beside").unwrap();
    let settings = r#"{"do": "list"}"#;
    let found = |arguments: &[&str]| {
        let mut all = vec!["--settings", settings, "--json"];
        all.extend(arguments);
        document(&plugin(directory.path(), "run", "test_guest", &all))["result"]["metadata"]["ok"]
            .clone()
    };
    assert_eq!(found(&[]), json!([]));
    assert_eq!(found(&["--segment", "a.txt"]), json!(["/segment"]));
    assert_eq!(found(&["--segment", "a.txt", "--grants", "{}"]), json!([]));
}

#[test]
fn a_secret_is_read_and_stands_in_no_recording() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    let settings = r#"{"name": "tracker_token"}"#;
    let secret = ["--secret", "tracker_token=TOKEN_OF_TRACKER"];
    let mut arguments = vec!["--settings", settings, "--record", "a.rec", "--json"];
    arguments.extend(secret);
    let recorded = plugin(here, "run", "secret_guest", &arguments);
    assert_eq!(recorded.code, Some(0), "{recorded:?}");
    assert_eq!(
        document(&recorded)["result"]["metadata"]["length"],
        SECRET.len()
    );
    let recording = fs::read_to_string(here.join("a.rec")).unwrap();
    for said in [&recorded.stdout, &recorded.stderr, &recording] {
        assert!(!said.contains(SECRET), "{said}");
    }
    let replayed = plugin(
        here,
        "run",
        "secret_guest",
        &["--replay", "a.rec", "--json"],
    );
    assert_eq!(replayed.code, Some(0), "{replayed:?}");
    assert_eq!(document(&replayed)["stderr"], document(&recorded)["stderr"]);

    for (given, told) in [
        ("tracker_token", "NAME=ENVVAR"),
        ("tracker_token=NOT_THERE", "NOT_THERE"),
    ] {
        let failed = plugin(here, "run", "secret_guest", &["--secret", given]).failed();
        assert!(failed.contains(told), "{failed}");
    }
}

#[test]
fn repeated_runs_are_compared() {
    let directory = TempDir::new().unwrap();
    let repeated = |settings: &str| {
        let arguments = ["--settings", settings, "--repeat=3"];
        plugin(directory.path(), "run", "test_guest", &arguments).ok()
    };
    let same = repeated(r#"{"do": "everything"}"#);
    assert!(same.contains("all 3 runs came to the same"), "{same}");
}

#[test]
fn it_describes_itself_and_checks_settings() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    let described = plugin(here, "run", "media_probe", &["--call", "describe"]);
    assert_eq!(document(&described)["name"], "media-probe");

    let check = |settings: &str| {
        let arguments = ["--call", "check-settings", "--settings", settings];
        plugin(here, "run", "test_guest", &arguments)
    };
    assert_eq!(
        check(r#"{"do": "sleep", "ms": 1}"#).ok(),
        "the settings are good\n"
    );
    let wrong = check(r#"{"do": "sleep", "ms": 9999999999}"#);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(
        wrong.stdout.contains("/ms: is longer than an hour"),
        "{wrong:?}"
    );
}

#[test]
fn what_is_no_component_is_told() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    fs::write(here.join("a.wasm"), "no component").unwrap();
    let failed = run(&mut stagehook(here, &["plugin", "run", "a.wasm"])).failed();
    assert!(failed.contains("the component cannot be run"), "{failed}");
    let failed = run(&mut stagehook(here, &["plugin", "run", "b.wasm"])).failed();
    assert!(failed.contains("cannot read b.wasm"), "{failed}");
}

#[test]
fn a_failed_execution_comes_out_of_the_log() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    let server = FakeServer::start();
    let component = component("test_guest");
    let input = json!({
        "schema": "hook/1",
        "execution_id": "0199aaaa-0000-7000-8000-000000000000",
        "hook": {"id": 7, "name": "grade", "version": 3, "source": "project"},
        "job": null,
        "trigger": {"hook_point": "post_segment"},
        "segment_path": null,
        "metadata": {"take": 7},
        "scene_context": {},
        "hook_config": {
            "plugin": "test-guest@0.1.0",
            "settings": {"do": "loop"},
            "limits": {"fuel": 1_000_000},
        },
        "attempt": 1,
        "deadline_ms": 30_000,
        "dry_run": false,
        "previous_results": [],
        "inherited": null,
    });
    let log = json!({
        "id": 12, "hook": {"id": 7, "name": "grade", "version": 3}, "hook_type": "wasm",
        "status": "out_of_fuel", "error": "used up its 1000000 units of fuel (limits.fuel)",
        "result": null, "usage": {}, "executed_at": "2026-11-21T10:00:00Z", "input": input,
    });
    server.answers("GET /hook-logs/12", 200, log.clone());
    let arguments = [
        "plugin",
        "run",
        component.to_str().unwrap(),
        "--from-log",
        "12",
        "--record",
        "a.rec",
    ];
    let ran = server.run_in(here, &arguments);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stdout.starts_with("status   out_of_fuel\n"), "{ran:?}");
    assert!(ran.stdout.contains("here it came to the same"), "{ran:?}");
    let replayed = plugin(here, "run", "test_guest", &["--replay", "a.rec", "--json"]);
    assert_eq!(replayed.code, Some(2), "{replayed:?}");
    assert_eq!(document(&replayed)["input"]["metadata"], json!({"take": 7}));

    // With more fuel, to see whether that is all.
    server.answers("GET /hook-logs/12", 200, log);
    let mut arguments = arguments[..5].to_vec();
    arguments.extend(["--settings", r#"{"do": "everything"}"#]);
    let ran = server.run_in(here, &arguments);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stdout.contains("here it came to another status"),
        "{ran:?}"
    );

    let shell = json!({"id": 13, "hook_type": "shell", "input": {}});
    server.answers("GET /hook-logs/13", 200, shell);
    let failed = server
        .run_in(here, &["plugin", "run", "--from-log", "13"])
        .failed();
    assert!(failed.contains("log 13 is of a shell hook"), "{failed}");
}

#[test]
fn a_component_is_measured() {
    let directory = TempDir::new().unwrap();
    let settings = r#"{"do": "work", "rounds": 1000}"#;
    let arguments = ["--settings", settings, "--seconds", "1", "--json"];
    let ran = plugin(directory.path(), "bench", "test_guest", &arguments);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let measured = document(&ran);
    let number = |pointer: &str| measured.pointer(pointer).unwrap().as_f64().unwrap();
    assert_eq!(measured["statuses"]["passed"], measured["calls"]);
    assert!(number("/calls") >= 1.0);
    assert!(number("/calls_per_second") > 0.0);
    assert!(number("/call_ms/median") <= number("/call_ms/p99"));
    assert!(number("/call_ms/p99") <= number("/call_ms/max"));
    assert!(number("/instantiate_ms/median") > 0.0);
    assert!((0.0..=1.0).contains(&number("/instantiate_share")));
    assert!(number("/fuel/median") > 1_000.0);
    assert!(number("/peak_memory_bytes") > 0.0);

    let arguments = [
        "--settings",
        settings,
        "--seconds",
        "1",
        "--concurrency",
        "2",
    ];
    let shown = plugin(directory.path(), "bench", "test_guest", &arguments).ok();
    for part in [
        "calls per second",
        "median",
        "p99",
        "peak memory",
        "making an instance",
    ] {
        assert!(shown.contains(part), "{part} is missing:\n{shown}");
    }
}

#[test]
fn a_component_that_fails_is_measured_and_says_why() {
    let directory = TempDir::new().unwrap();
    let settings = r#"{"do": "fail_status"}"#;
    let arguments = ["--settings", settings, "--seconds", "1"];
    let shown = plugin(directory.path(), "bench", "test_guest", &arguments).ok();
    assert!(shown.contains(" failed\n"), "{shown}");
    let why = shown.lines().find(|line| line.starts_with(" why "));
    assert!(why.unwrap().ends_with(" asked to fail"), "{shown}");
}
