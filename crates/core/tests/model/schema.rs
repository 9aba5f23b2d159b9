//! Schemas of settings.

use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::schema::{
    JsonSchema, PATTERNS_MAX, PROBLEMS_MAX, SCHEMA_BYTES_MAX, SCHEMA_NESTING_MAX,
};
use std::time::{Duration, Instant};

fn pointers(schema: &Value, value: &Value) -> Vec<String> {
    let schema = JsonSchema::compile(schema).expect("a schema");
    match schema.check(value, "/config/settings") {
        Ok(()) => Vec::new(),
        Err(invalid) => invalid.0.into_iter().map(|e| e.pointer).collect(),
    }
}

#[test]
fn everything_wrong_is_told_where_it_is() {
    let schema = json!({
        "type": "object",
        "properties": {
            "rules": {"type": "array", "items": {"$ref": "#/$defs/rule"}},
            "a/b": {"type": "integer", "minimum": 3},
        },
        "required": ["rules", "title"],
        "additionalProperties": false,
        "$defs": {"rule": {"type": "string", "pattern": "^[a-z]+$"}},
    });
    let fits = json!({"rules": ["abc"], "title": 1});
    assert_eq!(pointers(&schema, &fits), ["/config/settings/title"]);
    let wrong = json!({"rules": ["abc", "A", 3], "a/b": 2});
    let mut found = pointers(&schema, &wrong);
    found.sort();
    assert_eq!(
        found,
        [
            "/config/settings/a~1b",
            "/config/settings/rules/1",
            "/config/settings/rules/2",
            "/config/settings/title",
        ]
    );
}

#[test]
fn values_are_not_repeated_in_what_is_told() {
    let schema = json!({"properties": {"token": {"type": "integer"}, "mode": {"enum": ["a"]}}});
    let schema = JsonSchema::compile(&schema).unwrap();
    let value = json!({"token": "canary-1", "mode": "canary-2"});
    let told = schema.check(&value, "").unwrap_err().to_string();
    assert!(!told.contains("canary"), "{told}");
    assert!(told.contains("integer"), "{told}");
}

#[rstest]
#[case(json!(true), "", "object")]
#[case(json!({"type": "strnig"}), "/type", "")]
#[case(json!({"properties": {"a": {"minimum": "3"}}}), "/properties/a/minimum", "")]
#[case(json!({"properties": []}), "/properties", "")]
#[case(json!({"$ref": "https://example.com/schema.json"}), "/$ref", "nothing is fetched")]
#[case(json!({"items": [{"$ref": "file:///etc/passwd"}]}), "/items/0/$ref", "nothing is fetched")]
#[case(json!({"$ref": "#/$defs/nobody"}), "/$ref", "leads to no schema")]
#[case(json!({"$ref": "#nobody"}), "/$ref", "nothing is fetched")]
#[case(json!({"$ref": 3}), "/$ref", "nothing is fetched")]
#[case(json!({"allOf": [{"$ref": "#/allOf/01"}, {}]}), "/allOf/0/$ref", "leads to no schema")]
#[case(json!({"$ref": "#/title", "title": "x"}), "/$ref", "leads to no schema")]
#[case(json!({"not": {"$ref": "#/%2"}}), "/not/$ref", "leads to no schema")]
#[case(json!({"properties": {"a": {"$dynamicRef": "#x"}}}), "/properties/a/$dynamicRef", "$ref")]
#[case(json!({"properties": {"a": {"$id": "http://x/"}}}), "/properties/a/$id", "remove")]
#[case(json!({"pattern": "("}), "/pattern", "")]
#[case(json!({"pattern": "(a)\\1"}), "/pattern", "")]
#[case(json!({"pattern": "(?=a)b"}), "/pattern", "")]
#[case(json!({"pattern": "(((\\w{100}){100}){100})"}), "/pattern", "")]
#[case(json!({"$schema": "https://example.com/mine"}), "", "")]
fn what_is_no_schema_is_told_so(#[case] schema: Value, #[case] at: &str, #[case] says: &str) {
    let invalid = JsonSchema::compile(&schema).expect_err("no schema");
    let pointers: Vec<_> = invalid.0.iter().map(|e| e.pointer.as_str()).collect();
    assert_eq!(pointers, [at], "{invalid}");
    assert!(invalid.to_string().contains(says), "{invalid}");
}

#[test]
fn a_property_may_be_named_like_a_keyword() {
    let schema = json!({"properties": {"$ref": {"type": "string"}, "$id": {"type": "string"}},
                        "default": {"$ref": "https://example.com/"}});
    assert_eq!(
        pointers(&schema, &json!({"$ref": "x", "$id": 3})),
        ["/config/settings/$id"]
    );
}

#[test]
fn size_nesting_and_patterns_are_bounded() {
    let long = json!({"description": "x".repeat(SCHEMA_BYTES_MAX)});
    let mut deep = json!({});
    for _ in 0..SCHEMA_NESTING_MAX {
        deep = json!({"not": deep});
    }
    let patterns: Vec<Value> = (0..=PATTERNS_MAX)
        .map(|_| json!({"pattern": "a"}))
        .collect();
    for schema in [long, deep, json!({"allOf": patterns})] {
        assert!(JsonSchema::compile(&schema).is_err());
    }
}

#[test]
fn at_most_a_hundred_problems_are_told() {
    let schema = json!({"items": {"type": "string"}});
    let wrong: Vec<Value> = (0..500).map(Value::from).collect();
    assert_eq!(pointers(&schema, &json!(wrong)).len(), PROBLEMS_MAX);
}

#[test]
fn of_a_very_large_value_it_is_told_that_it_is_wrong() {
    let schema = JsonSchema::compile(&json!({"items": {"type": "string"}})).unwrap();
    let mut settings = vec![json!("x"); 100_000];
    assert_eq!(schema.check(&json!(settings), "/at"), Ok(()));
    settings.push(json!(1));
    let told = schema.check(&json!(settings), "/at").unwrap_err();
    assert_eq!(told.0.len(), 1);
    let told = told.to_string();
    assert!(told.starts_with("/at: does not follow"), "{told}");
}

#[test]
fn a_reference_may_be_escaped_for_a_uri() {
    let schema = json!({"$ref": "#/$defs/a%20b", "$defs": {"a b": {"type": "object"}}});
    assert_eq!(pointers(&schema, &json!(1)), ["/config/settings"]);
}

/// A schema of a few lines that stands for 2^40 others.
fn exploding(keyword: &str) -> Value {
    let mut defs = serde_json::Map::new();
    for i in 0..40 {
        let next = json!({"$ref": format!("#/$defs/d{}", i + 1)});
        defs.insert(format!("d{i}"), json!({keyword: [next, next]}));
    }
    defs.insert("d40".to_owned(), json!({"type": "integer"}));
    json!({"$ref": "#/$defs/d0", "$defs": defs})
}

#[rstest]
#[case(exploding("allOf"), json!("x"))]
#[case(exploding("anyOf"), json!("x"))]
#[case(exploding("oneOf"), json!("x"))]
#[case(json!({"properties": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}}), nested(60))]
#[case(json!({"$ref": "#"}), json!(1))]
#[case(json!({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}), json!(1))]
fn a_check_that_would_not_end_is_refused(#[case] schema: Value, #[case] value: Value) {
    let began = Instant::now();
    if let Ok(schema) = JsonSchema::compile(&schema) {
        let told = schema.check(&value, "/at").unwrap_err();
        assert!(told.to_string().contains("too much work"), "{told}");
    }
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_pattern_cannot_backtrack() {
    let schema = JsonSchema::compile(&json!({"pattern": "^(a+)+$"})).unwrap();
    let began = Instant::now();
    assert!(schema.check(&json!("a".repeat(50_000) + "!"), "").is_err());
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_recursive_schema_is_fine_as_long_as_it_ends() {
    let schema = json!({"type": "object", "properties": {"a": {"$ref": "#"}}});
    assert_eq!(pointers(&schema, &nested(60)), Vec::<String>::new());
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!({}), |inner, _| json!({"a": inner}))
}
