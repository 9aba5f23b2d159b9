//! How a hook says how its deliveries are made. REQ-EVT-6

use crate::config::{errors, with};
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::config::{HookConfig, HookType};
use stagehook_core::delivery::{DeliveryPolicy, OrderKey, RateLimit};

fn delivery(hook_type: HookType, more: &Value) -> DeliveryPolicy {
    HookConfig::parse(hook_type, with(hook_type, more))
        .unwrap()
        .delivery()
}

#[rstest]
#[case::nothing(json!({}), 3, false, 16)]
#[case::null(json!({"retry": null, "concurrency": null}), 3, false, 16)]
#[case::no_retries(json!({"retry": {"retries": 0}}), 0, false, 16)]
#[case::most_retries(json!({"retry": {"retries": 20}}), 20, false, 16)]
#[case::the_tail_alone(json!({"retry": {"long_tail": true}}), 3, true, 16)]
#[case::one_at_a_time(json!({"concurrency": 1}), 3, false, 1)]
#[case::all(json!({"retry": {"retries": 5, "long_tail": true}, "concurrency": 256}), 5, true, 256)]
fn every_hook_type_says_how_its_deliveries_are_made(
    #[case] config: Value,
    #[case] retries: u32,
    #[case] long_tail: bool,
    #[case] concurrency: u32,
    #[values(HookType::Shell, HookType::Python, HookType::Webhook, HookType::Wasm)]
    hook_type: HookType,
) {
    assert_eq!(
        delivery(hook_type, &config),
        DeliveryPolicy {
            retries,
            long_tail,
            concurrency,
            rate_limit: None,
        }
    );
}

#[rstest]
#[case(json!({"rate_limit": {"deliveries": 1}}), 1, 1)]
#[case(json!({"rate_limit": {"deliveries": 100_000, "per_seconds": 86_400}}), 100_000, 86_400)]
fn every_hook_type_says_how_fast_its_deliveries_begin(
    #[case] config: Value,
    #[case] deliveries: u32,
    #[case] per_seconds: u32,
    #[values(HookType::Shell, HookType::Python, HookType::Webhook, HookType::Wasm)]
    hook_type: HookType,
) {
    let limit = RateLimit {
        deliveries,
        per_seconds,
    };
    assert_eq!(delivery(hook_type, &config).rate_limit, Some(limit));
}

#[rstest]
fn every_hook_type_says_what_its_deliveries_are_ordered_by(
    #[values(HookType::Shell, HookType::Python, HookType::Webhook, HookType::Wasm)]
    hook_type: HookType,
) {
    for key in ["job_id", "/shot/id"] {
        let config = with(hook_type, &json!({"order_key": key}));
        let config = HookConfig::parse(hook_type, config).unwrap();
        assert_eq!(config.order_key().map(OrderKey::as_str), Some(key));
    }
    let config = with(hook_type, &json!({"order_key": null}));
    let config = HookConfig::parse(hook_type, config).unwrap();
    assert_eq!(config.order_key(), None);
}

#[rstest]
#[case(json!({"retry": {"retries": 21}}), "/config/retry/retries", "must be at most 20")]
#[case(json!({"retry": {"retries": 10_000}}), "/config/retry/retries", "must be at most 20")]
#[case(json!({"retry": {"retries": -1}}), "/config/retry/retries", "invalid value")]
#[case(json!({"retry": {"long_tail": "yes"}}), "/config/retry/long_tail", "invalid type")]
#[case(json!({"retry": {"delay": 2}}), "/config/retry/delay", "unknown field `delay`")]
#[case(json!({"retry": 3}), "/config/retry", "must be an object")]
#[case(json!({"concurrency": 0}), "/config/concurrency", "must be between 1 and 256")]
#[case(json!({"concurrency": 257}), "/config/concurrency", "must be between 1 and 256")]
#[case(json!({"concurrency": "many"}), "/config/concurrency", "invalid type")]
#[case(json!({"rate_limit": {}}), "/config/rate_limit", "missing field `deliveries`")]
#[case(json!({"rate_limit": 5}), "/config/rate_limit", "must be an object")]
#[case(json!({"rate_limit": {"deliveries": 0}}), "/config/rate_limit/deliveries", "must be between 1 and 100000")]
#[case(json!({"rate_limit": {"deliveries": 100_001}}), "/config/rate_limit/deliveries", "must be between 1 and 100000")]
#[case(json!({"rate_limit": {"deliveries": -1}}), "/config/rate_limit/deliveries", "invalid value")]
#[case(json!({"rate_limit": {"deliveries": 1e20}}), "/config/rate_limit/deliveries", "invalid type")]
#[case(json!({"rate_limit": {"deliveries": 1, "per_seconds": 0}}), "/config/rate_limit/per_seconds", "must be between 1 and 86400")]
#[case(json!({"rate_limit": {"deliveries": 1, "per_seconds": 86_401}}), "/config/rate_limit/per_seconds", "must be between 1 and 86400")]
#[case(json!({"rate_limit": {"deliveries": 1, "per": 1}}), "/config/rate_limit/per", "unknown field `per`")]
#[case(json!({"order_key": ""}), "/config/order_key", "must be 'job_id', or a JSON pointer")]
#[case(json!({"order_key": "shot"}), "/config/order_key", "must be 'job_id', or a JSON pointer")]
#[case(json!({"order_key": "/a~2"}), "/config/order_key", "must be 'job_id', or a JSON pointer")]
#[case(json!({"order_key": ["/a"]}), "/config/order_key", "invalid type")]
fn what_cannot_be_is_refused_where_it_stands(
    #[case] config: Value,
    #[case] pointer: &str,
    #[case] why: &str,
    #[values(HookType::Shell, HookType::Python, HookType::Webhook, HookType::Wasm)]
    hook_type: HookType,
) {
    let errors = errors(hook_type, with(hook_type, &config));
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].0, pointer);
    assert!(errors[0].1.starts_with(why), "{}", errors[0].1);
}
