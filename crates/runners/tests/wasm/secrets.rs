//! Secrets: by grant alone, and never in what is kept.

use crate::stage::{Stage, found};
use serde_json::json;
use stagehook_core::execution::ExecutionStatus::{Failed, Passed, Refused};
use stagehook_runners::Secrets;
use stagehook_runners::wasm::WasmSettings;

async fn stage() -> Stage {
    let secrets = Secrets::from_env([(
        "STAGEHOOK_SECRET_TRACKER_TOKEN".to_owned(),
        "hunter2hunter2".to_owned(),
    )]);
    Stage::with("secret_guest", WasmSettings::default(), secrets).await
}

#[tokio::test]
async fn a_granted_secret_is_read_and_redacted() {
    let execution = stage()
        .await
        .run(json!({
            "settings": {"name": "tracker_token"},
            "grants": {"secrets": ["tracker_token"]},
        }))
        .await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    assert_eq!(found(&execution)["length"], 14);
    assert_eq!(execution.stderr, "[info] the secret is [redacted]\n");
}

#[tokio::test]
async fn without_the_grant_the_plugin_does_not_run() {
    let execution = stage()
        .await
        .run(json!({"settings": {"name": "tracker_token"}}))
        .await;
    assert_eq!(execution.status, Refused);
    assert!(execution.error.unwrap().contains("grants.secrets"));
}

#[tokio::test]
async fn a_secret_that_is_not_granted_is_not_there() {
    let stage = stage().await;
    for (name, granted, told) in [
        ("tracker_token", "another", "not-granted"),
        ("another", "another", "not-found"),
    ] {
        let execution = stage
            .run(json!({"settings": {"name": name}, "grants": {"secrets": [granted]}}))
            .await;
        assert_eq!(execution.status, Failed, "{execution:?}");
        let error = execution.error.unwrap();
        assert!(error.contains(told), "{error}");
    }
}
