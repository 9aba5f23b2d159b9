//! Secrets: by grant alone, and never in what is kept.

use crate::stage::{Stage, component, found};
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::config::SecretName;
use stagehook_core::execution::Execution;
use stagehook_core::execution::ExecutionStatus::{self, Failed, Passed, Refused, TimedOut};
use stagehook_runners::wasm::{WasmRunner, WasmSettings};
use stagehook_runners::{Current, Secrets};

/// Of letters that nothing else here has.
const SECRET: &str = "QXZWKVJYUH";

fn secrets() -> Secrets {
    Secrets::from_env([(
        "STAGEHOOK_SECRET_TRACKER_TOKEN".to_owned(),
        SECRET.to_owned(),
    )])
}

async fn stage() -> Stage {
    Stage::with("secret_guest", WasmSettings::default(), secrets()).await
}

/// Has the guest say the secret, with all that it needs for that.
async fn say(stage: &Stage, mut settings: Value) -> Execution {
    settings["name"] = json!("tracker_token");
    stage
        .run(json!({
            "settings": settings,
            "grants": {"secrets": ["tracker_token"]},
            "limits": {"timeout_seconds": 1, "output_kib": 16},
        }))
        .await
}

#[tokio::test]
async fn a_granted_secret_is_read_and_redacted() {
    let execution = say(&stage().await, json!({"say": "log"})).await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    assert_eq!(found(&execution)["length"], SECRET.len());
    assert_eq!(execution.stderr, "[info] [redacted]\n");
}

#[tokio::test]
async fn a_stored_secret_is_what_it_is_when_the_run_begins_and_redacted_too() {
    let secrets = Secrets::default();
    let stage = Stage::with("secret_guest", WasmSettings::default(), secrets.clone()).await;
    for value in [SECRET, "another one: QXZ"] {
        let name = SecretName::try_from("tracker_token".to_owned()).unwrap();
        let current = Current {
            value: value.to_owned().try_into().unwrap(),
            previous: None,
        };
        secrets.replace_stored([(name, Ok(current))].into());
        let execution = say(&stage, json!({"say": "log"})).await;
        assert_eq!(execution.status, Passed, "{execution:?}");
        assert_eq!(found(&execution)["length"], value.len());
        assert_eq!(execution.stderr, "[info] [redacted]\n");
    }
}

#[tokio::test]
async fn nothing_that_a_plugin_answers_holds_a_secret() {
    let execution = say(&stage().await, json!({"say": "outcome", "before": 1})).await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    let result = execution.result.unwrap();
    let said = ".[redacted]";
    assert_eq!(result.message.as_deref(), Some(said));
    assert_eq!(result.annotations[0].message, said);
    assert_eq!(result.annotations[0].code.as_deref(), Some(said));
    assert_eq!(result.annotations[0].path.as_deref(), Some(said));
    assert_eq!(result.artifacts[0].path, said);
    assert_eq!(result.artifacts[0].mime.as_deref(), Some(said));
    assert_eq!(result.metadata["said"], said);
    assert_eq!(result.metadata["list"], json!([said]));
}

/// The secret begins everywhere around the place where each text is cut.
#[rstest]
#[case::log("log", 8 << 10, Passed)]
#[case::why_it_failed("failure", 4 << 10, Failed)]
#[case::what_it_found("fail", 4 << 10, Failed)]
#[case::head_of_its_output("print", 8 << 10, Passed)]
#[tokio::test]
async fn where_a_text_is_cut_no_part_of_a_secret_is_left(
    #[case] how: &str,
    #[case] cut_at: usize,
    #[case] status: ExecutionStatus,
) {
    let stage = stage().await;
    for before in cut_at - SECRET.len() - 1..=cut_at + 1 {
        let settings = json!({"say": how, "before": before, "after": 20_000});
        is_without_secret(&say(&stage, settings).await, status);
    }
}

#[tokio::test]
async fn before_the_end_of_a_long_output_no_part_of_a_secret_is_left() {
    const TAIL: usize = 8 << 10;
    let stage = stage().await;
    for after in TAIL - SECRET.len() - 1..=TAIL + 1 {
        let settings = json!({"say": "print", "before": 20_000, "after": after});
        is_without_secret(&say(&stage, settings).await, Passed);
    }
}

#[tokio::test]
async fn the_last_progress_holds_no_part_of_a_secret() {
    let stage = stage().await;
    for before in [190, 195, 199] {
        let settings = json!({"say": "progress", "before": before, "after": 20});
        let execution = say(&stage, settings).await;
        is_without_secret(&execution, TimedOut);
        let error = execution.error.unwrap();
        assert!(error.contains("the last it said was: ..."), "{error}");
    }
}

#[track_caller]
fn is_without_secret(execution: &Execution, status: ExecutionStatus) {
    assert_eq!(execution.status, status, "{execution:?}");
    let error = execution.error.as_deref().unwrap_or_default();
    let message = execution
        .result
        .as_ref()
        .and_then(|result| result.message.as_deref());
    for text in [
        &*execution.stdout,
        &*execution.stderr,
        error,
        message.unwrap_or_default(),
    ] {
        let said = text.replace("....", "");
        assert!(!said.contains(|letter| SECRET.contains(letter)), "{said}");
    }
}

/// Each version of the contract has its own interface for secrets; a plugin of
/// the newest may import any of them.
#[tokio::test]
async fn the_secrets_of_an_older_contract_need_the_grant_too() {
    let newer = "stagehook:hook/secrets@0.2.0";
    let older = newer.replace("0.2.0", "0.1.0");
    let mut bytes = component("secret_guest").to_vec();
    let mut replaced = 0;
    while let Some(at) = bytes
        .windows(newer.len())
        .position(|window| window == newer.as_bytes())
    {
        bytes[at..at + newer.len()].copy_from_slice(older.as_bytes());
        replaced += 1;
    }
    assert!(replaced > 0);
    let runner = WasmRunner::new(WasmSettings::default(), secrets()).unwrap();
    let plugin = runner.prepare(bytes.into()).await.unwrap();
    assert_eq!(plugin.contract(), "0.2.0");
    assert!(plugin.imports_secrets());
    let stage = Stage { runner, plugin };
    let settings = json!({"settings": {"name": "tracker_token"}});
    assert_eq!(stage.run(settings).await.status, Refused);
    let execution = say(&stage, json!({})).await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    assert_eq!(found(&execution)["length"], SECRET.len());
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
