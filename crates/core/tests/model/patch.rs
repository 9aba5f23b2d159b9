//! Merge patches against RFC 7396. REQ-RUN-3

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Map, Value, json};
use stagehook_core::patch::apply;

fn patched(target: &Value, patch: &Value) -> Value {
    let (Value::Object(target), Value::Object(patch)) = (target, patch) else {
        panic!("metadata and patches are objects");
    };
    let mut metadata = target.clone();
    apply(&mut metadata, patch);
    Value::Object(metadata)
}

/// The test cases of RFC 7396, appendix A. Metadata is always an object, so
/// the cases about other documents are told about the value of one key.
#[rstest]
#[case(json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"}))]
#[case(json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"}))]
#[case(json!({"a": "b"}), json!({"a": null}), json!({}))]
#[case(json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"}))]
#[case(json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"}))]
#[case(json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]}))]
#[case(json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}}))]
#[case(json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]}))]
#[case(json!({"k": ["a", "b"]}), json!({"k": ["c", "d"]}), json!({"k": ["c", "d"]}))]
#[case(json!({"k": {"a": "b"}}), json!({"k": ["c"]}), json!({"k": ["c"]}))]
#[case(json!({"k": {"a": "foo"}}), json!({"k": null}), json!({}))]
#[case(json!({"k": {"a": "foo"}}), json!({"k": "bar"}), json!({"k": "bar"}))]
#[case(json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1}))]
#[case(json!({"k": [1, 2]}), json!({"k": {"a": "b", "c": null}}), json!({"k": {"a": "b"}}))]
#[case(json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}}))]
fn follows_the_appendix(#[case] target: Value, #[case] patch: Value, #[case] expected: Value) {
    assert_eq!(patched(&target, &patch), expected);
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    let value = leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-d]", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("[a-d]", value, 0..4)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

/// `MergePatch` as RFC 7396, section 2 writes it down.
fn reference(target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch.clone();
    };
    let mut target = match target {
        Value::Object(target) => target,
        _ => Map::new(),
    };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            let old = target.remove(key).unwrap_or(Value::Null);
            target.insert(key.clone(), reference(old, value));
        }
    }
    Value::Object(target)
}

/// The smallest patch that turns one document into another, where none of the
/// second's values is null (a merge patch cannot set null).
fn difference(from: &Map<String, Value>, to: &Map<String, Value>) -> Map<String, Value> {
    let mut patch = Map::new();
    for key in from.keys().filter(|key| !to.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, new) in to {
        match (from.get(key), new) {
            (Some(old), new) if old == new => {}
            (Some(Value::Object(old)), Value::Object(new)) => {
                patch.insert(key.clone(), Value::Object(difference(old, new)));
            }
            (_, new) => {
                patch.insert(key.clone(), new.clone());
            }
        }
    }
    patch
}

/// The document without the nulls of its objects.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, without_nulls(value)))
                .collect(),
        ),
        other => other,
    }
}

proptest! {
    #[test]
    fn does_what_the_rfc_writes_down(target in document(), patch in document()) {
        prop_assert_eq!(patched(&target, &patch), reference(target, &patch));
    }

    #[test]
    fn twice_is_once(target in document(), patch in document()) {
        let once = patched(&target, &patch);
        prop_assert_eq!(patched(&once, &patch), once);
    }

    #[test]
    fn an_empty_patch_changes_nothing(target in document()) {
        prop_assert_eq!(patched(&target, &json!({})), target);
    }

    #[test]
    fn any_metadata_can_be_reached(from in document(), to in document()) {
        let to = without_nulls(to);
        let patch = difference(from.as_object().unwrap(), to.as_object().unwrap());
        prop_assert_eq!(patched(&from, &Value::Object(patch)), to);
    }
}

/// A number that a pipeline hands in comes out as it was, to the last digit.
#[test]
fn numbers_pass_through_unchanged() {
    for text in [
        "0.1",
        "29.97002997002997",
        "1e-7",
        "123456789.123456789",
        "5e-324",
    ] {
        let read: f64 = serde_json::from_str(text).unwrap();
        assert_eq!(
            read.to_bits(),
            text.parse::<f64>().unwrap().to_bits(),
            "{text}"
        );
    }
}
