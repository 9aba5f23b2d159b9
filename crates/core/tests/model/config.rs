//! What is wrong with a config, and where. REQ-MOD-5

use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::config::{HookConfig, HookType, LimitRange, Limits};
use std::time::Duration;

/// Every error as (pointer, detail).
pub(crate) fn errors(hook_type: HookType, config: Value) -> Vec<(String, String)> {
    match HookConfig::parse(hook_type, config) {
        Ok(config) => panic!("accepted: {config:?}"),
        Err(invalid) => invalid
            .0
            .into_iter()
            .map(|e| (e.pointer, e.detail))
            .collect(),
    }
}

/// The pointer of the only error.
pub(crate) fn pointer(hook_type: HookType, config: Value) -> String {
    let errors = errors(hook_type, config);
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors[0].0.clone()
}

fn minimal(hook_type: HookType) -> Value {
    match hook_type {
        HookType::Shell => json!({"script_path": "a.sh"}),
        HookType::Python => json!({"script_path": "a.py"}),
        HookType::Webhook => json!({"url": "https://tracker.example.com/"}),
        HookType::Wasm => json!({"plugin": "media-probe@1.0.0"}),
    }
}

pub(crate) fn with(hook_type: HookType, more: &Value) -> Value {
    let mut config = minimal(hook_type);
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    config
}

#[rstest]
#[case(HookType::Shell, 30)]
#[case(HookType::Python, 30)]
#[case(HookType::Webhook, 10)]
#[case(HookType::Wasm, 30)]
fn the_least_config_is_enough_and_has_a_timeout(#[case] hook_type: HookType, #[case] seconds: u64) {
    // REQ-MOD-6
    let config = HookConfig::parse(hook_type, minimal(hook_type)).unwrap();
    assert_eq!(config.hook_type(), hook_type);
    assert_eq!(config.timeout(), Duration::from_secs(seconds));
}

#[rstest]
fn a_config_is_an_object(
    #[values(HookType::Shell, HookType::Python, HookType::Webhook, HookType::Wasm)]
    hook_type: HookType,
    #[values(json!(null), json!(true), json!(3), json!("x"), json!([]))] config: Value,
) {
    assert_eq!(
        errors(hook_type, config),
        [("/config".to_owned(), "must be an object".to_owned())]
    );
}

#[rstest]
#[case(HookType::Shell, "script_path")]
#[case(HookType::Python, "script_path")]
#[case(HookType::Webhook, "url")]
#[case(HookType::Wasm, "plugin")]
fn a_missing_key_is_named(#[case] hook_type: HookType, #[case] key: &str) {
    let errors = errors(hook_type, json!({}));
    assert_eq!(
        errors,
        [("/config".to_owned(), format!("missing field `{key}`"))]
    );
}

#[rstest]
#[case::shell(HookType::Shell, json!({"timeout_secs": 3}), "/config/timeout_secs")]
#[case::python(HookType::Python, json!({"interpreter": "python2"}), "/config/interpreter")]
#[case::webhook(HookType::Webhook, json!({"body": ""}), "/config/body")]
#[case::wasm(HookType::Wasm, json!({"timeout_seconds": 3}), "/config/timeout_seconds")]
#[case::of_the_wrong_type(HookType::Shell, json!({"venv": "x"}), "/config/venv")]
#[case::escaped(HookType::Shell, json!({"a/b~c": 1}), "/config/a~1b~0c")]
#[case::empty(HookType::Shell, json!({"": 1}), "/config/")]
#[case::in_grants(HookType::Shell, json!({"grants": {"http": []}}), "/config/grants/http")]
#[case::in_a_directory(
    HookType::Wasm,
    json!({"grants": {"directories": [{"host": "/m", "guest": "/m", "access": "read", "mode": 1}]}}),
    "/config/grants/directories/0/mode"
)]
#[case::in_limits(HookType::Wasm, json!({"limits": {"memory": 3}}), "/config/limits/memory")]
#[case::in_retry(HookType::Webhook, json!({"retry": {"retries": 1, "delay": 2}}), "/config/retry/delay")]
#[case::in_bearer(
    HookType::Webhook,
    json!({"auth": {"type": "bearer", "secret": "s", "username": "u"}}),
    "/config/auth/username"
)]
#[case::in_basic(
    HookType::Webhook,
    json!({"auth": {"type": "basic", "username": "u", "password": "p", "secret": "s"}}),
    "/config/auth/password"
)]
#[case::in_header(
    HookType::Webhook,
    json!({"auth": {"type": "header", "name": "X-Key", "secret": "s", "value": "v"}}),
    "/config/auth/value"
)]
fn an_unknown_key_is_named_by_its_own_pointer(
    #[case] hook_type: HookType,
    #[case] more: Value,
    #[case] expected: &str,
) {
    let errors = errors(hook_type, with(hook_type, &more));
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].0, expected);
    assert!(
        errors[0].1.starts_with("unknown field `"),
        "{}",
        errors[0].1
    );
}

#[rstest]
#[case(HookType::Shell, json!({"args": "-v"}), "/config/args")]
#[case(HookType::Shell, json!({"args": ["-v", 3]}), "/config/args/1")]
#[case(HookType::Shell, json!({"env": {"A": 1}}), "/config/env/A")]
#[case(HookType::Shell, json!({"env": []}), "/config/env")]
#[case(HookType::Shell, json!({"timeout_seconds": "30"}), "/config/timeout_seconds")]
#[case(HookType::Shell, json!({"timeout_seconds": -1}), "/config/timeout_seconds")]
#[case(HookType::Shell, json!({"timeout_seconds": 1.5}), "/config/timeout_seconds")]
#[case(HookType::Shell, json!({"timeout_seconds": 4_294_967_296_u64}), "/config/timeout_seconds")]
#[case(HookType::Shell, json!({"sandbox": "none"}), "/config/sandbox")]
#[case(HookType::Shell, json!({"grants": {"network": "yes"}}), "/config/grants/network")]
#[case(HookType::Python, json!({"requirements": [1]}), "/config/requirements/0")]
#[case(HookType::Webhook, json!({"url": 3}), "/config/url")]
#[case(HookType::Webhook, json!({"url": "tracker"}), "/config/url")]
#[case(HookType::Webhook, json!({"method": "GET"}), "/config/method")]
#[case(HookType::Webhook, json!({"method": "post"}), "/config/method")]
#[case(HookType::Webhook, json!({"headers": {"X-A": ["b"]}}), "/config/headers/X-A")]
#[case(HookType::Webhook, json!({"secret": "a b"}), "/config/secret")]
#[case(HookType::Webhook, json!({"auth": "Bearer abc"}), "/config/auth")]
#[case(HookType::Webhook, json!({"auth": {}}), "/config/auth/type")]
#[case(HookType::Webhook, json!({"auth": {"type": "digest"}}), "/config/auth/type")]
#[case(HookType::Webhook, json!({"auth": {"type": "bearer", "secret": 3}}), "/config/auth/secret")]
#[case(HookType::Webhook, json!({"retry": {"retries": "3"}}), "/config/retry/retries")]
#[case(HookType::Webhook, json!({"retry": [3]}), "/config/retry")]
#[case(HookType::Wasm, json!({"limits": [1]}), "/config/limits")]
#[case(HookType::Wasm, json!({"grants": {"directories": [["/m", "/m", "read"]]}}), "/config/grants/directories/0")]
#[case(HookType::Wasm, json!({"plugin": "media-probe"}), "/config/plugin")]
#[case(HookType::Wasm, json!({"plugin": "media-probe@latest"}), "/config/plugin")]
#[case(HookType::Wasm, json!({"plugin": "Media@1.0.0"}), "/config/plugin")]
#[case(HookType::Wasm, json!({"plugin": "sha256:abc"}), "/config/plugin")]
#[case(HookType::Wasm, json!({"settings": []}), "/config/settings")]
#[case(
    HookType::Wasm,
    json!({"grants": {"directories": [{"host": "/m", "guest": "/m", "access": "execute"}]}}),
    "/config/grants/directories/0/access"
)]
#[case(HookType::Wasm, json!({"grants": {"secrets": ["ok", "no/t"]}}), "/config/grants/secrets/1")]
#[case(HookType::Wasm, json!({"limits": {"fuel": -1}}), "/config/limits/fuel")]
fn an_ill_typed_key_is_named_by_its_own_pointer(
    #[case] hook_type: HookType,
    #[case] more: Value,
    #[case] expected: &str,
) {
    assert_eq!(pointer(hook_type, with(hook_type, &more)), expected);
}

#[rstest]
#[case::trusted(json!({"sandbox": "trusted"}), "Leave out one")]
#[case::segment(json!({"grants": {"segment": "read"}}), "grant a directory instead")]
fn a_warm_hook_is_kept_by_a_sandbox_that_is_the_same_for_all_runs(
    #[case] mut more: Value,
    #[case] advice: &str,
) {
    HookConfig::parse(HookType::Python, with(HookType::Python, &more)).unwrap();
    more["warm"] = true.into();
    let errors = errors(HookType::Python, with(HookType::Python, &more));
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].0, "/config/warm");
    assert!(errors[0].1.contains(advice), "{errors:?}");
    let shell = with(HookType::Shell, &json!({"warm": true}));
    assert_eq!(pointer(HookType::Shell, shell), "/config/warm");
}

#[rstest]
#[case("")]
#[case("/etc/passwd")]
#[case("../a.sh")]
#[case("a/../../b.sh")]
#[case("./a.sh")]
#[case("a//b.sh")]
#[case("a/")]
#[case("a\\..\\b.sh")]
#[case("a\0.sh")]
fn a_script_stays_below_its_root(
    #[case] path: &str,
    #[values(HookType::Shell, HookType::Python)] hook_type: HookType,
) {
    // REQ-SCR-7
    let errors = errors(hook_type, json!({"script_path": path}));
    assert_eq!(errors[0].0, "/config/script_path");
    assert!(
        errors[0]
            .1
            .contains("relative path below a scripts directory")
    );
}

#[rstest]
#[case("", "is no name")]
#[case("1A", "is no name")]
#[case("A-B", "is no name")]
#[case("A=B", "is no name")]
#[case("PATH", "is reserved")]
#[case("HOME", "is reserved")]
#[case("LD_PRELOAD", "is reserved")]
#[case("PYTHONWARNINGS", "is reserved")]
#[case("SHELLOPTS", "is reserved")]
#[case("NODE_OPTIONS", "is reserved")]
#[case("STAGEHOOK_JOB_ID", "is reserved")]
fn an_env_name_is_one_and_not_ours(
    #[case] name: &str,
    #[case] why: &str,
    #[values(HookType::Shell, HookType::Python)] hook_type: HookType,
) {
    let errors = errors(hook_type, with(hook_type, &json!({"env": {name: "x"}})));
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].0, format!("/config/env/{name}"));
    assert!(errors[0].1.starts_with(why), "{}", errors[0].1);
}

#[test]
fn env_values_and_arguments_are_bounded() {
    // REQ-SCR-2: characters, not bytes.
    let longest = "é".repeat(4096);
    let shell = |more| HookConfig::parse(HookType::Shell, with(HookType::Shell, &more));
    assert!(shell(json!({"env": {"A": longest}, "args": [longest]})).is_ok());
    let longer = "é".repeat(4097);
    assert_eq!(
        pointer(
            HookType::Shell,
            with(HookType::Shell, &json!({"env": {"A": longer}}))
        ),
        "/config/env/A"
    );
    assert_eq!(
        pointer(
            HookType::Shell,
            with(HookType::Shell, &json!({"args": ["", longer]}))
        ),
        "/config/args/1"
    );
    assert_eq!(
        pointer(
            HookType::Shell,
            with(HookType::Shell, &json!({"args": vec!["a"; 257]}))
        ),
        "/config/args"
    );
    assert_eq!(
        pointer(
            HookType::Shell,
            with(HookType::Shell, &json!({"args": ["a\0b"]}))
        ),
        "/config/args/0"
    );
}

#[rstest]
#[case(0)]
#[case(86_401)]
fn a_timeout_is_within_a_day(
    #[case] seconds: u32,
    #[values(HookType::Shell, HookType::Python, HookType::Webhook)] hook_type: HookType,
) {
    let config = with(hook_type, &json!({"timeout_seconds": seconds}));
    assert_eq!(pointer(hook_type, config), "/config/timeout_seconds");
}

#[rstest]
#[case(json!({"directories": [{"host": "media", "guest": "/m", "access": "read"}]}), "/directories/0/host")]
#[case(json!({"directories": [{"host": "/m/../etc", "guest": "/m", "access": "read"}]}), "/directories/0/host")]
#[case(json!({"directories": [{"host": "/m\0", "guest": "/m", "access": "read"}]}), "/directories/0/host")]
#[case(json!({"directories": [{"host": "/m", "guest": "/", "access": "read"}]}), "/directories/0/guest")]
#[case(json!({"directories": [{"host": "/m", "guest": "m", "access": "read"}]}), "/directories/0/guest")]
#[case(json!({"directories": [
    {"host": "/a", "guest": "/m", "access": "read"},
    {"host": "/b", "guest": "/m", "access": "write"},
]}), "/directories/1/guest")]
#[case(
    json!({"segment": "read", "directories": [{"host": "/a", "guest": "/segment", "access": "read"}]}),
    "/directories/0/guest"
)]
#[case(json!({"http": ["tracker.example.com", "https://tracker.example.com"]}), "/http/1")]
#[case(json!({"http": ["tracker.example.com/x"]}), "/http/0")]
#[case(json!({"http": ["*"]}), "/http/0")]
#[case(json!({"http": ["a.*.com"]}), "/http/0")]
#[case(json!({"http": ["a.com:0"]}), "/http/0")]
#[case(json!({"http": ["a.com:65536"]}), "/http/0")]
#[case(json!({"http": ["user@a.com"]}), "/http/0")]
#[case(json!({"http": ["2130706433"]}), "/http/0")]
#[case(json!({"http": ["0x7f.1"]}), "/http/0")]
#[case(json!({"http": ["*.0.0.1"]}), "/http/0")]
#[case(json!({"http": ["a.com."]}), "/http/0")]
#[case(json!({"http": ["a.com:+80"]}), "/http/0")]
#[case(json!({"http": ["[::1]"]}), "/http/0")]
#[case(json!({"http": ["b\u{fc}ro.example.com"]}), "/http/0")]
#[case(json!({"http": ["a.com"], "http_secrets": {"t": []}}), "/http_secrets/t")]
#[case(json!({"http": ["a.com"], "http_secrets": {"t": "a.com"}}), "/http_secrets/t")]
#[case(json!({"http": ["a.com"], "http_secrets": {"t": ["a.com", "a.com/x"]}}), "/http_secrets/t/1")]
#[case(json!({"http": ["a.com"], "http_secrets": {"t": ["b.com"]}}), "/http_secrets/t/0")]
#[case(json!({"http": ["a.com"], "http_secrets": {"t": ["a.com:8443"]}}), "/http_secrets/t/0")]
#[case(json!({"http": ["a.com"], "http_secrets": {"no/t": ["a.com"]}}), "/http_secrets/no~1t")]
#[case(json!({"env": {"PATH": "/"}}), "/env/PATH")]
#[case(json!({"secrets": ["a", "a"]}), "/secrets/1")]
fn a_grant_is_exact(#[case] grants: Value, #[case] expected: &str) {
    // REQ-WASM-1
    let config = with(HookType::Wasm, &json!({"grants": grants}));
    assert_eq!(
        pointer(HookType::Wasm, config),
        format!("/config/grants{expected}")
    );
}

#[test]
fn hosts_may_be_granted_with_a_star_and_a_port() {
    let grants = json!({"http": ["tracker.example.com", "*.studio.lan:8443", "10.0.0.7:80"]});
    assert!(
        HookConfig::parse(
            HookType::Wasm,
            with(HookType::Wasm, &json!({"grants": grants}))
        )
        .is_ok()
    );
}

#[test]
fn limits_stay_within_the_servers_maximum() {
    // REQ-WASM-2
    let range = LimitRange::default();
    let ours = Limits::default().within(&range).unwrap();
    assert_eq!(ours, range.default);

    let asked = Limits {
        fuel: Some(7),
        timeout_seconds: Some(5),
        memory_mib: Some(64),
        output_kib: Some(1),
    };
    let in_force = asked.within(&range).unwrap();
    assert_eq!(in_force.fuel, 7);
    assert_eq!(in_force.timeout, Duration::from_secs(5));
    assert_eq!(in_force.memory_bytes, 64 << 20);
    assert_eq!(in_force.output_bytes, 1 << 10);

    let greedy = Limits {
        fuel: Some(u64::MAX),
        timeout_seconds: Some(u32::MAX),
        memory_mib: Some(u32::MAX),
        output_kib: Some(u32::MAX),
    };
    let invalid = greedy.within(&range).unwrap_err();
    let pointers: Vec<_> = invalid.0.iter().map(|e| e.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/config/limits/fuel",
            "/config/limits/timeout_seconds",
            "/config/limits/memory_mib",
            "/config/limits/output_kib",
        ]
    );
}

#[rstest]
#[case("fuel")]
#[case("timeout_seconds")]
#[case("memory_mib")]
#[case("output_kib")]
fn a_limit_of_nothing_is_refused(#[case] limit: &str) {
    let config = with(HookType::Wasm, &json!({"limits": {limit: 0}}));
    assert_eq!(
        pointer(HookType::Wasm, config),
        format!("/config/limits/{limit}")
    );
}

#[test]
fn secrets_are_found_wherever_a_config_names_them() {
    let found = |hook_type, more: Value| -> Vec<(String, String)> {
        HookConfig::parse(hook_type, with(hook_type, &more))
            .unwrap()
            .secrets()
            .into_iter()
            .map(|(pointer, name)| (pointer, name.to_string()))
            .collect()
    };
    let pair = |pointer: &str, name: &str| (pointer.to_owned(), name.to_owned());
    assert_eq!(
        found(
            HookType::Webhook,
            json!({"secret": "sign", "auth": {"type": "bearer", "secret": "token"}})
        ),
        [
            pair("/config/auth/secret", "token"),
            pair("/config/secret", "sign")
        ]
    );
    assert_eq!(
        found(HookType::Wasm, json!({"grants": {"secrets": ["a", "b"]}})),
        [
            pair("/config/grants/secrets/0", "a"),
            pair("/config/grants/secrets/1", "b")
        ]
    );
    let sent = json!({"http": ["*.a.com"], "http_secrets": {"b": ["x.a.com"]}, "secrets": ["a"]});
    assert_eq!(
        found(HookType::Wasm, json!({"grants": sent})),
        [
            pair("/config/grants/secrets/0", "a"),
            pair("/config/grants/http_secrets/b", "b")
        ]
    );
    assert_eq!(found(HookType::Shell, json!({"env": {"A": "token"}})), []);
}
