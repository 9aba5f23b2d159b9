//! Recording an execution, and replaying it where there is nothing.

use crate::stage::{Stage, component, found, input, wasm_config as config};
use bytes::Bytes;
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::config::WasmConfig;
use stagehook_core::contract::HookInput;
use stagehook_core::execution::Execution;
use stagehook_core::execution::ExecutionStatus::{self, Failed, OutOfFuel, Passed, TimedOut};
use stagehook_runners::wasm::{
    Divergence, PreparedPlugin, Recording, RecordingError, Tape, WasmRunner, WasmSettings,
};
use stagehook_runners::{Egress, Invocation, NetworkPolicy, Secrets};
use stagehook_test_support::receiver::Receiver;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const SECRET: &str = "hunter2hunter2";

fn runner(root: Option<&Path>, secrets: Secrets) -> WasmRunner {
    let network = NetworkPolicy {
        allow_private: true,
    };
    let settings = WasmSettings {
        egress: Some(Egress::new(network, "stagehook/test").unwrap()),
        media_roots: root.map(Path::to_owned).into_iter().collect(),
        ..WasmSettings::default()
    };
    WasmRunner::new(settings, secrets).unwrap()
}

async fn execute(
    runner: &WasmRunner,
    plugin: &PreparedPlugin,
    config: &WasmConfig,
    input: &HookInput,
) -> Execution {
    let input_json = serde_json::to_string(input).unwrap();
    let invocation = Invocation {
        input,
        input_json: &input_json,
        timeout: Duration::from_mins(1),
        cancel: &CancellationToken::new(),
    };
    runner.run(config, plugin, invocation).await.unwrap()
}

async fn record(
    runner: &WasmRunner,
    guest: &str,
    config: &WasmConfig,
    input: &HookInput,
) -> (Execution, Result<Recording, RecordingError>) {
    record_component(runner, component(guest), config, input).await
}

async fn record_component(
    runner: &WasmRunner,
    component: Bytes,
    config: &WasmConfig,
    input: &HookInput,
) -> (Execution, Result<Recording, RecordingError>) {
    let (plugin, tape) = runner.prepare_to_record(component).await.unwrap();
    let execution = execute(runner, &plugin, config, input).await;
    let recording = tape.recording(&plugin, config, input, &execution);
    (execution, recording.map(|recording| recording.unwrap()))
}

/// Where nothing is granted and no media root exists.
async fn replay(guest: &str, recording: &Recording) -> (Execution, Tape) {
    replay_component(component(guest), recording).await
}

async fn replay_component(component: Bytes, recording: &Recording) -> (Execution, Tape) {
    let secrets = recording.header.placeholders();
    let secrets = secrets
        .into_iter()
        .map(|(name, value)| (Secrets::variable_of(&name), value));
    let runner = runner(None, Secrets::from_env(secrets));
    let (plugin, tape) = runner
        .prepare_to_replay(component, recording)
        .await
        .unwrap();
    let header = &recording.header;
    let execution = execute(&runner, &plugin, &header.config, &header.input).await;
    (execution, tape)
}

fn is_as_recorded(recording: &Recording, execution: &Execution, tape: &Tape) {
    assert_eq!(tape.divergence(execution), None);
    assert_eq!(
        recording.execution.differences(execution),
        [] as [&str; 0],
        "{recording:?}\n{execution:?}"
    );
}

#[rstest]
#[case(json!({"do": "echo"}), Passed)]
#[case(json!({"do": "everything"}), Passed)]
#[case(json!({"do": "read", "path": "/media/a.txt"}), Passed)]
#[case(json!({"do": "read", "path": "/media/none.txt"}), Passed)]
#[case(json!({"do": "read_directory", "path": "/media"}), Passed)]
#[case(json!({"do": "write", "path": "/media/b.txt", "text": "written"}), Passed)]
#[case(json!({"do": "rename", "from": "/media/a.txt", "to": "/media/c.txt"}), Passed)]
#[case(json!({"do": "list"}), Passed)]
#[case(json!({"do": "env"}), Passed)]
#[case(json!({"do": "random", "bytes": 100}), Passed)]
#[case(json!({"do": "random", "bytes": 1_000_000}), Passed)]
#[case(json!({"do": "sleep", "ms": 30}), Passed)]
#[case(json!({"do": "resources", "count": 50}), Passed)]
#[case(json!({"do": "print", "bytes": 100_000}), Passed)]
#[case(json!({"do": "print_error", "bytes": 300}), Passed)]
#[case(json!({"do": "log", "bytes": 5_000}), Passed)]
#[case(json!({"do": "progress_and_sleep", "ms": 5}), Passed)]
#[case(json!({"do": "connect", "address": "127.0.0.1:80"}), Passed)]
#[case(json!({"do": "exit", "code": 3}), Failed)]
#[case(json!({"do": "panic"}), Failed)]
#[case(json!({"do": "fail"}), Failed)]
#[case(json!({"do": "resources", "count": 100_000}), ExecutionStatus::LimitExceeded)]
#[case(json!({"do": "random", "bytes": 100_000_000}), ExecutionStatus::LimitExceeded)]
#[case(json!({"do": "allocate"}), ExecutionStatus::OutOfMemory)]
#[tokio::test]
async fn a_replay_is_what_was_recorded_and_a_recording_is_what_happens(
    #[case] settings: Value,
    #[case] status: ExecutionStatus,
) {
    let media = TempDir::new().unwrap();
    std::fs::write(media.path().join("a.txt"), "what stands in a file").unwrap();
    let runner_here = runner(Some(media.path()), Secrets::default());
    let directory = json!({"host": media.path(), "guest": "/media", "access": "write"});
    let config = config(json!({
        "settings": settings,
        "grants": {"directories": [directory], "env": {"A": "b"}},
        "limits": {"memory_mib": 64},
    }));
    let input = input();
    let (execution, recording) = record(&runner_here, "test_guest", &config, &input).await;
    assert_eq!(execution.status, status, "{execution:?}");
    let recording = recording.unwrap();
    drop(media);

    let text = recording.to_text().unwrap();
    let (replayed, tape) = replay("test_guest", &Recording::from_text(&text).unwrap()).await;
    is_as_recorded(&recording, &replayed, &tape);
}

#[tokio::test]
async fn being_recorded_changes_nothing_for_the_plugin() {
    let media = TempDir::new().unwrap();
    std::fs::write(media.path().join("a.txt"), "x".repeat(200_000)).unwrap();
    let stage = Stage::below(media.path()).await;
    let directory = json!({"host": media.path(), "guest": "/media", "access": "read"});
    let given = json!({
        "settings": {"do": "read", "path": "/media/a.txt"},
        "grants": {"directories": [directory]},
    });
    let input = input();
    let plain = stage.run_on(given.clone(), &input).await;
    let (recorded, recording) = record(&stage.runner, "test_guest", &config(given), &input).await;
    assert_eq!(recorded.status, Passed, "{recorded:?}");
    assert_eq!(found(&recorded), found(&plain));
    assert_eq!(recorded.usage.fuel_used, plain.usage.fuel_used);
    assert_eq!(
        recorded.usage.peak_memory_bytes,
        plain.usage.peak_memory_bytes
    );
    assert_eq!(recorded.usage.bytes_read, plain.usage.bytes_read);
    assert!(recording.unwrap().calls() > 10);
}

#[tokio::test]
async fn a_wait_that_was_not_over_is_not_waited_for_again() {
    let runner = runner(None, Secrets::default());
    let config = config(json!({
        "settings": {"do": "progress_and_sleep", "ms": 60_000},
        "limits": {"timeout_seconds": 1},
    }));
    let (execution, recording) = record(&runner, "test_guest", &config, &input()).await;
    assert_eq!(execution.status, TimedOut);
    let recording = recording.unwrap();
    let (replayed, tape) = replay("test_guest", &recording).await;
    is_as_recorded(&recording, &replayed, &tape);
    assert!(replayed.duration < Duration::from_secs(1), "{replayed:?}");
}

#[tokio::test]
async fn a_loop_ends_with_the_same_fuel() {
    let runner = runner(None, Secrets::default());
    let config = config(json!({"settings": {"do": "loop"}, "limits": {"fuel": 10_000_000}}));
    let (execution, recording) = record(&runner, "test_guest", &config, &input()).await;
    assert_eq!(execution.status, OutOfFuel);
    let recording = recording.unwrap();
    let (replayed, tape) = replay("test_guest", &recording).await;
    is_as_recorded(&recording, &replayed, &tape);
}

#[tokio::test]
async fn a_real_plugin_on_a_real_clip() {
    let media = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/pipeline/media");
    let runner = runner(Some(&media), Secrets::default());
    let mut input = input();
    let clip = media.join("bigbuckbunny.mp4");
    input.segment_path = Some(clip.to_str().unwrap().to_owned());
    let config = config(json!({"grants": {"segment": "read"}}));
    let (execution, recording) = record(&runner, "media_probe", &config, &input).await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    let recording = recording.unwrap();
    let (replayed, tape) = replay("media_probe", &recording).await;
    is_as_recorded(&recording, &replayed, &tape);
    assert!(found(&replayed)["media"]["width"].is_number());
}

#[tokio::test]
async fn a_secret_stands_nowhere_in_a_recording() {
    let secrets = [(
        "STAGEHOOK_SECRET_TRACKER_TOKEN".to_owned(),
        SECRET.to_owned(),
    )];
    let runner = runner(None, Secrets::from_env(secrets));
    let config = config(json!({
        "settings": {"name": "tracker_token"},
        "grants": {"secrets": ["tracker_token"]},
    }));
    let (execution, recording) = record(&runner, "secret_guest", &config, &input()).await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    let recording = recording.unwrap();
    let text = recording.to_text().unwrap();
    assert!(!text.contains(SECRET), "{text}");
    assert_eq!(recording.header.secrets["tracker_token"], SECRET.len());
    let (replayed, tape) = replay("secret_guest", &recording).await;
    is_as_recorded(&recording, &replayed, &tape);
}

#[tokio::test]
async fn what_was_asked_over_http_is_answered_when_nobody_is_there() {
    let mut receiver = Receiver::answering(
        "HTTP/1.1 201 Created\r\nx-seen: yes\r\ncontent-length: 5\r\n\r\nhello",
    )
    .await;
    let secrets = [(
        "STAGEHOOK_SECRET_TRACKER_TOKEN".to_owned(),
        SECRET.to_owned(),
    )];
    let runner = runner(None, Secrets::from_env(secrets));
    let host = receiver.authority().to_owned();
    let config = config(json!({
        "settings": {"requests": [
            {"authority": "elsewhere.example"},
            {
                "method": "POST", "authority": host, "path": "/jobs", "body": "graded",
                "headers": [["authorization", "Bearer {{secret:tracker_token}}"]],
            },
        ]},
        "grants": {"http": [host], "http_secrets": {"tracker_token": [host]}},
    }));
    let (execution, recording) = record(&runner, "http_guest", &config, &input()).await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    let request = receiver.request();
    assert_eq!(request.body, "graded");
    assert_eq!(request.headers["authorization"], format!("Bearer {SECRET}"));
    let answers = &found(&execution)["answers"];
    assert_eq!(answers[0]["error"], "HttpRequestDenied", "{answers}");
    assert_eq!(answers[1]["body"], "hello", "{answers}");
    assert!(
        execution.stderr.contains("[http] request denied"),
        "{execution:?}"
    );
    let text = recording.unwrap().to_text().unwrap();
    assert!(!text.contains(SECRET), "{text}");

    drop(receiver);
    let recording = Recording::from_text(&text).unwrap();
    let (replayed, tape) = replay("http_guest", &recording).await;
    is_as_recorded(&recording, &replayed, &tape);
    assert_eq!(replayed.stderr, execution.stderr);
}

#[tokio::test]
async fn a_plugin_of_the_first_contract_is_recorded_and_replayed() {
    let secrets = [(
        "STAGEHOOK_SECRET_TRACKER_TOKEN".to_owned(),
        SECRET.to_owned(),
    )];
    let runner = runner(None, Secrets::from_env(secrets));
    let config = config(json!({
        "settings": {"answer": "needs_review", "secret": "tracker_token"},
        "grants": {"secrets": ["tracker_token"]},
    }));
    let component = crate::frozen::component();
    let (execution, recording) =
        record_component(&runner, component.clone(), &config, &input()).await;
    assert_eq!(
        execution.status,
        ExecutionStatus::NeedsReview,
        "{execution:?}"
    );
    let length = &found(&execution)["frozen"]["secret"]["length"];
    assert_eq!(length, SECRET.len());
    assert!(execution.stderr.contains("[info] a line"), "{execution:?}");
    let text = recording.unwrap().to_text().unwrap();
    assert!(text.contains("stagehook:hook/secrets@0.1.0"), "{text}");
    assert!(!text.contains(SECRET), "{text}");

    let recording = Recording::from_text(&text).unwrap();
    assert_eq!(recording.header.contract, "0.1.0");
    let (replayed, tape) = replay_component(component, &recording).await;
    is_as_recorded(&recording, &replayed, &tape);
}

#[tokio::test]
async fn a_bound_on_traffic_ends_a_replay_as_it_ended_the_execution() {
    let mut receiver = Receiver::empty().await;
    let runner = runner(None, Secrets::default());
    let host = receiver.authority().to_owned();
    let config = config(json!({
        "settings": {"requests": [{"authority": host, "times": 101}]},
        "grants": {"http": [host]},
    }));
    let (execution, recording) = record(&runner, "http_guest", &config, &input()).await;
    assert_eq!(execution.status, ExecutionStatus::LimitExceeded);
    let error = execution.error.as_deref().unwrap();
    assert!(error.contains("HTTP requests: 101"), "{error}");
    for _ in 0..100 {
        receiver.request();
    }

    let text = recording.unwrap().to_text().unwrap();
    let recording = Recording::from_text(&text).unwrap();
    let (replayed, tape) = replay("http_guest", &recording).await;
    is_as_recorded(&recording, &replayed, &tape);
    assert_eq!(replayed.status, ExecutionStatus::LimitExceeded);
    assert!(receiver.is_left_alone());
}

#[tokio::test]
async fn a_replay_that_leaves_its_recording_says_where() {
    let runner = runner(None, Secrets::default());
    let with = |settings: Value| config(json!({"settings": settings}));
    let short = with(json!({"do": "resources", "count": 1}));
    let long = with(json!({"do": "resources", "count": 3}));
    let other = with(json!({"do": "random", "bytes": 7}));

    let recording = async |config: &WasmConfig| {
        let (_, recording) = record(&runner, "test_guest", config, &input()).await;
        recording.unwrap()
    };
    let recorded_short = recording(&short).await;
    let recorded_long = recording(&long).await;

    let mut tampered = recorded_long.clone();
    tampered.header.config = short.clone();
    let (execution, tape) = replay("test_guest", &tampered).await;
    let divergence = tape.divergence(&execution).unwrap();
    assert!(
        matches!(
            divergence,
            Divergence::Differs { .. } | Divergence::Shorter { .. }
        ),
        "{divergence}"
    );

    let mut tampered = recorded_short.clone();
    tampered.header.config = long;
    let (execution, tape) = replay("test_guest", &tampered).await;
    assert_eq!(execution.status, Failed);
    assert!(tape.divergence(&execution).is_some());

    let mut tampered = recorded_short;
    tampered.header.config = other;
    let (execution, tape) = replay("test_guest", &tampered).await;
    let divergence = tape.divergence(&execution).unwrap().to_string();
    assert!(divergence.contains("get-random-bytes(7)"), "{divergence}");
}

#[tokio::test]
async fn a_file_that_is_no_recording_any_more_is_not_replayed() {
    let runner = runner(None, Secrets::default());
    let config = config(json!({"settings": {"do": "random", "bytes": 20}}));
    let (_, recording) = record(&runner, "test_guest", &config, &input()).await;
    let text = recording.unwrap().to_text().unwrap();
    let error = |text: &str| Recording::from_text(text).unwrap_err().to_string();

    assert!(error("").contains("no recording"));
    assert!(error("{\"a\": 1}\n").contains("no recording"));
    assert!(error(&text.replace("recording/1", "recording/9")).contains("recording/9"));
    let lines: Vec<&str> = text.lines().collect();
    let without_end = lines[..lines.len() - 1].join("\n");
    assert!(error(&without_end).contains("incomplete"));
    let mut without_a_call = lines.clone();
    without_a_call.remove(2);
    assert!(error(&without_a_call.join("\n")).contains("changed"));
    let changed = text.replacen("post_segment", "pre_segment0", 1);
    assert_ne!(changed, text);
    assert!(error(&changed).contains("changed"));
    Recording::from_text(&text).unwrap();
}
