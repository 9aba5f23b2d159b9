//! What a hook answers. REQ-RUN-3

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Map, Value, json};
use stagehook_core::contract::{
    Annotation, AnnotationLevel, Artifact, HookResult, InvalidResult, RESULT_MAX_BYTES,
    ResultStatus, StageInput,
};
use stagehook_core::invalid::from_value;

fn malformed(json: &str) -> String {
    match HookResult::parse(json.as_bytes()) {
        Err(InvalidResult::Malformed(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_whole_result_is_read() {
    let json = json!({
        "status": "needs_review",
        "message": "graded to Rec.709",
        "annotations": [{
            "level": "warning", "code": "loudness", "message": "-9 LUFS",
            "path": "seg_003.mp4", "start_ms": 0, "end_ms": 900,
        }],
        "metadata": {"color": {"space": "bt709"}},
        "artifacts": [{"path": "seg_003.graded.mp4", "mime": "video/mp4"}],
        "metrics": {"delta_e": 1.5},
    });
    let result = HookResult::parse(json.to_string().as_bytes()).unwrap();
    assert_eq!(result.status, ResultStatus::NeedsReview);
    assert_eq!(
        result.annotations,
        [Annotation {
            level: AnnotationLevel::Warning,
            code: Some("loudness".to_owned()),
            message: "-9 LUFS".to_owned(),
            path: Some("seg_003.mp4".to_owned()),
            start_ms: Some(0),
            end_ms: Some(900),
        }]
    );
    assert_eq!(
        result.artifacts,
        [Artifact {
            path: "seg_003.graded.mp4".to_owned(),
            mime: Some("video/mp4".to_owned()),
        }]
    );
    assert_eq!(serde_json::to_value(&result).unwrap(), json);
}

#[test]
fn an_empty_object_is_a_pass() {
    let result = HookResult::parse(b"{}").unwrap();
    assert_eq!(result, HookResult::default());
    assert_eq!(result.status, ResultStatus::Pass);
}

#[rstest]
#[case::unknown_key(r#"{"state":"pass"}"#, "/state: unknown field `state`")]
#[case::unknown_status(r#"{"status":"ok"}"#, "/status: unknown variant `ok`")]
#[case::nested_key(
    r#"{"annotations":[{"level":"info","message":"","line":3}]}"#,
    "/annotations/0/line: "
)]
#[case::nested_type(r#"{"artifacts":[{"path":"a"},{"path":3}]}"#, "/artifacts/1/path: ")]
#[case::metadata(r#"{"metadata":[]}"#, "/metadata: must be an object")]
#[case::metadata_null(r#"{"metadata":null}"#, "/metadata: must be an object")]
#[case::metric(r#"{"metrics":{"a":"1"}}"#, "/metrics/a: invalid type")]
#[case::metric_null(r#"{"metrics":{"a":null}}"#, "/metrics/a: invalid type")]
#[case::nan(r#"{"metrics":{"a":NaN}}"#, "/metrics/a: expected value")]
#[case::infinity(r#"{"metrics":{"a":Infinity}}"#, "/metrics/a: expected value")]
#[case::huge_float(r#"{"metrics":{"a":1e999}}"#, "/metrics/a: number out of range")]
#[case::huge_in_metadata(r#"{"metadata":{"a":1e999}}"#, "/metadata/a: number out of range")]
#[case::negative_time(
    r#"{"annotations":[{"level":"info","message":"","start_ms":-1}]}"#,
    "/annotations/0/start_ms: "
)]
#[case::huge_time(
    r#"{"annotations":[{"level":"info","message":"","start_ms":18446744073709551616}]}"#,
    "/annotations/0/start_ms: "
)]
#[case::array("[]", "must be an object")]
#[case::array_in_key_order(r#"["pass","all is well"]"#, "must be an object")]
#[case::nested_array(
    r#"{"annotations":[["info",null,"by position"]]}"#,
    "/annotations/0: must be an object"
)]
#[case::text("\"pass\"", "must be an object")]
#[case::null("null", "must be an object")]
#[case::empty("", "EOF")]
#[case::cut_off(r#"{"status":"pa"#, "/status: EOF")]
#[case::two_values("{}{}", "trailing characters")]
#[case::log_text("all done\n{}", "expected value")]
#[case::lone_surrogate(r#"{"message":"\ud800"}"#, "/message: ")]
fn a_result_that_breaks_the_contract_is_refused(#[case] json: &str, #[case] why: &str) {
    let said = malformed(json);
    assert!(said.starts_with(why), "{said}");
}

#[test]
fn invalid_utf8_is_refused() {
    let result = HookResult::parse(b"{\"message\":\"\xff\"}");
    assert!(
        matches!(result, Err(InvalidResult::Malformed(_))),
        "{result:?}"
    );
}

#[test]
fn a_result_has_at_most_one_mebibyte() {
    let frame = r#"{"message":""}"#.len();
    let of = |size: usize| format!(r#"{{"message":"{}"}}"#, "x".repeat(size - frame));
    assert!(HookResult::parse(of(RESULT_MAX_BYTES).as_bytes()).is_ok());
    assert_eq!(
        HookResult::parse(of(RESULT_MAX_BYTES + 1).as_bytes()),
        Err(InvalidResult::TooLarge {
            actual: RESULT_MAX_BYTES as u64 + 1
        })
    );
}

#[rstest]
#[case::arrays("[", "]")]
#[case::objects("{\"a\":", "}")]
fn deep_nesting_is_refused_and_overflows_no_stack(#[case] open: &str, #[case] close: &str) {
    for depth in [10_000, 100_000] {
        let value = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert!(
            malformed(&format!(r#"{{"metadata":{{"deep":{value}}}}}"#)).contains("recursion limit")
        );
        // The same with a stack that never unwinds by a closing bracket.
        assert!(malformed(&open.repeat(depth)).len() < 4096);
    }
}

#[test]
fn whole_numbers_larger_than_a_machine_word_are_kept_as_floats() {
    let result = HookResult::parse(br#"{"metrics":{"a":123456789012345678901234567890}}"#).unwrap();
    assert!((result.metrics["a"] / 1.234_567_890_123_456_8e29 - 1.0).abs() < 1e-12);
}

#[rstest]
#[case(json!({"status": "pass"}), true)]
#[case(json!({"metadata": {}}), true)]
#[case(json!({"annotations": []}), true)]
#[case(json!({"artifacts": []}), true)]
#[case(json!({"metrics": {}, "other": 1}), true)]
#[case(json!({"message": "created"}), false)]
#[case(json!({"ok": true}), false)]
#[case(json!({}), false)]
#[case(json!([{"status": "pass"}]), false)]
#[case(json!("status"), false)]
fn a_webhooks_answer_is_a_result_only_if_it_is_meant_as_one(
    #[case] body: Value,
    #[case] meant: bool,
) {
    assert_eq!(HookResult::is_meant_by(&body), meant);
}

#[rstest]
#[case(json!({"metadata": []}), "/metadata")]
#[case(json!({"metadata": null}), "/metadata")]
#[case(json!({"metadata": "{}"}), "/metadata")]
#[case(json!({"scene_context": 3}), "/scene_context")]
#[case(json!({"segment_path": 3}), "/segment_path")]
#[case(json!({"meta": {}}), "/meta")]
fn what_the_pipeline_hands_in_is_checked_likewise(#[case] input: Value, #[case] expected: &str) {
    let invalid = from_value::<StageInput>(input).unwrap_err();
    assert_eq!(invalid.0[0].pointer, expected);
}

fn text() -> impl Strategy<Value = String> {
    any::<String>()
}

fn result() -> impl Strategy<Value = HookResult> {
    let status = prop_oneof![
        Just(ResultStatus::Pass),
        Just(ResultStatus::Fail),
        Just(ResultStatus::Skip),
        Just(ResultStatus::NeedsReview),
    ];
    let level = prop_oneof![
        Just(AnnotationLevel::Info),
        Just(AnnotationLevel::Warning),
        Just(AnnotationLevel::Error),
    ];
    let option = || prop::option::of(text());
    let annotation = (
        level,
        option(),
        text(),
        option(),
        any::<Option<u64>>(),
        any::<Option<u64>>(),
    )
        .prop_map(
            |(level, code, message, path, start_ms, end_ms)| Annotation {
                level,
                code,
                message,
                path,
                start_ms,
                end_ms,
            },
        );
    let artifact = (text(), option()).prop_map(|(path, mime)| Artifact { path, mime });
    let metadata = prop::collection::btree_map(text(), any::<Option<i64>>(), 0..3);
    let metrics = prop::collection::btree_map(text(), any::<i32>().prop_map(f64::from), 0..3);
    (
        status,
        option(),
        prop::collection::vec(annotation, 0..3),
        metadata,
        prop::collection::vec(artifact, 0..3),
        metrics,
    )
        .prop_map(
            |(status, message, annotations, metadata, artifacts, metrics)| HookResult {
                status,
                message,
                annotations,
                metadata: metadata
                    .into_iter()
                    .map(|(key, value)| (key, value.map_or(Value::Null, Value::from)))
                    .collect::<Map<_, _>>(),
                artifacts,
                metrics,
            },
        )
}

proptest! {
    #[test]
    fn a_result_written_is_read_back(result in result()) {
        let json = serde_json::to_vec(&result).unwrap();
        prop_assert_eq!(HookResult::parse(&json).unwrap(), result);
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = HookResult::parse(&bytes);
    }

    #[test]
    fn any_damage_to_a_result_is_answered(result in result(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut json = serde_json::to_vec(&result).unwrap();
        let at = at.index(json.len());
        json[at] = byte;
        let _ = HookResult::parse(&json);
    }
}
