//! What is old and over is deleted, and nothing else. REQ-OPS-4

use crate::contract;
use crate::deliveries::{at, attempt};
use crate::fixture::{Fixture, start};
use crate::samples::{answering, event, everything, proceed, record, spec, step};
use chrono::{DateTime, Utc};
use serde_json::json;
use stagehook_core::event::Event;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::hook::Hook;
use stagehook_core::ids::{ClaimId, DeliveryId, EventId, NodeId};
use stagehook_core::log::ExecutionRecord;
use stagehook_store::{
    AfterAttempt, Aging, DeliveryFilter, EventFilter, LogFilter, StageEnd, Wanted,
};
use std::collections::BTreeSet;

contract![
    an_event_goes_with_its_deliveries_once_all_of_it_is_old,
    the_newest_event_stays,
    deliveries_that_are_over_go_by_themselves,
    logs_go_but_those_that_somebody_waits_for,
    a_long_past_goes_part_by_part,
    servers_that_delete_at_the_same_time_do_no_harm,
];

impl Fixture {
    /// Deletes what is older than this; answers how many rows went.
    async fn delete(&self, what: Aging, before: DateTime<Utc>) -> u64 {
        let mut rows = 0;
        let mut place = Some(0);
        while let Some(after) = place {
            let deleted = self.store.delete_aged(what, before, after).await.unwrap();
            rows += deleted.rows;
            place = deleted.next;
        }
        rows
    }

    async fn published(&self, seconds: i64) -> EventId {
        let published = Event {
            created_at: at(seconds),
            ..event("shot_ready", None)
        };
        let id = published.id;
        self.publish(published).await;
        id
    }

    /// Makes the delivery of each event that has one so, at that time.
    async fn end_all(&self, hook: &Hook, ended_at: DateTime<Utc>, after: AfterAttempt) {
        let wanted = Wanted {
            hook: hook.id,
            most: 100,
            rate_limit: None,
            in_order: false,
        };
        let (claim, node) = (ClaimId::generate(), NodeId::generate());
        let claimed = self.store.claim_deliveries(claim, node, at(1_000), wanted);
        let attempts = claimed.await.unwrap().deliveries;
        let attempts = attempts.iter().map(|claimed| {
            let mut ended = attempt(hook, claimed, after);
            ended.ended_at = ended_at;
            ended
        });
        self.settle(attempts.collect()).await;
    }

    /// The events of that type that are there.
    async fn events(&self) -> BTreeSet<EventId> {
        let filter = EventFilter {
            event_name: Some("shot_ready".to_owned()),
            ..EventFilter::default()
        };
        let page = self.store.list_events(&filter, everything()).await.unwrap();
        page.items.into_iter().map(|event| event.id).collect()
    }

    async fn delivered(&self) -> BTreeSet<EventId> {
        let found = self.deliveries(DeliveryFilter::default()).await;
        found.into_iter().map(|one| one.event_id).collect()
    }
}

async fn an_event_goes_with_its_deliveries_once_all_of_it_is_old(f: &Fixture) {
    let without = f.published(0).await;
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    let old = f.published(1).await;
    f.end_all(&hook, at(2), AfterAttempt::Succeeded).await;
    // Old, but what came of it is not.
    let lately = f.published(3).await;
    f.end_all(&hook, at(50), AfterAttempt::Exhausted).await;
    let retried = f.published(4).await;
    f.end_all(&hook, at(5), AfterAttempt::Retry(at(2_000)))
        .await;
    let waits = f.published(6).await;
    let young = f.published(60).await;
    assert_eq!(f.delete(Aging::Events, at(0)).await, 0, "nothing is as old");
    f.delete(Aging::Events, at(10)).await;
    let stay = BTreeSet::from([lately, retried, waits, young]);
    assert_eq!(f.events().await, stay);
    assert_eq!(f.delivered().await, stay);
    assert_eq!(f.store.event_position(old).await.unwrap(), None);
    assert_eq!(f.store.event_position(without).await.unwrap(), None);
    // What waits is old, too, and stays.
    f.delete(Aging::Events, at(1_000)).await;
    assert_eq!(f.events().await, BTreeSet::from([retried, waits, young]));
}

async fn the_newest_event_stays(f: &Fixture) {
    // Who listens counts from the newest place on.
    f.published(0).await;
    let newest = f.published(1).await;
    let place = f.store.last_event().await.unwrap();
    f.delete(Aging::Events, at(100)).await;
    assert_eq!(f.events().await, BTreeSet::from([newest]));
    assert_eq!(f.store.last_event().await.unwrap(), place);
    assert_eq!(f.delete(Aging::Events, at(100)).await, 0);
}

async fn deliveries_that_are_over_go_by_themselves(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    let old = f.published(0).await;
    f.end_all(&hook, at(1), AfterAttempt::Succeeded).await;
    let lately = f.published(2).await;
    f.end_all(&hook, at(50), AfterAttempt::Succeeded).await;
    let waits = f.published(3).await;
    assert_eq!(f.delete(Aging::Deliveries, at(10)).await, 1);
    assert_eq!(f.delivered().await, BTreeSet::from([lately, waits]));
    assert_eq!(f.events().await, BTreeSet::from([old, lately, waits]));
    // What the hook did is counted all the same.
    let fares = f.store.hook_deliveries(hook.id).await.unwrap();
    assert_eq!((fares.succeeded, fares.pending), (2, 1));
}

async fn logs_go_but_those_that_somebody_waits_for(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let append = async |given: ExecutionRecord| f.store.append_log(&given).await.unwrap();
    let passed = ExecutionStatus::Passed;
    let old = append(record(&hook, passed)).await;
    let job = f.job().await;
    let node = NodeId::generate();
    let running = f.run(job.id, &hook, node).await;
    let of_running = append(step(&hook, job.id, running, 0, passed)).await;
    let halted = f.job().await;
    let run = f.run(halted.id, &hook, node).await;
    let of_halted = append(step(&hook, halted.id, run, 0, passed)).await;
    f.store
        .finish_stage_run(run, node, proceed(None))
        .await
        .unwrap();
    let review = format!(
        "UPDATE jobs SET status = 'failed', needs_review = TRUE WHERE id = {}",
        halted.id
    );
    f.raw(&review).await.unwrap();
    let of_delivery = |id| ExecutionRecord {
        delivery_id: Some(id),
        is_test: false,
        ..record(&hook, passed)
    };
    let answers = f.hook(&answering("notify", "shot_ready")).await;
    f.published(0).await;
    let waits = f.deliveries(DeliveryFilter::default()).await[0].id;
    let of_waiting = append(of_delivery(waits)).await;
    let of_gone = append(of_delivery(DeliveryId::generate())).await;
    let young = ExecutionRecord {
        executed_at: at(50),
        ..record(&hook, passed)
    };
    let young = append(young).await;
    assert_eq!(f.delete(Aging::Logs, start()).await, 0);
    assert_eq!(f.delete(Aging::Logs, at(10)).await, 2);
    let page = f.store.list_logs(&LogFilter::default(), everything()).await;
    let left: BTreeSet<_> = page.unwrap().items.into_iter().map(|log| log.id).collect();
    assert_eq!(
        left,
        BTreeSet::from([of_running, of_halted, of_waiting, young])
    );
    assert!(!left.contains(&old) && !left.contains(&of_gone));
    let planned = async |run| f.store.get_stage_run(run).await.unwrap().plan.len();
    assert_eq!((planned(running).await, planned(run).await), (1, 1));
    // Nobody waits any more.
    f.end_all(&answers, at(20), AfterAttempt::Succeeded).await;
    let lately = StageEnd {
        finished_at: at(60),
        ..proceed(None)
    };
    f.store
        .finish_stage_run(running, node, lately)
        .await
        .unwrap();
    f.raw("UPDATE jobs SET needs_review = FALSE").await.unwrap();
    assert_eq!(f.delete(Aging::Logs, at(10)).await, 3, "with the attempt's");
    assert_eq!((planned(running).await, planned(run).await), (1, 0));
    assert_eq!(f.delete(Aging::Logs, at(70)).await, 2);
    assert_eq!(
        planned(running).await,
        0,
        "nothing says that it was not run"
    );
}

async fn a_long_past_goes_part_by_part(f: &Fixture) {
    let many: Vec<_> = (0..1_200).map(|_| event("shot_ready", None)).collect();
    f.store.publish_events(many, None).await.unwrap();
    let newest = f.published(100).await;
    let first = f.store.delete_aged(Aging::Events, at(10), 0).await.unwrap();
    assert!((1..=500).contains(&first.rows), "{first:?}");
    assert!(first.next.is_some());
    f.delete(Aging::Events, at(10)).await;
    assert_eq!(f.events().await, BTreeSet::from([newest]));
    // The walk begins where something is left.
    let again = f.store.delete_aged(Aging::Events, at(10), 0).await.unwrap();
    assert_eq!((again.rows, again.next), (0, None));
}

async fn servers_that_delete_at_the_same_time_do_no_harm(f: &Fixture) {
    let hook = f.hook(&answering("notify", "shot_ready")).await;
    for _ in 0..60 {
        f.published(0).await;
    }
    f.end_all(&hook, at(1), AfterAttempt::Succeeded).await;
    let newest = f.published(100).await;
    let delete = || f.delete(Aging::Events, at(10));
    let publish = async {
        for _ in 0..20 {
            f.published(100).await;
        }
    };
    tokio::join!(delete(), delete(), delete(), publish);
    f.delete(Aging::Events, at(10)).await;
    let left = f.events().await;
    assert_eq!(left.len(), 21);
    assert!(left.contains(&newest));
    assert_eq!(f.delivered().await, left);
}
