//! The plugin `tracker-notify`, in Rust, up to the tracker's socket.

use crate::stage::{Stage, found, input};
use serde_json::{Value, json};
use stagehook_core::execution::Execution;
use stagehook_core::execution::ExecutionStatus::{Failed, Passed, Skipped};
use stagehook_runners::wasm::WasmSettings;
use stagehook_runners::{Egress, NetworkPolicy, Secrets};
use stagehook_test_support::receiver::Receiver;

const TOKEN: &str = "tok-91c2e8";

async fn stage() -> Stage {
    let network = NetworkPolicy {
        allow_private: true,
    };
    let settings = WasmSettings {
        egress: Some(Egress::new(network, "stagehook/test").unwrap()),
        ..WasmSettings::default()
    };
    let secrets = Secrets::from_env([(
        "STAGEHOOK_SECRET_TRACKER_TOKEN".to_owned(),
        TOKEN.to_owned(),
    )]);
    Stage::with("tracker_notify", settings, secrets).await
}

fn config(receiver: &Receiver) -> Value {
    let host = receiver.authority();
    json!({
        "settings": {
            "url": format!("http://{host}/api/shots/{{external_ref}}/notes"),
            "keep": {"version": "/version"},
        },
        "grants": {"http": [host], "http_secrets": {"tracker_token": [host]}},
    })
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn is_retryable(execution: &Execution) -> bool {
    assert_eq!(execution.status, Failed, "{execution:?}");
    execution.retryable
}

#[tokio::test]
async fn the_tracker_gets_the_token_and_the_plugin_does_not() {
    let mut tracker = Receiver::answering(answer("201 Created", r#"{"version": 7}"#)).await;
    let execution = stage().await.run(config(&tracker)).await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    assert_eq!(
        found(&execution)["tracker"],
        json!({"status": 201, "version": 7})
    );
    let received = tracker.request();
    assert_eq!(received.line, "POST /api/shots/shot_010/notes HTTP/1.1");
    assert_eq!(received.headers["authorization"], format!("Bearer {TOKEN}"));
    let body: Value = serde_json::from_str(&received.body).unwrap();
    assert_eq!(body["job"]["id"], 42);
    assert_eq!(body["status"], "passed");
    assert_eq!(received.headers["idempotency-key"], body["execution_id"]);
    assert_eq!(execution.usage.http_requests, Some(1));
    assert!(!format!("{execution:?}").contains(TOKEN));
}

#[tokio::test]
async fn a_busy_tracker_may_be_asked_again_and_a_strict_one_not() {
    let stage = stage().await;
    for (status, retryable) in [
        ("503 Service Unavailable", true),
        ("429 Too Many Requests", true),
        ("404 Not Found", false),
    ] {
        let tracker = Receiver::answering(answer(status, "no such shot")).await;
        let execution = stage.run(config(&tracker)).await;
        assert_eq!(is_retryable(&execution), retryable, "{execution:?}");
        let error = execution.error.unwrap();
        assert!(error.contains(&status[..3]), "{error}");
    }
}

#[tokio::test]
async fn a_dry_run_and_a_missing_grant_reach_nobody() {
    let mut tracker = Receiver::empty().await;
    let stage = stage().await;
    let mut dry = input();
    dry.dry_run = true;
    let execution = stage.run_on(config(&tracker), &dry).await;
    assert_eq!(execution.status, Skipped, "{execution:?}");

    let mut config = config(&tracker);
    config["grants"] = json!({});
    let execution = stage.run(config).await;
    assert_eq!(execution.status, Failed, "{execution:?}");
    assert!(execution.error.unwrap().contains("denied"));
    assert!(tracker.is_left_alone());
}
