//! Settings are held against the plugin before it runs, as a server does when a
//! hook is saved.

use crate::binary::{component, document, run, stagehook};
use crate::fake_server::FakeServer;
use rstest::rstest;
use serde_json::json;
use std::path::Path;
use tempfile::TempDir;

/// What is said of settings that are not taken; nothing else is.
fn told(directory: &Path, command: &str, guest: &str, arguments: &[&str]) -> String {
    let component = component(guest);
    let mut all = vec!["plugin", command, component.to_str().unwrap()];
    all.extend(arguments);
    run(&mut stagehook(directory, &all)).failed()
}

#[rstest]
#[case::required(
    "tracker_notify",
    "{}",
    &["  /config/settings/url: is required"]
)]
#[case::out_of_range(
    "tracker_notify",
    r#"{"url": "ftp://a", "timeout_seconds": 301}"#,
    &["  /config/settings/url: ", "  /config/settings/timeout_seconds: "]
)]
#[case::the_plugin_alone_knows(
    "test_guest",
    r#"{"do": "sleep", "ms": 9999999999}"#,
    &["  /config/settings/ms: is longer than an hour"]
)]
fn each_mistake_is_told_where_it_is(
    #[case] guest: &str,
    #[case] settings: &str,
    #[case] problems: &[&str],
) {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    let settings = ["--settings", settings];
    let error = told(here, "run", guest, &settings);
    assert!(
        error.starts_with("error: the plugin does not take these settings\n"),
        "{error}"
    );
    let lines: Vec<_> = error.lines().skip(1).collect();
    assert_eq!(lines.len(), problems.len(), "{error}");
    for problem in problems {
        let is_told = lines.iter().any(|line| line.starts_with(problem));
        assert!(is_told, "{problem} is missing:\n{error}");
    }

    assert_eq!(told(here, "bench", guest, &settings), error);
    let recording = [&settings[..], &["--record", "a.rec"]].concat();
    assert_eq!(told(here, "run", guest, &recording), error);
    assert!(!here.join("a.rec").exists());
}

#[test]
fn no_settings_are_settings_too() {
    let directory = TempDir::new().unwrap();
    let error = told(directory.path(), "run", "test_guest", &[]);
    assert!(
        error.contains("\n  /config/settings/do: is required\n"),
        "{error}"
    );
}

#[test]
fn what_a_server_logged_runs_with_the_settings_that_it_had() {
    let directory = TempDir::new().unwrap();
    let server = FakeServer::start();
    let component = component("test_guest");
    let log = json!({
        "id": 12, "hook_type": "wasm", "status": "failed", "error": "no such behaviour",
        "input": {
            "schema": "hook/1",
            "execution_id": "0199aaaa-0000-7000-8000-000000000000",
            "hook": {"id": 7, "name": "grade", "version": 3, "source": "project"},
            "job": null, "trigger": {"hook_point": "post_segment"}, "segment_path": null,
            "metadata": {}, "scene_context": {}, "attempt": 1, "deadline_ms": 30_000,
            "dry_run": false, "previous_results": [], "inherited": null,
            "hook_config": {"plugin": "test-guest@0.1.0", "settings": {"do": 7}},
        },
    });
    let mut arguments = vec!["plugin", "run", component.to_str().unwrap()];
    arguments.extend(["--from-log", "12", "--json"]);

    // The plugin says what is wrong with them, as it did on the server.
    server.answers("GET /hook-logs/12", 200, log.clone());
    let again = server.run_in(directory.path(), &arguments);
    assert_eq!(again.code, Some(2), "{again:?}");
    assert_eq!(document(&again)["status"], "failed");

    server.answers("GET /hook-logs/12", 200, log);
    arguments.extend(["--settings", r#"{"do": 8}"#]);
    let error = server.run_in(directory.path(), &arguments).failed();
    assert!(error.contains("\n  /config/settings/do: "), "{error}");
}
