//! A config is kept as JSON and comes back the same. REQ-MOD-5

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stagehook_core::config::{HookConfig, HookType};

fn optional(keys: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Map<String, Value>> {
    keys.into_iter()
        .fold(Just(Map::new()).boxed(), |map, (key, value)| {
            (map, prop::option::of(value))
                .prop_map(move |(mut map, value)| {
                    if let Some(value) = value {
                        map.insert(key.to_owned(), value);
                    }
                    map
                })
                .boxed()
        })
}

fn object(keys: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    optional(keys).prop_map(Value::Object).boxed()
}

fn text(pattern: &'static str) -> BoxedStrategy<Value> {
    pattern.prop_map(Value::from).boxed()
}

fn list(of: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop::collection::vec(of, 0..3)
        .prop_map(Value::from)
        .boxed()
}

fn number(range: std::ops::Range<u32>) -> BoxedStrategy<Value> {
    range.prop_map(Value::from).boxed()
}

fn one_of(values: &'static [&'static str]) -> BoxedStrategy<Value> {
    prop::sample::select(values).prop_map(Value::from).boxed()
}

fn dictionary(key: &'static str, value: &'static str) -> BoxedStrategy<Value> {
    prop::collection::btree_map(key, value, 0..3)
        .prop_map(|map| {
            map.into_iter()
                .map(|(k, v)| (k, Value::from(v)))
                .collect::<Map<_, _>>()
        })
        .prop_map(Value::Object)
        .boxed()
}

fn env() -> BoxedStrategy<Value> {
    dictionary("[A-F][A-F_]{0,4}", "\\PC{0,9}")
}

fn directories() -> BoxedStrategy<Value> {
    prop::collection::btree_map(
        "/[a-r]{1,4}",
        ("(/[a-z]{1,4}){1,3}", one_of(&["read", "write"])),
        0..3,
    )
    .prop_map(|map| {
        map.into_iter()
            .map(|(guest, (host, access))| json!({"host": host, "guest": guest, "access": access}))
            .collect()
    })
    .boxed()
}

fn access() -> BoxedStrategy<Value> {
    one_of(&["read", "write"])
}

fn script() -> Vec<(&'static str, BoxedStrategy<Value>)> {
    vec![
        ("args", list(text("\\PC{0,9}"))),
        ("env", env()),
        ("timeout_seconds", number(1..86_401)),
        ("sandbox", one_of(&["confined", "trusted"])),
        (
            "grants",
            object(vec![
                ("directories", directories()),
                ("segment", access()),
                ("network", any::<bool>().prop_map(Value::from).boxed()),
            ]),
        ),
    ]
}

fn delivery() -> Vec<(&'static str, BoxedStrategy<Value>)> {
    let retry = (number(0..21), any::<bool>()).prop_map(|(retries, long_tail)| {
        if long_tail {
            json!({"retries": retries, "long_tail": true})
        } else {
            json!({"retries": retries})
        }
    });
    let rate_limit = (1..100_001_u32, 1..86_401_u32).prop_map(
        |(deliveries, seconds)| json!({"deliveries": deliveries, "per_seconds": seconds}),
    );
    vec![
        ("retry", retry.boxed()),
        ("concurrency", number(1..257)),
        ("rate_limit", rate_limit.boxed()),
        ("order_key", text("job_id|(/[a-z]{1,4}(~0|~1)?){1,3}")),
    ]
}

fn auth() -> BoxedStrategy<Value> {
    prop_oneof![
        "[a-z_-]{1,9}".prop_map(|secret| json!({"type": "bearer", "secret": secret})),
        ("[a-zé ]{0,9}", "[a-z]{1,9}").prop_map(
            |(username, secret)| json!({"type": "basic", "username": username, "secret": secret})
        ),
        "[a-z]{1,9}"
            .prop_map(|secret| json!({"type": "header", "name": "X-Key", "secret": secret})),
    ]
    .boxed()
}

fn config() -> impl Strategy<Value = (HookType, Value)> {
    let with = |hook_type: HookType, required: &'static str, value: &'static str, rest| {
        (optional(rest), value).prop_map(move |(mut map, value)| {
            map.insert(required.to_owned(), Value::from(value));
            (hook_type, Value::Object(map))
        })
    };
    let mut python = script();
    let mut python_with_requirements = script();
    python.push(("venv", text("[a-z0-9_-]{1,9}")));
    let requirements = prop_oneof![
        list(text("[a-z]{1,5}==[0-9]\\.[0-9]")),
        text("[a-z]{1,5}/[a-z]{1,5}\\.txt")
    ];
    python_with_requirements.push(("requirements", requirements.boxed()));
    let mut webhook = vec![
        ("method", one_of(&["POST", "PUT", "PATCH"])),
        ("headers", dictionary("X-[a-r]{1,5}", "[ -~]{0,9}")),
        ("timeout_seconds", number(1..86_401)),
        ("auth", auth()),
        ("secret", text("[A-Za-z0-9_-]{1,64}")),
    ];
    let settings = dictionary("\\PC{0,4}", "\\PC{0,4}");
    let mut wasm = vec![
        ("settings", settings),
        (
            "grants",
            object(vec![
                ("directories", directories()),
                ("segment", access()),
                (
                    "http",
                    list(text("(\\*\\.)?[a-z]{1,5}\\.lan(:[1-9][0-9]{0,3})?")),
                ),
                ("env", env()),
                (
                    "secrets",
                    text("[a-z]{1,5}").prop_map(|name| json!([name])).boxed(),
                ),
            ]),
        ),
        (
            "limits",
            object(vec![
                ("fuel", (1..=u64::MAX).prop_map(Value::from).boxed()),
                ("timeout_seconds", number(1..86_401)),
                ("memory_mib", number(1..u32::MAX)),
                ("output_kib", number(1..u32::MAX)),
            ]),
        ),
    ];
    let mut shell = script();
    for keys in [
        &mut shell,
        &mut python,
        &mut python_with_requirements,
        &mut webhook,
        &mut wasm,
    ] {
        keys.extend(delivery());
    }
    prop_oneof![
        with(
            HookType::Shell,
            "script_path",
            "[a-z]{1,5}(/[a-z.]{3,6}sh){0,2}",
            shell
        ),
        with(HookType::Python, "script_path", "[a-z]{1,5}\\.py", python),
        with(
            HookType::Python,
            "script_path",
            "[a-z]{1,5}\\.py",
            python_with_requirements
        ),
        with(
            HookType::Webhook,
            "url",
            "https?://[a-z]{1,9}\\.example\\.com(:[1-9][0-9]{0,3})?(/[a-zA-Z0-9 é%]{0,9}){0,2}(\\?[a-z=&]{0,9})?",
            webhook
        ),
        with(
            HookType::Wasm,
            "plugin",
            "[a-z][a-z0-9-]{0,9}@[1-9]\\.[0-9]\\.[0-9](-rc\\.1)?",
            wasm
        ),
        with(HookType::Wasm, "plugin", "sha256:[0-9a-f]{64}", vec![]),
    ]
}

proptest! {
    #[test]
    fn a_config_written_is_read_back((hook_type, json) in config()) {
        let parsed = HookConfig::parse(hook_type, json).unwrap();
        prop_assert_eq!(parsed.hook_type(), hook_type);
        let written = serde_json::to_value(&parsed).unwrap();
        let again = HookConfig::parse(hook_type, written.clone()).unwrap();
        prop_assert_eq!(&again, &parsed);
        prop_assert_eq!(serde_json::to_value(&again).unwrap(), written, "and is written the same again");
    }
}
