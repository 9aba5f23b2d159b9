//! What every test needs: a runner, and ways to send.

use serde_json::{Value, json};
use stagehook_core::config::{HookConfig, HookType};
use stagehook_core::contract::{HookInput, TriggerRef};
use stagehook_core::execution::Execution;
use stagehook_core::ids::EventId;
use stagehook_core::trigger::HookPoint;
use stagehook_runners::webhook::{WebhookRunner, WebhookSettings};
use stagehook_runners::{Invocation, NetworkPolicy, Secrets};
use stagehook_test_support::hook::input;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Nothing here takes this long unless something hangs.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A runner that may reach receivers on this machine, with secrets.
pub(crate) fn runner(secrets: &[(&str, &str)]) -> WebhookRunner {
    let mut settings =
        WebhookSettings::new(Arc::new(Secrets::from_env(secrets.iter().map(
            |(name, value)| (format!("STAGEHOOK_SECRET_{name}"), (*value).to_owned()),
        ))));
    settings.network = NetworkPolicy {
        allow_private: true,
    };
    WebhookRunner::new(settings).unwrap()
}

/// Sends a stage's webhook.
pub(crate) async fn send(config: Value) -> Execution {
    send_with(&runner(&[]), config, &stage(), LONG).await
}

/// Sends a stage's webhook to this URL.
pub(crate) async fn send_to(url: &str) -> Execution {
    send(json!({"url": url})).await
}

pub(crate) async fn send_with(
    runner: &WebhookRunner,
    config: Value,
    input: &HookInput,
    timeout: Duration,
) -> Execution {
    let never = CancellationToken::new();
    send_cancellable(runner, config, input, timeout, &never).await
}

pub(crate) async fn send_cancellable(
    runner: &WebhookRunner,
    config: Value,
    input: &HookInput,
    timeout: Duration,
    cancel: &CancellationToken,
) -> Execution {
    let HookConfig::Webhook(config) = HookConfig::parse(HookType::Webhook, config).unwrap() else {
        unreachable!()
    };
    let input_json = serde_json::to_string(input).unwrap();
    runner
        .run(
            &config,
            Invocation {
                input,
                input_json: &input_json,
                timeout,
                cancel,
            },
        )
        .await
        .unwrap()
}

/// What a stage that waits is told.
pub(crate) fn stage() -> HookInput {
    HookInput {
        job: None,
        trigger: TriggerRef::Stage {
            hook_point: HookPoint::PostDelivery,
        },
        ..input()
    }
}

/// What an event that nobody waits for is told.
pub(crate) fn event(event_id: EventId, data: Value) -> HookInput {
    HookInput {
        trigger: TriggerRef::Event {
            event: "job_failed".to_owned(),
            event_id,
        },
        data: Some(data),
        ..stage()
    }
}
