//! A plugin that was compiled against the first version of the contract, before
//! there was a second one, goes on running. Its source is in
//! `tests/frozen/hook-0.1.0`; it answers everything that it is told.

use crate::stage::{Stage, found, input};
use bytes::Bytes;
use serde_json::{Value, json};
use stagehook_core::capability::Capability;
use stagehook_core::contract::{AnnotationLevel, PreviousResult, TriggerRef};
use stagehook_core::execution::Execution;
use stagehook_core::execution::ExecutionStatus::{self, Failed, NeedsReview, Passed, Skipped};
use stagehook_core::ids::EventId;
use stagehook_runners::Secrets;
use stagehook_runners::wasm::{SettingsError, WasmRunner, WasmSettings};

pub(crate) fn component() -> Bytes {
    Bytes::from_static(include_bytes!("../../../../tests/frozen/hook-0.1.0.wasm"))
}

async fn stage() -> Stage {
    let secrets = Secrets::from_env([(
        "STAGEHOOK_SECRET_TRACKER_TOKEN".to_owned(),
        "hunter2hunter2".to_owned(),
    )]);
    let runner = WasmRunner::new(WasmSettings::default(), secrets).unwrap();
    let plugin = runner.prepare(component()).await.unwrap();
    Stage { runner, plugin }
}

/// It reads secrets, so it runs only where some are granted.
async fn act(stage: &Stage, settings: Value) -> Execution {
    let grants = json!({"secrets": ["tracker_token", "unknown"]});
    stage
        .run(json!({"settings": settings, "grants": grants}))
        .await
}

#[tokio::test]
async fn everything_is_told_in_the_terms_of_its_version() {
    let stage = stage().await;
    let mut input = input();
    input.metadata.insert("fps".to_owned(), json!(25));
    input
        .scene_context
        .insert("workflow".to_owned(), json!("short"));
    let before: PreviousResult = serde_json::from_value(json!({
        "hook": {"id": 5, "name": "loudness", "version": 2, "source": "studio"},
        "status": "failed",
        "result": {
            "status": "fail",
            "message": "too loud",
            "annotations": [{"level": "error", "message": "-9 LUFS", "start_ms": 5}],
            "metadata": {"loudness": {"integrated": -9}},
            "metrics": {"lufs": -9.5},
        },
    }))
    .unwrap();
    input.previous_results = vec![before.clone()];
    input.inherited = Some(PreviousResult {
        status: ExecutionStatus::TimedOut,
        result: None,
        ..before
    });
    let config = json!({
        "settings": {"answer": "pass", "secret": "tracker_token"},
        "grants": {"secrets": ["tracker_token"]},
    });
    let execution = stage.run_on(config, &input).await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    assert_eq!(
        found(&execution)["frozen"],
        json!({
            "context": {
                "execution_id": input.execution_id.to_string(),
                "hook": {"id": 7, "name": "color_grade", "version": 3, "source": "project"},
                "job": {"id": 42, "project_id": 1, "scene_type_id": 3, "external_ref": "shot_010"},
                "trigger": {"stage": "post_segment"},
                "segment_path": null,
                "attempt": 1,
                "deadline_ms": 30_000,
                "dry_run": false,
                "previous_results": [{
                    "hook": {"id": 5, "name": "loudness", "version": 2, "source": "studio"},
                    "status": "failed",
                    "result": {
                        "status": "fail",
                        "message": "too loud",
                        "annotations": [{"level": "error", "message": "-9 LUFS", "start_ms": 5}],
                        "metadata": {"loudness": {"integrated": -9}},
                        "metrics": {"lufs": -9.5},
                    },
                }],
                "inherited": {
                    "hook": {"id": 5, "name": "loudness", "version": 2, "source": "studio"},
                    "status": "timed_out",
                    "result": null,
                },
                "data": null,
            },
            "metadata": {"fps": 25},
            "scene_context": {"workflow": "short"},
            "settings": {"answer": "pass", "secret": "tracker_token"},
            "secret": {"length": 14},
        })
    );
    assert_eq!(
        execution.stderr,
        "[debug] a line at debug\n[info] a line at info\n[warn] a line at warn\n\
         [error] a line at error\n"
    );
}

#[tokio::test]
async fn an_event_is_told_too() {
    let stage = stage().await;
    let mut input = input();
    let event_id = EventId::generate();
    input.job = None;
    input.trigger = TriggerRef::Event {
        event: "job_failed".to_owned(),
        event_id,
    };
    input.data = Some(json!({"reason": "disk full"}));
    let config = json!({"grants": {"secrets": ["tracker_token"]}});
    let execution = stage.run_on(config, &input).await;
    let context = &found(&execution)["frozen"]["context"];
    assert_eq!(
        context["trigger"],
        json!({"event": "job_failed", "event_id": event_id.to_string()})
    );
    assert_eq!(context["data"], json!({"reason": "disk full"}));
    assert_eq!(context["job"], Value::Null);
}

#[tokio::test]
async fn every_answer_is_understood() {
    let stage = stage().await;
    for (answer, status, retryable, error) in [
        ("pass", Passed, false, None),
        ("skip", Skipped, false, None),
        ("fail", Failed, false, Some("answers fail")),
        (
            "needs_review",
            NeedsReview,
            false,
            Some("answers needs_review"),
        ),
        ("failure", Failed, false, Some("asked for a failure")),
        ("retry", Failed, true, Some("asked for a retry")),
    ] {
        let execution = act(&stage, json!({"answer": answer})).await;
        assert_eq!(execution.status, status, "{answer}: {execution:?}");
        assert_eq!(execution.error.as_deref(), error, "{answer}");
        assert_eq!(execution.retryable, retryable, "{answer}");
    }

    let execution = act(&stage, json!({"secret": "unknown"})).await;
    assert_eq!(found(&execution)["frozen"]["secret"], json!("not found"));
    let result = execution.result.unwrap();
    assert_eq!(result.message.as_deref(), Some("answers pass"));
    let levels: Vec<_> = result.annotations.iter().map(|found| found.level).collect();
    assert_eq!(
        levels,
        [
            AnnotationLevel::Info,
            AnnotationLevel::Warning,
            AnnotationLevel::Error
        ]
    );
    let last = &result.annotations[2];
    assert_eq!(last.message, "remark 3");
    assert_eq!(last.code.as_deref(), Some("loudness"));
    assert_eq!(last.path.as_deref(), Some("seg_003.mp4"));
    assert_eq!((last.start_ms, last.end_ms), (Some(100), Some(900)));
    assert_eq!(result.artifacts.len(), 2);
    assert_eq!(result.artifacts[0].mime.as_deref(), Some("video/mp4"));
    assert_eq!(result.artifacts[1].mime, None);
    assert!((result.metrics["delta_e"] - 1.75).abs() < f64::EPSILON);
}

#[tokio::test]
async fn it_describes_itself_and_checks_settings() {
    let stage = stage().await;
    let inspection = stage.runner.inspect(component()).await.unwrap();
    let manifest = inspection.manifest;
    assert_eq!(manifest.name.as_str(), "frozen-0-1-0");
    assert_eq!(manifest.version.to_string(), "1.0.0");
    assert_eq!(manifest.hook_points.len(), 2);
    assert_eq!(
        manifest.capabilities,
        [
            Capability::SegmentRead,
            Capability::SegmentWrite,
            Capability::Directories,
            Capability::Http,
            Capability::Environment,
            Capability::Secrets,
        ]
    );
    assert_eq!(manifest.settings_schema["type"], "object");

    let settings = json!({"answer": "dance"});
    let settings = settings.as_object().unwrap();
    let checked = stage.runner.check_settings(&stage.plugin, settings).await;
    let Err(SettingsError::Invalid(invalid)) = checked else {
        panic!("it should find something: {checked:?}");
    };
    assert_eq!(invalid.to_string(), "/answer: `dance` is no answer");
    let nothing = serde_json::Map::new();
    let checked = stage.runner.check_settings(&stage.plugin, &nothing).await;
    assert!(checked.is_ok(), "{checked:?}");
}
