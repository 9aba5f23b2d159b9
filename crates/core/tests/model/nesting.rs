//! How deep JSON from outside may be nested.

use serde_json::{Map, Value, json};
use stagehook_core::contract::HookResult;
use stagehook_core::nesting::{NESTING_MAX, is_object_too_deep, is_too_deep};

fn nested(levels: usize) -> Value {
    (1..levels).fold(json!([]), |inner, level| {
        if level % 2 == 0 {
            json!([1, inner])
        } else {
            json!({"a": inner})
        }
    })
}

#[test]
fn the_bound_is_the_last_level_that_is_taken() {
    assert!(!is_too_deep(&json!("flat")));
    assert!(!is_too_deep(&nested(NESTING_MAX)));
    assert!(is_too_deep(&nested(NESTING_MAX + 1)));
    let object = |levels: usize| Map::from_iter([("a".to_owned(), nested(levels - 1))]);
    assert!(!is_object_too_deep(&Map::new()));
    assert!(!is_object_too_deep(&object(NESTING_MAX)));
    assert!(is_object_too_deep(&object(NESTING_MAX + 1)));
}

#[test]
fn a_result_that_could_not_be_read_again_is_no_result() {
    let result = |levels: usize| {
        let metadata = json!({"a": nested(levels - 1)});
        json!({"metadata": metadata}).to_string()
    };
    assert!(HookResult::parse(result(NESTING_MAX).as_bytes()).is_ok());
    let error = HookResult::parse(result(NESTING_MAX + 1).as_bytes()).unwrap_err();
    assert!(error.to_string().contains("/metadata"), "{error}");
}
