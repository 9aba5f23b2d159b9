//! Deliveries: stored with their event, claimed, settled, taken up again.

use crate::contract;
use crate::fixture::{Fixture, start};
use crate::samples::{ANNA, answering, event, everything, record, spec};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use stagehook_core::delivery::DeliveryState;
use stagehook_core::event::{Event, name};
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::hook::{Hook, HookSpec};
use stagehook_core::ids::{ClaimId, HookId, NodeId};
use stagehook_core::log::ExecutionRecord;
use stagehook_core::scope::Scope;
use stagehook_store::{
    AfterAttempt, Attempt, ClaimedDelivery, Delivery, DeliveryFilter, EventFilter, LogFilter,
    Replay, StoreError, Wanted,
};
use std::collections::BTreeSet;
use std::time::Duration;

contract![
    an_event_leaves_a_delivery_for_each_hook_that_answers_it,
    a_scene_types_hook_answers_in_place_of_the_studios,
    a_change_of_hooks_counts_from_its_commit_on,
    a_delivery_is_claimed_once,
    only_who_holds_the_claim_may_settle,
    an_attempt_and_its_record_are_one,
    a_retry_waits_until_it_is_due,
    what_a_dead_server_was_at_is_taken_up,
    what_is_given_back_is_claimed_again,
    a_deleted_hooks_deliveries_are_cancelled,
    a_delivery_is_retried_by_hand,
    a_range_is_replayed,
    meta_events_are_kept_where_they_are_answered,
    whoever_waits_is_woken_after_the_commit,
];

impl Fixture {
    pub(crate) async fn publish(&self, event: Event) -> usize {
        let published = self.store.publish_events(vec![event], None).await.unwrap();
        published[0].deliveries
    }

    pub(crate) async fn deliveries(&self, filter: DeliveryFilter) -> Vec<Delivery> {
        let page = self.store.list_deliveries(&filter, everything()).await;
        page.unwrap().items
    }

    pub(crate) async fn due(&self) -> Vec<HookId> {
        let due = self.store.due_hooks().await.unwrap();
        due.into_iter().map(|due| due.id).collect()
    }

    pub(crate) async fn claim(&self, hook: HookId, node: NodeId) -> Vec<ClaimedDelivery> {
        self.claim_at(hook, node, start(), 100).await
    }

    pub(crate) async fn claim_at(
        &self,
        hook: HookId,
        node: NodeId,
        now: DateTime<Utc>,
        most: u32,
    ) -> Vec<ClaimedDelivery> {
        let wanted = Wanted {
            hook,
            most,
            rate_limit: None,
            in_order: false,
        };
        let claimed = self
            .store
            .claim_deliveries(ClaimId::generate(), node, now, wanted)
            .await;
        claimed.unwrap().deliveries
    }

    pub(crate) async fn settle(&self, attempts: Vec<Attempt>) -> Vec<(HookId, u32)> {
        let completed = self.store.complete_deliveries(attempts).await;
        completed.unwrap().failing
    }

    /// Publishes an event, and settles its one delivery like this.
    pub(crate) async fn deliver(&self, hook: &Hook, after: AfterAttempt) {
        self.publish(event("shot_ready", None)).await;
        for claimed in self.claim(hook.id, NodeId::generate()).await {
            self.settle(vec![attempt(hook, &claimed, after)]).await;
        }
    }
}

pub(crate) fn attempt(hook: &Hook, claimed: &ClaimedDelivery, after: AfterAttempt) -> Attempt {
    let status = match after {
        AfterAttempt::Succeeded => ExecutionStatus::Passed,
        AfterAttempt::Retry(_) | AfterAttempt::Exhausted => ExecutionStatus::Failed,
        AfterAttempt::Again => ExecutionStatus::Interrupted,
    };
    Attempt {
        delivery: claimed.delivery.id,
        claim: claimed.claim,
        order_key: claimed.delivery.order_key.clone(),
        record: ExecutionRecord {
            delivery_id: Some(claimed.delivery.id),
            stage_run_id: None,
            position: None,
            is_test: false,
            ..record(hook, status)
        },
        after,
        executed: None,
        ended_at: start(),
    }
}

pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

async fn an_event_leaves_a_delivery_for_each_hook_that_answers_it(f: &Fixture) {
    let exact = f.hook(&answering("exact", "shot_ready")).await;
    let glob = f.hook(&answering("glob", "shot_*")).await;
    let all = f.hook(&answering("all", "*")).await;
    f.hook(&answering("other", "delivery_*")).await;
    let off = HookSpec {
        enabled: false,
        ..answering("off", "shot_ready")
    };
    f.hook(&off).await;
    f.hook(&spec("of a stage", json!({}))).await;
    let published = event("shot_ready", None);
    assert_eq!(f.publish(published.clone()).await, 3);
    let filter = DeliveryFilter {
        event_id: Some(published.id),
        ..DeliveryFilter::default()
    };
    let deliveries = f.deliveries(filter).await;
    let hooks: BTreeSet<_> = deliveries.iter().map(|delivery| delivery.hook_id).collect();
    assert_eq!(hooks, BTreeSet::from([exact.id, glob.id, all.id]));
    for delivery in deliveries {
        assert_eq!(delivery.event_id, published.id);
        assert_eq!(delivery.state, DeliveryState::Pending);
        assert_eq!((delivery.attempts, delivery.due_at), (0, start()));
        assert_eq!(f.store.get_delivery(delivery.id).await.unwrap(), delivery);
    }
    assert_eq!(f.store.get_event(published.id).await.unwrap(), published);
}

async fn a_scene_types_hook_answers_in_place_of_the_studios(f: &Fixture) {
    let (project, other) = (f.project("one").await, f.project("other").await);
    let (job, of_other) = (f.job_in(project).await, f.job_in(other).await);
    let studio = f.hook(&answering("notify", "shot_ready")).await;
    let own = HookSpec {
        scope: Scope::Project(project),
        ..answering("notify", "shot_ready")
    };
    let own = f.hook(&own).await;
    let hook_of = async |event: Event| {
        let id = event.id;
        assert_eq!(f.publish(event).await, 1);
        let filter = DeliveryFilter {
            event_id: Some(id),
            ..DeliveryFilter::default()
        };
        f.deliveries(filter).await[0].hook_id
    };
    assert_eq!(hook_of(event("shot_ready", Some(job.id))).await, own.id);
    assert_eq!(
        hook_of(event("shot_ready", Some(of_other.id))).await,
        studio.id
    );
    assert_eq!(hook_of(event("shot_ready", None)).await, studio.id);
    let about_the_project = Event {
        scope: Scope::Project(project),
        ..event("shot_ready", None)
    };
    assert_eq!(hook_of(about_the_project).await, own.id);
    // Switched off there.
    let off = HookSpec {
        enabled: false,
        ..own.spec.clone()
    };
    f.store
        .update_hook(ANNA, own.id, own.version, &off)
        .await
        .unwrap();
    assert_eq!(f.publish(event("shot_ready", Some(job.id))).await, 0);
    assert_eq!(f.publish(event("shot_ready", Some(of_other.id))).await, 1);
}

async fn a_change_of_hooks_counts_from_its_commit_on(f: &Fixture) {
    assert_eq!(f.publish(event("shot_ready", None)).await, 0);
    let hook = f.hook(&answering("late", "shot_ready")).await;
    assert_eq!(f.publish(event("shot_ready", None)).await, 1);
    // A change that is refused is none, although it was the next generation.
    f.store
        .create_hook(ANNA, &answering("late", "shot_ready"))
        .await
        .unwrap_err();
    f.hook(&answering("later", "shot_ready")).await;
    assert_eq!(f.publish(event("shot_ready", None)).await, 2);
    f.store.delete_hook(ANNA, hook.id).await.unwrap();
    assert_eq!(f.publish(event("shot_ready", None)).await, 1);
}

async fn a_delivery_is_claimed_once(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    for _ in 0..40 {
        f.publish(event("shot_ready", None)).await;
    }
    assert_eq!(f.due().await, [hook.id]);
    let node = NodeId::generate;
    let claim = |most| f.claim_at(hook.id, node(), start(), most);
    let (one, two, three) = tokio::join!(claim(15), claim(15), claim(15));
    let mut claimed = [one, two, three].concat();
    claimed.extend(claim(100).await);
    let ids: BTreeSet<_> = claimed.iter().map(|claimed| claimed.delivery.id).collect();
    assert_eq!((claimed.len(), ids.len()), (40, 40));
    assert!(f.due().await.is_empty());
    assert_eq!(claimed[0].event.data["frame"], 7);
}

async fn only_who_holds_the_claim_may_settle(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    f.publish(event("shot_ready", None)).await;
    let claimed = f.claim(hook.id, NodeId::generate()).await.remove(0);
    let stale = Attempt {
        claim: ClaimId::generate(),
        ..attempt(&hook, &claimed, AfterAttempt::Exhausted)
    };
    assert_eq!(f.settle(vec![stale]).await, []);
    let logs = f.store.list_logs(&LogFilter::default(), everything()).await;
    assert!(logs.unwrap().items.is_empty());
    let running = f.store.get_delivery(claimed.delivery.id).await.unwrap();
    assert_eq!(running.state, DeliveryState::Running);
    f.settle(vec![attempt(&hook, &claimed, AfterAttempt::Succeeded)])
        .await;
    // Twice is once.
    f.settle(vec![attempt(&hook, &claimed, AfterAttempt::Succeeded)])
        .await;
    let fares = f.store.hook_deliveries(hook.id).await.unwrap();
    assert_eq!(fares.succeeded, 1);
    let logs = f.store.list_logs(&LogFilter::default(), everything()).await;
    assert_eq!(logs.unwrap().items.len(), 1);
}

async fn an_attempt_and_its_record_are_one(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    f.publish(event("shot_ready", None)).await;
    let claimed = f.claim(hook.id, NodeId::generate()).await.remove(0);
    let mut ended = attempt(&hook, &claimed, AfterAttempt::Exhausted);
    ended.record.error = Some("é".repeat(2_000));
    ended.record.usage.http_status = Some(503);
    assert_eq!(f.settle(vec![ended.clone()]).await, [(hook.id, 1)]);
    let delivery = f.store.get_delivery(claimed.delivery.id).await.unwrap();
    assert_eq!(delivery.state, DeliveryState::Exhausted);
    assert_eq!(
        (delivery.attempts, delivery.last_http_status),
        (1, Some(503))
    );
    assert_eq!(delivery.last_status, Some(ExecutionStatus::Failed));
    assert_eq!(delivery.last_error.unwrap().chars().count(), 500);
    assert_eq!(delivery.finished_at, Some(start()));
    let logs = f
        .store
        .list_logs(&LogFilter::default(), everything())
        .await
        .unwrap();
    let kept = &logs.items[0].record;
    assert_eq!(kept.execution_id, ended.record.execution_id);
    assert_eq!(kept.delivery_id, Some(claimed.delivery.id));
    assert_eq!(kept.error, ended.record.error);
}

async fn a_retry_waits_until_it_is_due(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    f.publish(event("shot_ready", None)).await;
    let node = NodeId::generate();
    let claimed = f.claim(hook.id, node).await.remove(0);
    f.settle(vec![attempt(&hook, &claimed, AfterAttempt::Retry(at(2)))])
        .await;
    let due = f.store.due_hooks().await.unwrap();
    assert_eq!((due[0].id, due[0].due_at), (hook.id, at(2)));
    assert!(f.claim(hook.id, node).await.is_empty());
    let again = f.claim_at(hook.id, node, at(2), 1).await;
    assert_eq!(again[0].delivery.attempts, 1);
    // Cut off: it does not count.
    f.settle(vec![attempt(&hook, &again[0], AfterAttempt::Again)])
        .await;
    assert_eq!(f.claim(hook.id, node).await[0].delivery.attempts, 1);
    let fares = f.store.hook_deliveries(hook.id).await.unwrap();
    assert_eq!((fares.failed_attempts, fares.exhausted), (1, 0));
}

async fn what_a_dead_server_was_at_is_taken_up(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    let (dead, alive, own) = (NodeId::generate(), NodeId::generate(), NodeId::generate());
    f.store.renew_lease(dead, at(10)).await.unwrap();
    f.store.renew_lease(alive, at(100)).await.unwrap();
    f.store.renew_lease(own, at(100)).await.unwrap();
    let mut claims = Vec::new();
    for node in [dead, alive, own] {
        f.publish(event("shot_ready", None)).await;
        let claimed = f.claim(hook.id, node).await;
        assert_eq!(claimed.len(), 1);
        claims.push(claimed[0].claim);
    }
    let recover = async |dead, seconds| {
        f.store
            .recover_deliveries(own, dead, at(seconds))
            .await
            .unwrap()
    };
    assert_eq!(recover(vec![], 9).await, 0);
    assert_eq!(recover(vec![ClaimId::generate()], 11).await, 1);
    assert_eq!(recover(vec![], 11).await, 0);
    // What is its own, and nobody is at.
    assert_eq!(f.store.own_claims(own).await.unwrap(), [claims[2]]);
    assert_eq!(recover(vec![claims[2]], 11).await, 1);
    let taken_up = f.claim(hook.id, own).await;
    assert_eq!(taken_up.len(), 2);
    // Who was only slow finds that its claim is lost.
    let running = f
        .deliveries(DeliveryFilter {
            state: Some(DeliveryState::Running),
            ..DeliveryFilter::default()
        })
        .await;
    assert_eq!(running.len(), 3);
}

async fn what_is_given_back_is_claimed_again(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    f.publish(event("shot_ready", None)).await;
    let node = NodeId::generate();
    let claimed = f.claim(hook.id, node).await.remove(0);
    let id = claimed.delivery.id;
    let release = async |claim| f.store.release_deliveries(vec![(id, claim)]).await.unwrap();
    release(ClaimId::generate()).await;
    assert!(f.claim(hook.id, node).await.is_empty());
    release(claimed.claim).await;
    assert_eq!(f.claim(hook.id, node).await[0].delivery.id, id);
}

async fn a_deleted_hooks_deliveries_are_cancelled(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    f.publish(event("shot_ready", None)).await;
    f.publish(event("shot_ready", None)).await;
    let node = NodeId::generate();
    let attempted = f.claim_at(hook.id, node, start(), 1).await.remove(0);
    f.store.delete_hook(ANNA, hook.id).await.unwrap();
    assert!(f.due().await.is_empty());
    // What was being attempted then is cancelled when it would wait again.
    f.settle(vec![attempt(&hook, &attempted, AfterAttempt::Retry(at(2)))])
        .await;
    f.store
        .recover_deliveries(node, Vec::new(), at(1))
        .await
        .unwrap();
    for delivery in f.deliveries(DeliveryFilter::default()).await {
        assert_eq!(delivery.state, DeliveryState::Cancelled);
        assert!(delivery.finished_at.is_some());
    }
}

async fn a_delivery_is_retried_by_hand(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    f.publish(event("shot_ready", None)).await;
    let node = NodeId::generate();
    let claimed = f.claim(hook.id, node).await.remove(0);
    let id = claimed.delivery.id;
    let error = f.store.retry_delivery(ANNA, id).await.unwrap_err();
    assert!(
        matches!(error, StoreError::DeliveryRunning { .. }),
        "{error}"
    );
    f.settle(vec![attempt(&hook, &claimed, AfterAttempt::Exhausted)])
        .await;
    let retried = f.store.retry_delivery(ANNA, id).await.unwrap();
    assert_eq!(
        (retried.state, retried.attempts),
        (DeliveryState::Pending, 0)
    );
    let again = f.claim(hook.id, node).await.remove(0);
    assert_eq!(again.event.id, claimed.event.id);
    // One that waits gets its next attempt now.
    f.settle(vec![attempt(&hook, &again, AfterAttempt::Retry(at(60)))])
        .await;
    let retried = f.store.retry_delivery(ANNA, id).await.unwrap();
    assert_eq!((retried.due_at, retried.attempts), (start(), 1));
}

async fn a_range_is_replayed(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_*")).await;
    let publish = async |event_name: &str, seconds| {
        let published = Event {
            created_at: at(seconds),
            ..event(event_name, None)
        };
        f.publish(published).await;
    };
    publish("shot_ready", 1).await;
    publish("shot_lost", 2).await;
    publish("shot_ready", 3).await;
    let afters = [
        AfterAttempt::Succeeded,
        AfterAttempt::Exhausted,
        AfterAttempt::Exhausted,
    ];
    let claimed = f.claim_at(hook.id, NodeId::generate(), at(9), 9).await;
    for (claimed, after) in claimed.iter().zip(afters) {
        f.settle(vec![attempt(&hook, claimed, after)]).await;
    }
    let replay = Replay {
        since: at(0),
        until: at(3),
        event: None,
        hook_id: None,
        succeeded: false,
    };
    let of_shot_ready = Replay {
        event: Some("shot_ready".parse().unwrap()),
        ..replay.clone()
    };
    let replayed = async |replay: Replay| {
        let replayed = f.store.replay(ANNA, replay).await.unwrap();
        assert_eq!(replayed.next_since, None);
        replayed.deliveries
    };
    assert_eq!(replayed(of_shot_ready).await, 0);
    assert_eq!(replayed(replay.clone()).await, 1);
    let with_succeeded = Replay {
        succeeded: true,
        ..replay.clone()
    };
    assert_eq!(replayed(with_succeeded).await, 1);
    // A hook that came later gets what it would have answered.
    let late = f.hook(&answering("late", "shot_ready")).await;
    let to_late = Replay {
        hook_id: Some(late.id),
        until: at(100),
        ..replay
    };
    assert_eq!(replayed(to_late.clone()).await, 2);
    assert_eq!(replayed(to_late).await, 0);
    let matching = DeliveryFilter {
        contains: Some("50% _d".to_owned()),
        hook_id: Some(late.id),
        ..DeliveryFilter::default()
    };
    assert_eq!(f.deliveries(matching.clone()).await.len(), 2);
    let not_matching = DeliveryFilter {
        contains: Some("50%__d".to_owned()),
        ..matching
    };
    assert!(f.deliveries(not_matching).await.is_empty());
}

async fn meta_events_are_kept_where_they_are_answered(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    let executed = async || {
        f.publish(event("shot_ready", None)).await;
        let claimed = f.claim(hook.id, NodeId::generate()).await.remove(0);
        let ended = Attempt {
            executed: Some(event(name::HOOK_EXECUTED, None)),
            ..attempt(&hook, &claimed, AfterAttempt::Succeeded)
        };
        f.settle(vec![ended]).await;
        let filter = EventFilter {
            event_name: Some(name::HOOK_EXECUTED.to_owned()),
            ..EventFilter::default()
        };
        let events = f.store.list_events(&filter, everything()).await.unwrap();
        events.items.len()
    };
    assert_eq!(executed().await, 0);
    f.hook(&answering("watcher", "hook_*")).await;
    assert_eq!(executed().await, 1);
}

async fn whoever_waits_is_woken_after_the_commit(f: &Fixture) {
    // What it takes for nobody to be woken: every call before is answered.
    const NOT_WOKEN: Duration = Duration::from_millis(50);
    const WOKEN: Duration = Duration::from_secs(20);
    let woken = |patience| tokio::time::timeout(patience, f.store.deliveries_left());
    if !f.is_sqlite() {
        // When it begins to hear of other servers: what did they leave before?
        woken(WOKEN).await.expect("nobody was woken");
    }
    f.publish(event("shot_ready", None)).await;
    assert!(woken(NOT_WOKEN).await.is_err(), "woken by nothing");
    f.hook(&answering("notify", "shot_ready")).await;
    f.publish(event("shot_ready", None)).await;
    woken(WOKEN).await.expect("nobody was woken");
    assert_eq!(f.due().await.len(), 1);
}
