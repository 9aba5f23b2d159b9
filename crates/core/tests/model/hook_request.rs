//! A hook as it comes from outside. REQ-MOD-1..5

use crate::sample::{pointers, request};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::document::HookDocument;
use stagehook_core::hook::{Hook, HookRequest};
use stagehook_core::ids::HookId;
use stagehook_core::invalid::{from_slice, from_value};
use stagehook_core::verdict::FailureMode;

fn with(more: &Value) -> Value {
    let mut request = request();
    for (key, value) in more.as_object().unwrap() {
        request[key] = value.clone();
    }
    request
}

#[test]
fn what_is_not_said_has_a_default() {
    let spec = from_value::<HookRequest>(request())
        .and_then(HookRequest::check)
        .unwrap();
    assert_eq!(spec.failure_mode, FailureMode::Warn);
    assert_eq!(
        (spec.sort_order, spec.enabled, spec.extends),
        (0, true, false)
    );
    assert_eq!(spec.description, "");
}

#[test]
fn a_hook_is_shown_in_the_form_in_which_it_is_asked_for() {
    let spec = from_value::<HookRequest>(request())
        .and_then(HookRequest::check)
        .unwrap();
    let at = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let hook = Hook {
        id: HookId::new(7),
        spec,
        created_by: "admin".to_owned(),
        created_at: at,
        updated_at: at,
        version: 3,
    };
    assert_eq!(
        serde_json::to_value(HookDocument::from(&hook)).unwrap(),
        json!({
            "id": 7,
            "name": "color_grade",
            "description": "",
            "hook_type": "shell",
            "hook_point": "post_segment",
            "event": null,
            "scope_type": "studio",
            "scope_id": null,
            "failure_mode": "warn",
            "config": {"script_path": "color_grade.sh"},
            "sort_order": 0,
            "enabled": true,
            "extends": false,
            "created_by": "admin",
            "created_at": "2023-11-14T22:13:20Z",
            "updated_at": "2023-11-14T22:13:20Z",
            "version": 3,
        })
    );
}

#[rstest]
#[case::rate(json!({"rate_limit": {"deliveries": 1}}), &["/config/rate_limit"])]
#[case::order(json!({"order_key": "job_id"}), &["/config/order_key"])]
#[case::both(
    json!({"rate_limit": {"deliveries": 1}, "order_key": "/shot"}),
    &["/config/rate_limit", "/config/order_key"]
)]
fn rate_and_order_are_for_event_hooks_alone(#[case] more: Value, #[case] expected: &[&str]) {
    let mut config = json!({"script_path": "color_grade.sh"});
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    let at_stage = with(&json!({"config": config}));
    assert_eq!(pointers(at_stage.clone()), expected);
    let mut on_event = at_stage;
    on_event["hook_point"] = Value::Null;
    on_event["event"] = json!("job_*");
    let checked = from_value::<HookRequest>(on_event).and_then(HookRequest::check);
    checked.unwrap();
}

#[rstest]
#[case::empty_name(json!({"name": ""}), "/name")]
#[case::padded_name(json!({"name": " grade"}), "/name")]
#[case::long_name(json!({"name": "x".repeat(129)}), "/name")]
#[case::control_in_name(json!({"name": "a\u{1b}[31m"}), "/name")]
#[case::long_description(json!({"description": "x".repeat(4097)}), "/description")]
#[case::nul_in_description(json!({"description": "a\0"}), "/description")]
#[case::hook_type(json!({"hook_type": "perl"}), "/hook_type")]
#[case::hook_point(json!({"hook_point": "mid_segment"}), "/hook_point")]
#[case::no_trigger(json!({"hook_point": null}), "/hook_point")]
#[case::both_triggers(json!({"event": "job_failed"}), "/event")]
#[case::event_pattern(json!({"hook_point": null, "event": "job failed"}), "/event")]
#[case::blocking_event(
    json!({"hook_point": null, "event": "job_failed", "failure_mode": "block"}),
    "/failure_mode"
)]
#[case::scope_type(json!({"scope_type": "sequence"}), "/scope_type")]
#[case::studio_with_id(json!({"scope_id": 1}), "/scope_id")]
#[case::project_without_id(json!({"scope_type": "project"}), "/scope_id")]
#[case::scene_type_without_id(json!({"scope_type": "scene_type"}), "/scope_id")]
#[case::failure_mode(json!({"failure_mode": "panic"}), "/failure_mode")]
#[case::config(json!({"config": {"script_path": "../x"}}), "/config/script_path")]
#[case::unknown_key(json!({"failuremode": "warn"}), "/failuremode")]
#[case::ill_typed_key(json!({"enabled": "yes"}), "/enabled")]
#[case::fraction(json!({"sort_order": 1.5}), "/sort_order")]
#[case::too_large(json!({"sort_order": 9_223_372_036_854_775_808_u64}), "/sort_order")]
fn each_fault_has_its_pointer(#[case] more: Value, #[case] expected: &str) {
    assert_eq!(pointers(with(&more)), [expected]);
}

#[rstest]
#[case("name")]
#[case("hook_type")]
#[case("scope_type")]
#[case("config")]
fn a_missing_key_is_named(#[case] key: &str) {
    let mut request = request();
    request.as_object_mut().unwrap().remove(key);
    let invalid = from_value::<HookRequest>(request).unwrap_err();
    assert_eq!(invalid.to_string(), format!("missing field `{key}`"));
}

#[test]
fn all_faults_are_reported_at_once() {
    let request = json!({
        "name": "",
        "description": "\0",
        "hook_type": "shell",
        "hook_point": "mid_segment",
        "scope_type": "project",
        "failure_mode": "panic",
        "config": {"script_path": "a.sh", "timeout_seconds": 0, "env": {"PATH": "/"}},
    });
    let mut found = pointers(request);
    found.sort();
    assert_eq!(
        found,
        [
            "/config/env/PATH",
            "/config/timeout_seconds",
            "/description",
            "/failure_mode",
            "/hook_point",
            "/name",
            "/scope_id",
        ]
    );
}

#[test]
fn an_error_repeats_only_the_beginning_of_what_was_sent() {
    let request = with(&json!({"hook_point": "x".repeat(10_000)}));
    let invalid = from_value::<HookRequest>(request)
        .and_then(HookRequest::check)
        .unwrap_err();
    assert!(invalid.0[0].detail.len() < 300);
}

#[test]
fn names_are_counted_in_characters() {
    assert_eq!(pointers(with(&json!({"name": "é".repeat(128)}))), [""; 0]);
}

#[test]
fn a_request_is_an_object() {
    for body in ["[]", "null", "3", r#"["color_grade","","shell"]"#] {
        let invalid = from_slice::<HookRequest>(body.as_bytes()).unwrap_err();
        assert_eq!(invalid.to_string(), "must be an object", "{body}");
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        let _ = from_slice::<HookRequest>(text.as_bytes());
        let request = json!({
            "name": text, "description": text, "hook_type": text, "hook_point": text,
            "scope_type": text, "failure_mode": text, "config": {text.as_str(): text},
        });
        prop_assert!(!pointers(request).is_empty());
    }
}
