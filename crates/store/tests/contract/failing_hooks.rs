//! How a hook fares with its deliveries: disabled, on probation, paused.

use crate::contract;
use crate::deliveries::{at, attempt};
use crate::fixture::{Fixture, start};
use crate::samples::{ANNA, answering, event, everything};
use serde_json::json;
use stagehook_core::delivery::EXHAUSTED_IN_A_ROW_MAX;
use stagehook_core::event::name;
use stagehook_core::hook::HookSpec;
use stagehook_core::ids::NodeId;
use stagehook_store::{AfterAttempt, EventFilter};

contract![
    ten_in_a_row_disable_a_hook,
    a_success_in_between_begins_the_count_anew,
    a_hook_that_is_enabled_again_is_on_probation,
    a_receiver_that_is_gone_disables_its_hook,
    a_paused_hook_gets_nothing_and_loses_nothing,
];

async fn ten_in_a_row_disable_a_hook(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    let watcher = f.hook(&answering("watcher", name::HOOK_DISABLED)).await;
    for exhausted in 1..=EXHAUSTED_IN_A_ROW_MAX {
        // Attempts that are retried do not count.
        f.deliver(&hook, AfterAttempt::Retry(at(1))).await;
        assert!(!f.store.disable_failing_hook(hook.id, false).await.unwrap());
        f.deliver(&hook, AfterAttempt::Exhausted).await;
        let fares = f.store.hook_deliveries(hook.id).await.unwrap();
        assert_eq!(fares.exhausted_in_a_row, exhausted);
    }
    assert!(f.store.disable_failing_hook(hook.id, false).await.unwrap());
    assert!(!f.store.disable_failing_hook(hook.id, false).await.unwrap());
    let disabled = f.store.get_hook(hook.id).await.unwrap();
    assert!(!disabled.spec.enabled);
    assert_eq!(disabled.version, hook.version + 1);
    let fares = f.store.hook_deliveries(hook.id).await.unwrap();
    assert_eq!(
        fares.disabled_reason.as_deref(),
        Some("10 deliveries in a row failed in every attempt")
    );
    // Those that wait are kept, and not attempted.
    assert_eq!(fares.pending, 10);
    assert_eq!(f.due().await, [watcher.id]);
    let filter = EventFilter {
        event_name: Some(name::HOOK_DISABLED.to_owned()),
        ..EventFilter::default()
    };
    let events = f.store.list_events(&filter, everything()).await.unwrap();
    assert_eq!(events.items.len(), 1);
    assert_eq!(events.items[0].data["hook_id"], json!(hook.id));
}

async fn a_success_in_between_begins_the_count_anew(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    for _ in 0..3 {
        for _ in 1..EXHAUSTED_IN_A_ROW_MAX {
            f.deliver(&hook, AfterAttempt::Exhausted).await;
        }
        f.deliver(&hook, AfterAttempt::Succeeded).await;
        assert!(!f.store.disable_failing_hook(hook.id, false).await.unwrap());
    }
    // Also within one batch: what came after the last success counts.
    for _ in 0..4 {
        f.publish(event("shot_ready", None)).await;
    }
    let claimed = f.claim(hook.id, NodeId::generate()).await;
    let afters = [
        AfterAttempt::Exhausted,
        AfterAttempt::Succeeded,
        AfterAttempt::Exhausted,
        AfterAttempt::Exhausted,
    ];
    let attempts = claimed.iter().zip(afters);
    let attempts = attempts.map(|(claimed, after)| attempt(&hook, claimed, after));
    assert_eq!(f.settle(attempts.collect()).await, [(hook.id, 2)]);
}

async fn a_hook_that_is_enabled_again_is_on_probation(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    let enable = async || {
        let off = f.store.get_hook(hook.id).await.unwrap();
        let on = HookSpec {
            enabled: true,
            ..off.spec
        };
        f.store
            .update_hook(ANNA, hook.id, off.version, &on)
            .await
            .unwrap()
    };
    for _ in 0..EXHAUSTED_IN_A_ROW_MAX {
        f.deliver(&hook, AfterAttempt::Exhausted).await;
    }
    assert!(f.store.disable_failing_hook(hook.id, false).await.unwrap());
    enable().await;
    f.publish(event("shot_ready", None)).await;
    assert!(f.store.due_hooks().await.unwrap()[0].is_probing);
    for claimed in f.claim(hook.id, NodeId::generate()).await {
        f.settle(vec![attempt(&hook, &claimed, AfterAttempt::Exhausted)])
            .await;
    }
    assert!(f.store.disable_failing_hook(hook.id, false).await.unwrap());
    enable().await;
    f.deliver(&hook, AfterAttempt::Succeeded).await;
    let fares = f.store.hook_deliveries(hook.id).await.unwrap();
    assert!(!fares.is_probing);
    assert_eq!((fares.exhausted_in_a_row, fares.disabled_reason), (0, None));
    f.deliver(&hook, AfterAttempt::Exhausted).await;
    assert!(!f.store.disable_failing_hook(hook.id, false).await.unwrap());
}

async fn a_receiver_that_is_gone_disables_its_hook(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    assert!(f.store.disable_failing_hook(hook.id, true).await.unwrap());
    let fares = f.store.hook_deliveries(hook.id).await.unwrap();
    assert!(fares.disabled_reason.unwrap().contains("410"));
}

async fn a_paused_hook_gets_nothing_and_loses_nothing(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    let deliverable = async || f.store.deliverable(&[hook.id]).await.unwrap();
    assert_eq!(deliverable().await, [(hook.id, hook.version)]);
    f.store.pause_deliveries(ANNA, hook.id, true).await.unwrap();
    assert_eq!(deliverable().await, []);
    assert_eq!(f.publish(event("shot_ready", None)).await, 1);
    assert!(f.due().await.is_empty());
    let fares = f.store.hook_deliveries(hook.id).await.unwrap();
    assert_eq!((fares.pending, fares.paused_at), (1, Some(start())));
    f.store
        .pause_deliveries(ANNA, hook.id, false)
        .await
        .unwrap();
    assert_eq!(f.due().await, [hook.id]);
}
