//! Which deliveries of a hook are made one after the other.

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Map, Value, json};
use stagehook_core::delivery::OrderKey;
use stagehook_core::event::Event;
use stagehook_core::ids::{EventId, JobId};
use stagehook_core::invalid::pointer_token;
use stagehook_core::scope::Scope;

fn event(data: Value) -> Event {
    let Value::Object(data) = data else {
        panic!("an event's data is an object")
    };
    Event {
        id: EventId::generate(),
        event_name: "shot_ready".to_owned(),
        data,
        job_id: None,
        scope: Scope::Studio,
        created_at: "2026-03-01T12:00:00Z".parse().unwrap(),
    }
}

fn value(key: &str, data: Value) -> Option<String> {
    key.parse::<OrderKey>().unwrap().value(&event(data))
}

#[rstest]
#[case::text("/shot", json!({"shot": "12A"}), Some(r#""12A""#))]
#[case::number("/shot", json!({"shot": 12}), Some("12"))]
#[case::number_as_text("/shot", json!({"shot": "12"}), Some(r#""12""#))]
#[case::truth("/last", json!({"last": false}), Some("false"))]
#[case::nested("/shot/id", json!({"shot": {"id": 7}}), Some("7"))]
#[case::of_a_list("/shots/1", json!({"shots": ["a", "b"]}), Some(r#""b""#))]
#[case::slash_in_a_name("/a~1b", json!({"a/b": 1}), Some("1"))]
#[case::tilde_in_a_name("/a~0b~01", json!({"a~b~1": 1}), Some("1"))]
#[case::empty_name("/", json!({"": 1}), Some("1"))]
#[case::object("/shot", json!({"shot": {"b": 2, "a": 1}}), Some(r#"{"a":1,"b":2}"#))]
#[case::null("/shot", json!({"shot": null}), None)]
#[case::missing("/shot", json!({}), None)]
#[case::missing_below("/shot/id", json!({"shot": 7}), None)]
#[case::beyond_the_list("/shots/2", json!({"shots": ["a", "b"]}), None)]
fn a_pointer_finds_its_value(
    #[case] key: &str,
    #[case] data: Value,
    #[case] expected: Option<&str>,
) {
    assert_eq!(value(key, data).as_deref(), expected);
}

#[test]
fn a_job_is_a_key_and_an_event_without_one_has_none() {
    let key: OrderKey = "job_id".parse().unwrap();
    let without = event(json!({"job_id": 9}));
    assert_eq!(key.value(&without), None);
    let with = Event {
        job_id: Some(JobId::new(42)),
        ..without
    };
    assert_eq!(key.value(&with).as_deref(), Some("42"));
}

#[test]
fn a_long_value_is_kept_as_its_digest() {
    let of = |text: String| value("/shot", json!({"shot": text})).unwrap();
    let long = of("é".repeat(10_000));
    assert!(long.starts_with("sha256:"), "{long}");
    assert_eq!(long, of("é".repeat(10_000)));
    assert_ne!(long, of("é".repeat(10_001)));
}

#[rstest]
#[case("")]
#[case("shot")]
#[case("job")]
#[case("job_id/")]
#[case("$.shot")]
#[case("#/shot")]
#[case("/a~")]
#[case("/a~2")]
#[case("/~/b")]
fn what_is_no_pointer_is_refused(#[case] text: &str) {
    let error = text.parse::<OrderKey>().unwrap_err().to_string();
    assert!(error.starts_with("must be 'job_id', or a JSON pointer"));
}

#[test]
fn a_pointer_has_at_most_256_bytes() {
    let of = |bytes: usize| "/".repeat(bytes).parse::<OrderKey>();
    assert!(of(256).is_ok());
    let error = of(257).unwrap_err().to_string();
    assert!(error.contains("at most 256 bytes"), "{error}");
}

proptest! {
    #[test]
    fn a_key_is_read_as_it_is_written(text in "\\PC{0,12}|(/[a-z~0-1/]{0,6}){0,4}|job_id") {
        if let Ok(key) = text.parse::<OrderKey>() {
            prop_assert_eq!(key.to_string(), text.clone());
            let json = serde_json::to_value(&key).unwrap();
            prop_assert_eq!(&json, &Value::from(text));
            prop_assert_eq!(serde_json::from_value::<OrderKey>(json).unwrap(), key);
        }
    }

    #[test]
    fn whatever_a_name_is_its_pointer_finds_it(
        names in prop::collection::vec("\\PC{0,6}|[~/01]{0,4}", 1..5),
        number in any::<i64>(),
    ) {
        let mut pointer = String::new();
        for name in &names {
            pointer = pointer + "/" + &pointer_token(name);
        }
        let nested = names.iter().rev().fold(json!(number), |value, name| {
            Value::Object(Map::from_iter([(name.clone(), value)]))
        });
        prop_assert_eq!(value(&pointer, nested), Some(number.to_string()));
    }

    #[test]
    fn a_value_is_bounded_and_two_that_differ_stay_apart(one in "\\PC{0,300}", other in "\\PC{0,300}") {
        let of = |text: &str| value("/key", json!({"key": text})).unwrap();
        prop_assert!(of(&one).len() <= 128);
        prop_assert_eq!(of(&one) == of(&other), one == other);
    }
}
