//! Events that somebody else publishes: once under a key, and many at a time.

use crate::contract;
use crate::deliveries::at;
use crate::fixture::Fixture;
use crate::samples::{answering, event, spec};
use serde_json::json;
use stagehook_core::event::Event;
use stagehook_core::ids::EventId;
use stagehook_store::{DeliveryFilter, PublicationKey, StoreError};
use std::collections::BTreeSet;
use tokio::task::JoinSet;

contract![
    a_publication_is_repeated_under_its_key,
    publications_at_the_same_time_share_nothing_but_their_transaction,
];

async fn a_publication_is_repeated_under_its_key(f: &Fixture) {
    f.hook(&answering("notify", "shot_ready")).await;
    let key = |of: &str| {
        Some(PublicationKey {
            key: "take-7".to_owned(),
            digest: stagehook_core::digest::Digest::of(of.as_bytes()),
        })
    };
    let publish = |of| {
        f.store
            .publish_events(vec![event("shot_ready", None)], key(of))
    };
    let first = publish("a").await.unwrap();
    assert_eq!(publish("a").await.unwrap(), first);
    let error = publish("b").await.unwrap_err();
    assert!(matches!(error, StoreError::PublicationKeyReused), "{error}");
    assert_eq!(f.deliveries(DeliveryFilter::default()).await.len(), 1);
    assert_eq!(f.store.forget_publications(at(1)).await.unwrap(), 1);
    assert_ne!(publish("b").await.unwrap(), first);
    // In the same moment, too.
    f.store.forget_publications(at(1)).await.unwrap();
    let (one, two) = tokio::join!(publish("c"), publish("c"));
    assert_eq!(one.unwrap(), two.unwrap());
}

async fn publications_at_the_same_time_share_nothing_but_their_transaction(f: &Fixture) {
    let project = f.project("north").await;
    let job = f.job_in(project).await;
    f.hook(&answering("all", "shot_*")).await;
    f.hook(&spec(
        "of the project",
        json!({"hook_point": null, "event": "shot_ready", "failure_mode": "warn",
            "scope_type": "project", "scope_id": project}),
    ))
    .await;
    let taken = event("shot_ready", None);
    f.publish(taken.clone()).await;

    // Each its own number of events, some of the job, some that nobody answers;
    // every tenth with an id that is taken.
    let publication = |number: usize| {
        let name = ["shot_ready", "shot_done", "render_done"][number % 3];
        let about = number.is_multiple_of(2).then_some(job.id);
        let mut events: Vec<Event> = (0..=number % 70).map(|_| event(name, about)).collect();
        if number.is_multiple_of(10) {
            events.push(taken.clone());
        }
        let each = match (name, about) {
            ("shot_ready", Some(_)) => 2,
            ("render_done", _) => 0,
            _ => 1,
        };
        (events, each)
    };
    let mut publications = JoinSet::new();
    for number in 0..150 {
        let store = f.store.clone();
        let (events, each) = publication(number);
        publications.spawn(async move {
            let ids: Vec<EventId> = events.iter().map(|event| event.id).collect();
            (number, ids, each, store.publish_events(events, None).await)
        });
    }
    let mut stored = BTreeSet::from([taken.id]);
    for (number, ids, each, answer) in publications.join_all().await {
        match answer {
            Ok(published) => {
                assert!(!number.is_multiple_of(10), "an id was stored twice");
                let expected: Vec<_> = ids.iter().map(|id| (*id, each)).collect();
                let published = published.iter().map(|event| (event.id, event.deliveries));
                assert_eq!(published.collect::<Vec<_>>(), expected);
                stored.extend(ids);
            }
            Err(error) => assert!(number.is_multiple_of(10), "{number}: {error}"),
        }
    }
    let events = f.store.events_after(0, 100_000).await.unwrap();
    let found: Vec<EventId> = events
        .into_iter()
        .filter(|(_, event)| {
            ["shot_ready", "shot_done", "render_done"].contains(&&*event.event_name)
        })
        .map(|(_, event)| event.id)
        .collect();
    assert_eq!(found.len(), stored.len());
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), stored);
}
