//! Types of events. REQ-EVT-1

use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::event::name;
use stagehook_core::event_pattern::is_event_name;
use stagehook_core::event_type::{EventKind, EventType, EventTypeRequest, built_in, is_built_in};
use stagehook_core::invalid::{Invalid, from_value};
use stagehook_core::schema::JsonSchema;

/// What a request comes to, or the errors as (pointer, detail).
pub(crate) fn told<T>(result: Result<T, Invalid>) -> Result<T, Vec<(String, String)>> {
    result.map_err(|Invalid(errors)| errors.into_iter().map(|e| (e.pointer, e.detail)).collect())
}

fn check(request: Value) -> Result<EventType, Vec<(String, String)>> {
    told(from_value::<EventTypeRequest>(request).and_then(EventTypeRequest::check))
}

#[test]
fn a_type_is_a_name_a_kind_and_what_its_data_may_be() {
    let schema = json!({"type": "object", "required": ["language"]});
    let full = json!({
        "name": "translation.complete:v2", "kind": "business",
        "description": "A file was\ntranslated.", "schema": schema,
    });
    assert_eq!(
        check(full),
        Ok(EventType {
            name: "translation.complete:v2".to_owned(),
            kind: EventKind::Business,
            description: "A file was\ntranslated.".to_owned(),
            schema: Some(schema),
            built_in: false,
        })
    );
    let least = check(json!({"name": "a", "kind": "progress", "schema": null})).unwrap();
    assert_eq!(
        (least.kind, least.description, least.schema),
        (EventKind::Progress, String::new(), None)
    );
}

#[rstest]
#[case::no_name(json!({"kind": "business"}), "", "missing field `name`")]
#[case::no_kind(json!({"name": "a"}), "", "missing field `kind`")]
#[case::unknown_kind(json!({"name": "a", "kind": "state"}), "/kind", "unknown variant `state`")]
#[case::unknown_key(json!({"name": "a", "kind": "business", "version": 1}), "/version", "unknown field `version`")]
#[case::built_in_key(json!({"name": "a", "kind": "business", "built_in": true}), "/built_in", "unknown field")]
#[case::empty(json!({"name": "", "kind": "business"}), "/name", "must be 1 to 128 letters")]
#[case::too_long(json!({"name": "a".repeat(129), "kind": "business"}), "/name", "must be 1 to 128 letters")]
#[case::a_pattern(json!({"name": "job_*", "kind": "business"}), "/name", "must be 1 to 128 letters")]
#[case::built_in(json!({"name": "job_failed", "kind": "business"}), "/name", "'job_failed' is built in")]
#[case::built_in_progress(json!({"name": "hook_output", "kind": "progress"}), "/name", "'hook_output' is built in")]
#[case::long(json!({"name": "a", "kind": "business", "description": "x".repeat(4_097)}), "/description", "must be at most 4096")]
#[case::nul(json!({"name": "a", "kind": "business", "description": "\0"}), "/description", "must not contain NUL")]
#[case::no_schema(json!({"name": "a", "kind": "business", "schema": true}), "/schema", "must be a JSON object")]
#[case::in_the_schema(
    json!({"name": "a", "kind": "business", "schema": {"properties": {"n": {"type": "int"}}}}),
    "/schema/properties/n/type", ""
)]
#[case::from_elsewhere(
    json!({"name": "a", "kind": "business", "schema": {"$ref": "https://example.com/schema"}}),
    "/schema/$ref", "must stay within the schema"
)]
fn what_is_wrong_is_told_where_it_stands(
    #[case] request: Value,
    #[case] pointer: &str,
    #[case] why: &str,
) {
    let errors = check(request).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].0, pointer);
    assert!(errors[0].1.starts_with(why), "{}", errors[0].1);
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let errors = check(json!({
        "name": "a b", "kind": "business", "description": "\0", "schema": {"type": "int"}
    }));
    let pointers: Vec<_> = errors.unwrap_err().into_iter().map(|(at, _)| at).collect();
    assert_eq!(pointers, ["/name", "/description", "/schema/type"]);
}

#[test]
fn every_event_of_stagehook_is_built_in() {
    for name in [
        name::JOB_CREATED,
        name::JOB_COMPLETED,
        name::JOB_FAILED,
        name::JOB_REVIEW_REQUESTED,
        name::JOB_REVIEW_RESOLVED,
        name::HOOK_BLOCKED,
        name::HOOK_CHANGED,
        name::PLUGIN_PUBLISHED,
        name::ENVIRONMENT_PROGRESS,
        name::HOOK_OUTPUT,
    ] {
        assert!(is_built_in(name), "{name}");
    }
    assert!(!is_built_in("translation_complete"));
}

#[test]
fn what_is_built_in_is_named_and_described_once() {
    let mut names: Vec<_> = built_in().iter().map(|t| t.name.as_str()).collect();
    assert!(names.iter().all(|name| is_event_name(name)));
    assert!(
        built_in()
            .iter()
            .all(|t| t.built_in && t.description.ends_with('.'))
    );
    let progress = built_in().iter().filter(|t| t.kind == EventKind::Progress);
    let progress: Vec<_> = progress.map(|t| t.name.as_str()).collect();
    assert_eq!(
        progress,
        ["job_progress", "hook_output", "environment_progress"]
    );
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert_eq!(count, 19);
}

#[test]
fn data_is_held_against_the_schema_of_its_type() {
    let schema = json!({
        "type": "object",
        "properties": {"language": {"type": "string"}},
        "required": ["language"],
        "additionalProperties": false,
    });
    let request = json!({"name": "a", "kind": "business", "schema": schema});
    let schema = check(request).unwrap().schema.unwrap();
    let schema = JsonSchema::compile(&schema).unwrap();
    let check = |data: Value| told(schema.check(&data, "/data"));
    assert_eq!(check(json!({"language": "de"})), Ok(()));
    let at = |pointer: &str, detail: &str| Err(vec![(pointer.to_owned(), detail.to_owned())]);
    assert_eq!(check(json!({})), at("/data/language", "is required"));
    assert_eq!(
        check(json!({"language": "de", "a/b": 1})),
        at("/data/a~1b", "is not known to the schema")
    );
    let errors = check(json!({"language": 3})).unwrap_err();
    assert_eq!(errors[0].0, "/data/language");
}

#[test]
fn kinds_have_one_name_in_text_and_json() {
    for kind in [EventKind::Business, EventKind::Progress] {
        assert_eq!(kind.as_str().parse::<EventKind>().unwrap(), kind);
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.to_string());
    }
    let error = "Business".parse::<EventKind>().unwrap_err().to_string();
    assert_eq!(error, "must be one of business, progress");
}
