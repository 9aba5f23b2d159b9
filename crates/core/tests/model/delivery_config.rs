//! How a hook says how its deliveries are made. REQ-EVT-6

use crate::config::{errors, with};
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::config::{HookConfig, HookType};
use stagehook_core::delivery::DeliveryPolicy;

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
            concurrency
        }
    );
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
