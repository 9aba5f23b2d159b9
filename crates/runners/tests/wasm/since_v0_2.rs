//! What the contract 0.2 added: results of other hooks as records, and the time
//! that is left.

use crate::stage::{Stage, found, input};
use serde_json::{Value, json};
use stagehook_core::contract::PreviousResult;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::execution::ExecutionStatus::Passed;

fn previous(value: Value) -> PreviousResult {
    serde_json::from_value(value).unwrap()
}

#[tokio::test]
async fn results_of_other_hooks_arrive_with_every_part() {
    let stage = Stage::new().await;
    let mut input = input();
    input.previous_results = vec![
        previous(json!({
            "hook": {"id": 5, "name": "loudness", "version": 2, "source": "studio"},
            "status": "failed",
            "result": {
                "status": "fail",
                "message": "too loud",
                "annotations": [{
                    "level": "warning", "code": "loudness", "message": "-9 LUFS",
                    "path": "seg_003.mp4", "start_ms": 0, "end_ms": 900,
                }],
                "metadata": {"loudness": {"integrated": -9}, "gone": null},
                "artifacts": [{"path": "curve.png", "mime": "image/png"}],
                "metrics": {"lufs": -9.5},
            },
        })),
        previous(json!({
            "hook": {"id": 6, "name": "naming", "version": 1, "source": "scene_type"},
            "status": "passed",
            "result": null,
        })),
    ];
    input.inherited = Some(previous(json!({
        "hook": {"id": 1, "name": "color_grade", "version": 9, "source": "studio"},
        "status": "needs_review",
        "result": {"status": "needs_review"},
    })));
    let execution = stage
        .run_on(json!({"settings": {"do": "echo"}}), &input)
        .await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    let echo = &found(&execution)["echo"];
    assert_eq!(
        echo["previous_results"],
        json!([
            {
                "hook": "loudness",
                "source": "ScopeLevel::Studio",
                "status": "ExecutionStatus::Failed",
                "success": false,
                "answered": "Status::Fail",
                "message": "too loud",
                "annotations": [{
                    "level": "AnnotationLevel::Warning", "code": "loudness",
                    "message": "-9 LUFS", "path": "seg_003.mp4", "start_ms": 0, "end_ms": 900,
                }],
                "patch": {"loudness": {"integrated": -9}, "gone": null},
                "artifacts": [{"path": "curve.png", "mime": "image/png"}],
                "metrics": [{"lufs": -9.5}],
            },
            {
                "hook": "naming",
                "source": "ScopeLevel::SceneType",
                "status": "ExecutionStatus::Passed",
                "success": true,
                "answered": null,
                "message": null,
                "annotations": [],
                "patch": null,
                "artifacts": null,
                "metrics": null,
            },
        ])
    );
    assert_eq!(echo["inherited"]["source"], "ScopeLevel::Studio");
    assert_eq!(echo["inherited"]["status"], "ExecutionStatus::NeedsReview");
    assert_eq!(echo["inherited"]["answered"], "Status::NeedsReview");
}

/// Our statuses and those of the contract are two lists.
#[tokio::test]
async fn every_status_of_an_execution_has_its_word() {
    let stage = Stage::new().await;
    let mut input = input();
    input.previous_results = ExecutionStatus::ALL
        .iter()
        .map(|status| {
            previous(json!({
                "hook": {"id": 5, "name": status.as_str(), "version": 2, "source": "studio"},
                "status": status.as_str(),
                "result": null,
            }))
        })
        .collect();
    let execution = stage
        .run_on(json!({"settings": {"do": "echo"}}), &input)
        .await;
    let told = found(&execution)["echo"]["previous_results"]
        .as_array()
        .unwrap();
    assert_eq!(told.len(), ExecutionStatus::ALL.len());
    for (status, told) in ExecutionStatus::ALL.iter().zip(told) {
        let word = told["status"].as_str().unwrap();
        let word = word.trim_start_matches("ExecutionStatus::").to_lowercase();
        assert_eq!(word, status.as_str().replace('_', ""));
        assert_eq!(told["success"], status.is_success(), "{status}");
    }
}

#[tokio::test]
async fn the_time_that_is_left_falls() {
    let stage = Stage::new().await;
    let execution = stage
        .run(json!({
            "settings": {"do": "remaining", "ms": 30},
            "limits": {"timeout_seconds": 5},
        }))
        .await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    let ms = |name: &str| found(&execution)[name].as_u64().unwrap();
    let (before, after) = (ms("before_ms"), ms("after_ms"));
    assert!(before <= 5_000, "more than the limit: {before}");
    assert!(before > 0, "nothing was left");
    assert!(
        after + 30 <= before,
        "{before} and {after}, with 30 ms between"
    );
}
