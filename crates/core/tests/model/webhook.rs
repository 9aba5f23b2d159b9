//! What is wrong with a webhook's config, and where. REQ-MOD-5

use crate::config::{errors, pointer, with};
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::config::{HookConfig, HookType};

#[rstest]
#[case("ftp://tracker.example.com/")]
#[case("file:///etc/passwd")]
#[case("data:text/plain,x")]
#[case("https://user:hunter2@tracker.example.com/")]
#[case("https://user@tracker.example.com/")]
#[case("https://:hunter2@tracker.example.com/")]
#[case("https://user:hunter2@tracker example.com/")]
#[case("https://user:hunter2@:99999/")]
fn a_url_is_plain_http_without_credentials(#[case] url: &str) {
    let errors = errors(HookType::Webhook, json!({"url": url}));
    for (pointer, detail) in errors {
        assert_eq!(pointer, "/config/url");
        assert!(
            !detail.contains("hunter2"),
            "repeats the credentials: {detail}"
        );
    }
}

#[rstest]
#[case("Host", "is set by Stagehook or by HTTP itself")]
#[case("Content-Length", "is set by Stagehook or by HTTP itself")]
#[case("transfer-encoding", "is set by Stagehook or by HTTP itself")]
#[case("CONNECTION", "is set by Stagehook or by HTTP itself")]
#[case("Webhook-Signature", "is set by Stagehook or by HTTP itself")]
#[case("X-Stagehook-Signature", "is set by Stagehook or by HTTP itself")]
#[case("Authorization", "belongs into auth")]
#[case("", "is no header name")]
#[case("X Key", "is no header name")]
#[case("X:Key", "is no header name")]
#[case("X-Schlüssel", "is no header name")]
#[case("X\r\nY", "is no header name")]
fn a_header_is_one_and_not_ours(#[case] name: &str, #[case] why: &str) {
    let config = with(HookType::Webhook, &json!({"headers": {name: "x"}}));
    let errors = errors(HookType::Webhook, config);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].0, format!("/config/headers/{name}"));
    assert!(errors[0].1.starts_with(why), "{}", errors[0].1);
}

#[rstest]
#[case("a\r\nX-Injected: 1")]
#[case("a\nb")]
#[case("a\0")]
#[case("a\u{7f}")]
fn a_header_value_breaks_no_line(#[case] value: &str) {
    let config = with(HookType::Webhook, &json!({"headers": {"X-Key": value}}));
    assert_eq!(pointer(HookType::Webhook, config), "/config/headers/X-Key");
}

#[rstest]
#[case(json!({"type": "basic", "username": "a:b", "secret": "s"}), "/config/auth/username")]
#[case(json!({"type": "basic", "username": "a\r", "secret": "s"}), "/config/auth/username")]
#[case(json!({"type": "header", "name": "Host", "secret": "s"}), "/config/auth/name")]
#[case(json!({"type": "header", "name": "a b", "secret": "s"}), "/config/auth/name")]
fn auth_obeys_the_rules_of_headers(#[case] auth: Value, #[case] expected: &str) {
    let config = with(HookType::Webhook, &json!({"auth": auth}));
    assert_eq!(pointer(HookType::Webhook, config), expected);
}

#[test]
fn auth_by_a_header_may_be_the_authorization_header() {
    let auth = json!({"type": "header", "name": "Authorization", "secret": "s"});
    assert!(
        HookConfig::parse(
            HookType::Webhook,
            with(HookType::Webhook, &json!({"auth": auth}))
        )
        .is_ok()
    );
}

#[test]
fn null_is_the_absence_of_what_may_be_absent() {
    let config = json!({"auth": null, "secret": null, "retry": null, "timeout_seconds": null});
    let parsed = HookConfig::parse(HookType::Webhook, with(HookType::Webhook, &config)).unwrap();
    let least = HookConfig::parse(HookType::Webhook, with(HookType::Webhook, &json!({}))).unwrap();
    assert_eq!(parsed, least);
}

#[test]
fn all_that_is_wrong_is_reported_at_once() {
    let config = json!({
        "url": "ftp://user:pw@x/",
        "headers": {"Host": "a", "X-A": "b\n"},
        "timeout_seconds": 0,
        "retry": {"retries": 21},
        "auth": {"type": "basic", "username": "a:b", "secret": "s"},
    });
    let pointers: Vec<_> = errors(HookType::Webhook, config)
        .into_iter()
        .map(|(p, _)| p)
        .collect();
    assert_eq!(
        pointers,
        [
            "/config/url",
            "/config/url",
            "/config/timeout_seconds",
            "/config/headers/Host",
            "/config/headers/X-A",
            "/config/retry/retries",
            "/config/auth/username",
        ]
    );
}
