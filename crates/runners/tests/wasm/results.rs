//! What a guest is told, and what it may answer.

use crate::stage::{Stage, found, input};
use serde_json::{Value, json};
use stagehook_core::contract::{AnnotationLevel, TriggerRef};
use stagehook_core::execution::ExecutionStatus::{
    Failed, InvalidResult, NeedsReview, Passed, Skipped,
};
use stagehook_core::ids::EventId;

fn object(value: Value) -> serde_json::Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn everything_that_is_told_arrives() {
    let stage = Stage::new().await;
    let mut input = input();
    input.metadata = object(json!({"fps": 25, "title": "Überblende \u{1f430}"}));
    input.scene_context = object(json!({"workflow": "short"}));
    input.dry_run = true;
    let execution = stage
        .run_on(json!({"settings": {"do": "echo"}}), &input)
        .await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    let echo = &found(&execution)["echo"];
    assert_eq!(
        *echo,
        json!({
            "execution_id": input.execution_id.to_string(),
            "hook": {"id": 7, "name": "color_grade", "version": 3, "source": "ScopeLevel::Project"},
            "job": {"id": 42, "project_id": 1, "scene_type_id": 3, "external_ref": "shot_010"},
            "trigger": "Trigger::Stage(\"post_segment\")",
            "segment_path": null,
            "attempt": 1,
            "deadline_ms": 30_000,
            "dry_run": true,
            "previous_results": [],
            "inherited": null,
            "data": null,
            "metadata": {"fps": 25, "title": "Überblende \u{1f430}"},
            "scene_context": {"workflow": "short"},
        })
    );
    let usage = execution.usage;
    assert!(usage.fuel_used.unwrap() > 1_000, "{usage:?}");
    assert!(usage.peak_memory_bytes.unwrap() >= 1 << 20, "{usage:?}");
}

#[tokio::test]
async fn an_event_arrives_with_its_data() {
    let stage = Stage::new().await;
    let mut input = input();
    let event_id = EventId::generate();
    input.job = None;
    input.trigger = TriggerRef::Event {
        event: "job_failed".to_owned(),
        event_id,
    };
    input.data = Some(json!({"reason": "disk full"}));
    let execution = stage
        .run_on(json!({"settings": {"do": "echo"}}), &input)
        .await;
    let echo = &found(&execution)["echo"];
    assert_eq!(echo["job"], Value::Null);
    assert_eq!(echo["data"], json!({"reason": "disk full"}));
    let trigger = echo["trigger"].as_str().unwrap();
    assert!(trigger.contains("job_failed") && trigger.contains(&event_id.to_string()));
}

#[tokio::test]
async fn each_status_arrives_and_so_does_every_part() {
    let stage = Stage::new().await;
    for (how, status, error) in [
        ("fail_status", Failed, Some("asked to fail")),
        ("skip", Skipped, None),
        ("needs_review", NeedsReview, Some("asked for a look")),
    ] {
        let execution = stage.act(json!({"do": how})).await;
        assert_eq!(execution.status, status, "{execution:?}");
        assert_eq!(execution.error.as_deref(), error);
    }

    let execution = stage.act(json!({"do": "everything"})).await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    let result = execution.result.unwrap();
    assert_eq!(result.message.as_deref(), Some("everything"));
    assert_eq!(
        result.metadata,
        object(json!({"color": {"space": "bt709"}}))
    );
    assert_eq!(result.annotations[0].level, AnnotationLevel::Warning);
    assert_eq!(result.annotations[0].code.as_deref(), Some("loudness"));
    assert_eq!(result.annotations[0].end_ms, Some(900));
    assert_eq!(result.artifacts[0].mime.as_deref(), Some("video/mp4"));
    assert!((result.metrics["delta_e"] - 1.7).abs() < f64::EPSILON);
}

#[tokio::test]
async fn a_failure_says_whether_a_retry_may_help() {
    let stage = Stage::new().await;
    for (how, retryable) in [("fail", false), ("retry", true)] {
        let execution = stage.act(json!({"do": how})).await;
        assert_eq!(execution.status, Failed, "{execution:?}");
        assert_eq!(execution.retryable, retryable);
        assert!(execution.error.unwrap().starts_with("asked to"));
        assert_eq!(execution.result, None);
    }
}

#[tokio::test]
async fn an_answer_that_breaks_the_contract_is_invalid_and_says_why() {
    let stage = Stage::new().await;
    for (settings, why) in [
        (json!({"do": "invalid_metadata"}), "no JSON object"),
        (json!({"do": "scalar_metadata"}), "no JSON object"),
        (
            json!({"do": "deep_metadata", "depth": 100_000}),
            "recursion limit",
        ),
        (json!({"do": "nan_metric"}), "`broken` is not a number"),
        (
            json!({"do": "big_result", "bytes": 2 << 20}),
            "at most 1048576 are taken",
        ),
    ] {
        let execution = stage.act(settings.clone()).await;
        let error = execution.error.clone().unwrap_or_default();
        assert_eq!(execution.status, InvalidResult, "{settings}: {error}");
        assert!(error.contains(why), "{settings}: {error}");
        assert_eq!(execution.result, None);
    }
}

#[tokio::test]
async fn settings_that_do_not_fit_fail_with_the_place() {
    let stage = Stage::new().await;
    let execution = stage.act(json!({"do": "dance"})).await;
    assert_eq!(execution.status, Failed);
    let error = execution.error.unwrap();
    assert!(
        error.contains("settings") && error.contains("dance"),
        "{error}"
    );
}
