//! Catalogues of event types. REQ-EVT-1

use crate::event_type::told;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::event_type::{CATALOGUE_MAX, EventKind, EventType, parse_catalogue};

const SUBLARR: &str = include_str!("../../../../examples/catalogs/sublarr-events.json");

fn parse(catalogue: Value) -> Result<Vec<EventType>, Vec<(String, String)>> {
    told(parse_catalogue(catalogue))
}

fn names(types: &[EventType], kind: EventKind) -> Vec<&str> {
    let of_kind = types.iter().filter(|t| t.kind == kind);
    of_kind.map(|t| t.name.as_str()).collect()
}

#[test]
fn the_example_is_read_whole() {
    let catalogue: Value = serde_json::from_str(SUBLARR).unwrap();
    let types = parse(catalogue.clone()).unwrap();
    assert_eq!(
        json!(names(&types, EventKind::Business)),
        catalogue["business"]
    );
    assert_eq!(
        json!(names(&types, EventKind::Progress)),
        catalogue["progress"]
    );
    assert_eq!(types.len(), 18);
    assert!(types.iter().all(|t| !t.built_in && t.schema.is_none()));
}

#[test]
fn an_entry_is_a_name_or_says_more() {
    let schema = json!({"type": "object"});
    let types = parse(json!({
        "business": ["a", {"name": "b", "description": "B.", "schema": schema}],
        "progress": [{"name": "c"}],
    }))
    .unwrap();
    let expected = [
        ("a", EventKind::Business, "", None),
        ("b", EventKind::Business, "B.", Some(schema)),
        ("c", EventKind::Progress, "", None),
    ]
    .map(|(name, kind, description, schema)| EventType {
        name: name.to_owned(),
        kind,
        description: description.to_owned(),
        schema,
        built_in: false,
    });
    assert_eq!(types, expected);
}

#[rstest]
#[case::no_object(json!(["a"]), "", "must be an object")]
#[case::another_file(json!({"application": "sublarr"}), "", "must have the lists business or progress")]
#[case::unknown_key(json!({"business": [], "events": []}), "/events", "unknown field `events`")]
#[case::no_list(json!({"business": "a"}), "/business", "invalid type")]
#[case::application(json!({"application": 3, "business": []}), "/application", "invalid type")]
#[case::note(json!({"note": "x".repeat(5_000), "business": []}), "/note", "must be at most 4096")]
#[case::name(json!({"business": ["a", "b c"]}), "/business/1", "must be 1 to 128 letters")]
#[case::built_in(json!({"progress": ["hook_output"]}), "/progress/0", "'hook_output' is built in")]
#[case::number(json!({"progress": ["a", 3]}), "/progress/1", "must be the name of an event type, or")]
#[case::list(json!({"progress": [["a"]]}), "/progress/0", "must be the name of an event type, or")]
#[case::key(json!({"business": [{"name": "a", "kind": "progress"}]}), "/business/0/kind", "unknown field `kind`")]
#[case::nameless(json!({"business": [{"description": "x"}]}), "/business/0", "missing field `name`")]
#[case::named_wrong(json!({"business": [{"name": "*"}]}), "/business/0/name", "must be 1 to 128 letters")]
#[case::schema(
    json!({"business": [{"name": "a", "schema": {"type": "int"}}]}),
    "/business/0/schema/type", ""
)]
#[case::twice(json!({"business": ["a", "b", "a"]}), "/business/2", "'a' is also at /business/0")]
#[case::in_both(json!({"business": ["a"], "progress": [{"name": "a"}]}), "/progress/0", "'a' is also at /business/0")]
fn what_is_wrong_is_told_where_it_stands(
    #[case] catalogue: Value,
    #[case] pointer: &str,
    #[case] why: &str,
) {
    let errors = parse(catalogue).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].0, pointer);
    assert!(errors[0].1.starts_with(why), "{}", errors[0].1);
}

#[test]
fn all_that_is_wrong_is_told_at_once_up_to_a_hundred_problems() {
    let errors = parse(json!({"note": "\0", "business": ["a b", "a", 7], "progress": ["a"]}));
    let pointers: Vec<_> = errors.unwrap_err().into_iter().map(|(at, _)| at).collect();
    assert_eq!(
        pointers,
        ["/note", "/business/0", "/business/2", "/progress/0"]
    );

    let errors = parse(json!({"business": vec!["a b"; CATALOGUE_MAX]})).unwrap_err();
    assert_eq!(errors.len(), 100);
    let two_problems = json!({"name": "a b", "description": "\0"});
    let mut entries = vec![json!("a b"); 99];
    entries.push(two_problems);
    let errors = parse(json!({"business": entries})).unwrap_err();
    assert_eq!(errors.len(), 100);
}

#[test]
fn a_catalogue_has_a_thousand_types_at_most() {
    let of = |count: usize| {
        let names: Vec<_> = (0..count).map(|i| format!("event_{i}")).collect();
        let (business, progress) = names.split_at(count / 2);
        parse(json!({"business": business, "progress": progress}))
    };
    assert_eq!(of(CATALOGUE_MAX).unwrap().len(), CATALOGUE_MAX);
    let errors = of(CATALOGUE_MAX + 1).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0]
            .1
            .starts_with("has 1001 event types, at most 1000"),
        "{}",
        errors[0].1
    );
}

#[test]
fn an_empty_catalogue_is_one() {
    assert_eq!(
        parse(json!({"business": [], "progress": []})),
        Ok(Vec::new())
    );
    assert_eq!(parse(json!({"progress": []})), Ok(Vec::new()));
}

/// JSON of few shapes, so that it often is nearly a catalogue.
fn nearly() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-c*]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let keys = prop::sample::select(vec![
            "business",
            "progress",
            "name",
            "description",
            "schema",
            "type",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(keys, inner, 0..4)
                .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_it_says_each_type_is_there_once_or_the_errors_have_a_place(catalogue in nearly()) {
        match parse(catalogue.clone()) {
            Ok(types) => {
                let mut names: Vec<_> = types.iter().map(|t| &t.name).collect();
                names.sort_unstable();
                names.dedup();
                prop_assert_eq!(names.len(), types.len());
            }
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                for (pointer, detail) in errors {
                    prop_assert!(!detail.is_empty());
                    // An unknown key is there; a missing one is told at its parent.
                    prop_assert!(catalogue.pointer(&pointer).is_some(), "{} {}", pointer, detail);
                }
            }
        }
    }
}
