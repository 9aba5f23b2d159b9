//! Deliveries that are made one after the other, and no faster than a rate.

use crate::contract;
use crate::deliveries::{at, attempt};
use crate::fixture::{Fixture, start};
use crate::samples::{ANNA, spec};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use stagehook_core::delivery::{DeliveryState, RateLimit};
use stagehook_core::event::Event;
use stagehook_core::hook::{Hook, HookSpec};
use stagehook_core::ids::{ClaimId, EventId, NodeId};
use stagehook_core::scope::Scope;
use stagehook_store::{AfterAttempt, Claimed, ClaimedDelivery, Delivery, DeliveryFilter, Wanted};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

contract![
    those_of_a_key_are_made_one_after_the_other,
    one_that_is_retried_holds_back_its_key_alone,
    what_is_held_calls_for_nothing,
    an_event_without_the_value_has_no_order,
    whatever_happens_each_key_is_in_order_and_nothing_is_left,
    servers_at_the_same_time_keep_the_order,
    a_key_that_is_taken_away_leaves_nothing_held,
    what_waits_keeps_its_order_when_the_key_is_taken_away,
    a_deleted_hooks_held_deliveries_are_cancelled,
    what_lies_behind_a_long_queue_is_reached,
    no_more_begin_than_the_rate_allows,
    a_rate_that_is_changed_or_a_clock_that_is_set_back_holds_nothing_up,
    servers_share_a_rate,
];

fn ordered(name: &str) -> HookSpec {
    answering(name, json!({"order_key": "/shot"}))
}

fn answering(name: &str, more: Value) -> HookSpec {
    let mut config = json!({"script_path": "check.sh"});
    let Value::Object(more) = more else {
        panic!("{more} is no object")
    };
    config.as_object_mut().unwrap().extend(more);
    spec(
        name,
        json!({"hook_point": null, "event": "shot_ready", "config": config}),
    )
}

fn event(data: Value) -> Event {
    let Value::Object(data) = data else {
        panic!("{data} is no object")
    };
    Event {
        id: EventId::generate(),
        event_name: "shot_ready".to_owned(),
        data,
        job_id: None,
        scope: Scope::Studio,
        created_at: start(),
    }
}

fn of_shot(shot: &str, number: usize) -> Event {
    event(json!({"shot": shot, "number": number}))
}

/// `12A 3`: the third event of shot 12A.
fn named(claimed: &ClaimedDelivery) -> String {
    let data = &claimed.event.data;
    format!("{} {}", data["shot"].as_str().unwrap(), data["number"])
}

fn names(claimed: &[ClaimedDelivery]) -> BTreeSet<String> {
    claimed.iter().map(named).collect()
}

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

impl Fixture {
    async fn shots<const N: usize>(&self, shots: [(&str, usize); N]) {
        let events = shots.map(|(shot, number)| of_shot(shot, number));
        self.store
            .publish_events(events.into(), None)
            .await
            .unwrap();
    }

    async fn take(&self, hook: &Hook, now: DateTime<Utc>, most: u32) -> Claimed {
        let due = self.store.due_hooks().await.unwrap();
        let waits_in_order = due.iter().any(|due| due.id == hook.id && due.in_order);
        let wanted = Wanted {
            hook: hook.id,
            most,
            rate_limit: hook.spec.config.delivery().rate_limit,
            in_order: waits_in_order || hook.spec.config.order_key().is_some(),
        };
        let (claim, node) = (ClaimId::generate(), NodeId::generate());
        let claimed = self.store.claim_deliveries(claim, node, now, wanted).await;
        claimed.unwrap()
    }

    async fn take_all(&self, hook: &Hook, now: DateTime<Utc>) -> Vec<ClaimedDelivery> {
        self.take(hook, now, 100).await.deliveries
    }

    async fn settled(&self, hook: &Hook, claimed: &ClaimedDelivery, after: AfterAttempt) {
        self.settle(vec![attempt(hook, claimed, after)]).await;
    }
}

async fn those_of_a_key_are_made_one_after_the_other(f: &Fixture) {
    let hook = f.hook(&ordered("notify")).await;
    f.shots([("a", 1), ("a", 2), ("b", 1), ("a", 3), ("b", 2)])
        .await;
    let claimed = f.take_all(&hook, start()).await;
    assert_eq!(names(&claimed), set(["a 1", "b 1"]));
    assert_eq!(claimed[0].delivery.order_key.as_deref(), Some("\"a\""));
    assert_eq!(names(&f.take_all(&hook, start()).await), set([]));
    let of = |name: &str| claimed.iter().find(|claimed| named(claimed) == name);
    f.settled(&hook, of("b 1").unwrap(), AfterAttempt::Succeeded)
        .await;
    assert_eq!(names(&f.take_all(&hook, start()).await), set(["b 2"]));
    f.settled(&hook, of("a 1").unwrap(), AfterAttempt::Exhausted)
        .await;
    let second = f.take_all(&hook, start()).await;
    assert_eq!(names(&second), set(["a 2"]));
    // A batch ends one and lets the next go all the same.
    f.settled(&hook, &second[0], AfterAttempt::Succeeded).await;
    assert_eq!(names(&f.take_all(&hook, start()).await), set(["a 3"]));
}

async fn one_that_is_retried_holds_back_its_key_alone(f: &Fixture) {
    let hook = f.hook(&ordered("notify")).await;
    f.shots([("a", 1), ("a", 2), ("b", 1)]).await;
    for claimed in f.take_all(&hook, start()).await {
        let after = match named(&claimed).as_str() {
            "a 1" => AfterAttempt::Retry(at(8)),
            _ => AfterAttempt::Succeeded,
        };
        f.settled(&hook, &claimed, after).await;
    }
    f.shots([("b", 2), ("a", 3)]).await;
    let claimed = f.take_all(&hook, at(7)).await;
    assert_eq!(names(&claimed), set(["b 2"]));
    // The next is due when the retry is.
    let due = f.store.due_hooks().await.unwrap();
    assert_eq!((due[0].id, due[0].due_at), (hook.id, at(8)));
    let again = f.take_all(&hook, at(8)).await;
    assert_eq!(names(&again), set(["a 1"]));
    // Cut off, it comes again before the others.
    f.settled(&hook, &again[0], AfterAttempt::Again).await;
    let again = f.take_all(&hook, at(8)).await;
    assert_eq!(names(&again), set(["a 1"]));
    f.settled(&hook, &again[0], AfterAttempt::Exhausted).await;
    let second = f.take_all(&hook, at(8)).await;
    assert_eq!(names(&second), set(["a 2"]));
    // Tried again by hand, it is first again, but not while another one is made.
    let id = again[0].delivery.id;
    f.store.retry_delivery(ANNA, id).await.unwrap();
    assert_eq!(names(&f.take_all(&hook, at(8)).await), set([]));
    f.settled(&hook, &second[0], AfterAttempt::Retry(at(8)))
        .await;
    assert_eq!(names(&f.take_all(&hook, at(8)).await), set(["a 1"]));
}

async fn what_is_held_calls_for_nothing(f: &Fixture) {
    let hook = f.hook(&ordered("notify")).await;
    f.shots([("a", 1), ("a", 2), ("a", 3)]).await;
    let claimed = f.take_all(&hook, start()).await;
    assert_eq!(names(&claimed), set(["a 1"]));
    assert_eq!(f.due().await, []);
    let fares = f.store.hook_deliveries(hook.id).await.unwrap();
    assert_eq!(fares.pending, 2);
    f.settled(&hook, &claimed[0], AfterAttempt::Succeeded).await;
    let woken = f.store.deliveries_left();
    let woken = tokio::time::timeout(Duration::from_secs(20), woken).await;
    woken.expect("nobody was woken");
    assert_eq!(f.due().await, [hook.id]);
}

async fn an_event_without_the_value_has_no_order(f: &Fixture) {
    let hook = f.hook(&ordered("notify")).await;
    for _ in 0..3 {
        f.publish(event(json!({"shot": null}))).await;
    }
    let claimed = f.take_all(&hook, start()).await;
    assert_eq!(claimed.len(), 3);
    assert!(claimed.iter().all(|one| one.delivery.order_key.is_none()));
}

/// Randomness that is the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap() % bound
    }
}

/// Of each key in each state, by the number of the event.
type Seen = BTreeMap<String, Vec<(usize, DeliveryState)>>;

async fn seen(f: &Fixture, numbers: &BTreeMap<EventId, (String, usize)>) -> Seen {
    let mut seen = Seen::new();
    for delivery in f.deliveries(DeliveryFilter::default()).await {
        let (shot, number) = &numbers[&delivery.event_id];
        let of_key = seen.entry(shot.clone()).or_default();
        of_key.push((*number, delivery.state));
    }
    seen
}

async fn whatever_happens_each_key_is_in_order_and_nothing_is_left(f: &Fixture) {
    const SHOTS: [&str; 3] = ["a", "b", "c"];
    let hook = f.hook(&ordered("notify")).await;
    for seed in 0..4 {
        let mut dice = Dice(seed);
        let mut numbers = BTreeMap::new();
        let mut running: Vec<ClaimedDelivery> = Vec::new();
        for step in 0..60 {
            match dice.below(10) {
                0..3 => {
                    let shot = SHOTS[dice.below(SHOTS.len())];
                    let published = of_shot(shot, step);
                    numbers.insert(published.id, (shot.to_owned(), step));
                    f.publish(published).await;
                }
                3..6 => {
                    let before = seen(f, &numbers).await;
                    let claimed = f
                        .take(&hook, start(), 1 + u32::try_from(dice.below(4)).unwrap())
                        .await;
                    for one in &claimed.deliveries {
                        let number = one.event.data["number"].as_u64().unwrap();
                        let shot = one.event.data["shot"].as_str().unwrap();
                        for (other, state) in &before[shot] {
                            assert_ne!(*state, DeliveryState::Running, "seed {seed}, {step}");
                            let is_earlier = (*other as u64) < number;
                            assert!(!is_earlier || state.is_final(), "seed {seed}, {step}");
                        }
                    }
                    let keys: BTreeSet<_> = claimed
                        .deliveries
                        .iter()
                        .map(|one| one.delivery.order_key.clone())
                        .collect();
                    assert_eq!(keys.len(), claimed.deliveries.len(), "one of a key");
                    running.extend(claimed.deliveries);
                }
                6..9 if !running.is_empty() => {
                    let ended = running.remove(dice.below(running.len()));
                    match dice.below(6) {
                        0 => f.settled(&hook, &ended, AfterAttempt::Retry(start())).await,
                        1 => f.settled(&hook, &ended, AfterAttempt::Again).await,
                        2 => f.settled(&hook, &ended, AfterAttempt::Exhausted).await,
                        3 => {
                            let back = vec![(ended.delivery.id, ended.claim)];
                            f.store.release_deliveries(back).await.unwrap();
                        }
                        _ => f.settled(&hook, &ended, AfterAttempt::Succeeded).await,
                    }
                }
                9 => {
                    let over: Vec<Delivery> = f.deliveries(DeliveryFilter::default()).await;
                    let over = over.iter().find(|one| one.state.is_final());
                    if let Some(over) = over.filter(|over| numbers.contains_key(&over.event_id)) {
                        f.store.retry_delivery(ANNA, over.id).await.unwrap();
                    }
                }
                _ => {}
            }
        }
        // Whatever was left, all of it is made, and the last of each key last.
        let mut rounds = 0;
        loop {
            running.extend(f.take_all(&hook, start()).await);
            if running.is_empty() {
                break;
            }
            for ended in running.drain(..) {
                f.settled(&hook, &ended, AfterAttempt::Succeeded).await;
            }
            rounds += 1;
            assert!(rounds < 200, "seed {seed}: it goes on and on");
        }
        for (shot, of_key) in seen(f, &numbers).await {
            for (number, state) in of_key {
                assert!(state.is_final(), "seed {seed}: {shot} {number} is {state}");
            }
        }
        f.raw("DELETE FROM deliveries").await.unwrap();
    }
}

async fn servers_at_the_same_time_keep_the_order(f: &Fixture) {
    const EVENTS: usize = 30;
    const SHOTS: [&str; 3] = ["a", "b", "c"];
    let hook = f.hook(&ordered("notify")).await;
    let done = tokio::sync::Mutex::new(BTreeMap::<String, Vec<u64>>::new());
    let count = std::sync::atomic::AtomicUsize::new(0);
    let all = SHOTS.len() * EVENTS;
    let publish = async |shot: &str| {
        for number in 0..EVENTS {
            f.publish(of_shot(shot, number)).await;
        }
    };
    let serve = async || {
        while count.load(std::sync::atomic::Ordering::Acquire) < all {
            let claimed = f.take(&hook, start(), 4).await.deliveries;
            let nothing = claimed.is_empty();
            for one in claimed {
                let shot = one.event.data["shot"].as_str().unwrap().to_owned();
                let number = one.event.data["number"].as_u64().unwrap();
                // Before it is over: from then on another server may have the next.
                done.lock().await.entry(shot).or_default().push(number);
                f.settled(&hook, &one, AfterAttempt::Succeeded).await;
                count.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
            }
            if nothing {
                tokio::task::yield_now().await;
            }
        }
    };
    let work = async {
        tokio::join!(
            publish(SHOTS[0]),
            publish(SHOTS[1]),
            publish(SHOTS[2]),
            serve(),
            serve(),
            serve()
        )
    };
    let worked = tokio::time::timeout(Duration::from_mins(2), Box::pin(work)).await;
    worked.expect("something is held that nobody lets go");
    let expected: Vec<u64> = (0..EVENTS as u64).collect();
    for (shot, numbers) in done.into_inner() {
        assert_eq!(numbers, expected, "{shot}");
    }
}

async fn a_key_that_is_taken_away_leaves_nothing_held(f: &Fixture) {
    let hook = f.hook(&ordered("notify")).await;
    f.shots([("a", 1), ("a", 2), ("a", 3)]).await;
    let first = f.take_all(&hook, start()).await;
    assert_eq!(names(&first), set(["a 1"]));
    let plain = answering("notify", json!({}));
    let hook = f
        .store
        .update_hook(ANNA, hook.id, hook.version, &plain)
        .await
        .unwrap();
    f.shots([("a", 4)]).await;
    assert_eq!(names(&f.take_all(&hook, start()).await), set(["a 4"]));
    f.settled(&hook, &first[0], AfterAttempt::Succeeded).await;
    let second = f.take_all(&hook, start()).await;
    assert_eq!(names(&second), set(["a 2"]));
    f.settled(&hook, &second[0], AfterAttempt::Succeeded).await;
    assert_eq!(names(&f.take_all(&hook, start()).await), set(["a 3"]));
}

async fn what_waits_keeps_its_order_when_the_key_is_taken_away(f: &Fixture) {
    let hook = f.hook(&ordered("notify")).await;
    // Nobody has looked at them yet, and so none of them is held.
    f.shots([("a", 1), ("a", 2)]).await;
    let plain = answering("notify", json!({}));
    let hook = f
        .store
        .update_hook(ANNA, hook.id, hook.version, &plain)
        .await
        .unwrap();
    f.shots([("a", 3)]).await;
    let first = f.take_all(&hook, start()).await;
    assert_eq!(names(&first), set(["a 1", "a 3"]));
    let of = |name: &str| first.iter().find(|claimed| named(claimed) == name);
    let first = of("a 1").unwrap();
    f.settled(&hook, first, AfterAttempt::Retry(at(8))).await;
    // By hand, too, it does not pass the one before it.
    let waits = DeliveryFilter {
        state: Some(DeliveryState::Pending),
        ..DeliveryFilter::default()
    };
    for one in f.deliveries(waits).await {
        if one.id != first.delivery.id {
            f.store.retry_delivery(ANNA, one.id).await.unwrap();
        }
    }
    assert_eq!(names(&f.take_all(&hook, start()).await), set([]));
    let again = f.take_all(&hook, at(8)).await;
    assert_eq!(names(&again), set(["a 1"]));
    f.settled(&hook, &again[0], AfterAttempt::Exhausted).await;
    assert_eq!(names(&f.take_all(&hook, at(8)).await), set(["a 2"]));
    // Nothing with a key waits any more.
    f.shots([("a", 4)]).await;
    assert!(!f.store.due_hooks().await.unwrap()[0].in_order);
}

async fn a_deleted_hooks_held_deliveries_are_cancelled(f: &Fixture) {
    let hook = f.hook(&ordered("notify")).await;
    f.shots([("a", 1), ("a", 2), ("a", 3)]).await;
    let first = f.take_all(&hook, start()).await;
    f.store.delete_hook(ANNA, hook.id).await.unwrap();
    f.settled(&hook, &first[0], AfterAttempt::Succeeded).await;
    let states = f.deliveries(DeliveryFilter::default()).await;
    let states: Vec<_> = states.into_iter().map(|one| one.state).collect();
    let (cancelled, succeeded) = (DeliveryState::Cancelled, DeliveryState::Succeeded);
    assert_eq!(states, [cancelled, cancelled, succeeded]);
}

async fn what_lies_behind_a_long_queue_is_reached(f: &Fixture) {
    let hook = f.hook(&ordered("notify")).await;
    // More of one key than a claim looks at.
    let queue: Vec<_> = (0..2_500).map(|number| of_shot("a", number)).collect();
    f.store.publish_events(queue, None).await.unwrap();
    let later = Event {
        created_at: at(1),
        ..of_shot("b", 1)
    };
    f.publish(later).await;
    let mut claimed = Vec::new();
    while !f.due().await.is_empty() {
        claimed.extend(f.take_all(&hook, at(1)).await);
    }
    assert_eq!(names(&claimed), set(["a 0", "b 1"]));
}

fn limited(name: &str) -> HookSpec {
    answering(
        name,
        json!({"rate_limit": {"deliveries": 3, "per_seconds": 60}}),
    )
}

async fn no_more_begin_than_the_rate_allows(f: &Fixture) {
    let hook = f.hook(&limited("notify")).await;
    for number in 0..10 {
        f.shots([("a", number)]).await;
    }
    let first = f.take(&hook, start(), 2).await;
    assert_eq!((first.deliveries.len(), first.next_at), (2, None));
    let second = f.take(&hook, at(10), 100).await;
    assert_eq!(second.deliveries.len(), 1);
    let next_at = second.next_at.unwrap();
    assert!(at(60) <= next_at && next_at <= at(62), "{next_at}");
    // Nothing is claimed, and the rest waits as it did.
    let third = f.take(&hook, at(59), 100).await;
    assert_eq!((third.deliveries.len(), third.next_at), (0, Some(next_at)));
    let fares = f.store.hook_deliveries(hook.id).await.unwrap();
    assert_eq!(fares.pending, 7);
    // An attempt that is made again counts again.
    f.settled(&hook, &first.deliveries[0], AfterAttempt::Retry(at(60)))
        .await;
    let fourth = f.take(&hook, next_at, 100).await;
    assert_eq!(fourth.deliveries.len(), 2);
    let fifth = f.take(&hook, at(200), 100).await;
    assert_eq!(fifth.deliveries.len(), 3);
}

async fn a_rate_that_is_changed_or_a_clock_that_is_set_back_holds_nothing_up(f: &Fixture) {
    let rate = |per_seconds: u32| {
        let limit = json!({"deliveries": 1, "per_seconds": per_seconds});
        answering("notify", json!({"rate_limit": limit}))
    };
    let slow = f.hook(&rate(86_400)).await;
    f.shots([("a", 1), ("a", 2), ("a", 3)]).await;
    assert_eq!(f.take(&slow, at(1), 100).await.deliveries.len(), 1);
    let fast = rate(1);
    let update = f.store.update_hook(ANNA, slow.id, slow.version, &fast);
    let fast = update.await.unwrap();
    assert_eq!(f.take(&fast, at(2), 100).await.deliveries.len(), 0);
    assert_eq!(f.take(&fast, at(4), 100).await.deliveries.len(), 1);
    assert_eq!(f.take(&fast, at(1), 100).await.deliveries.len(), 0);
    assert_eq!(f.take(&fast, at(3), 100).await.deliveries.len(), 1);
}

async fn servers_share_a_rate(f: &Fixture) {
    let hook = f.hook(&limited("notify")).await;
    for number in 0..20 {
        f.shots([("a", number)]).await;
    }
    let take = || f.take(&hook, start(), 2);
    let (one, two, three, four) = tokio::join!(take(), take(), take(), take());
    let all = [one, two, three, four].map(|claimed| claimed.deliveries);
    assert_eq!(all.concat().len(), 3);
    let limit = RateLimit {
        deliveries: 3,
        per_seconds: 60,
    };
    assert_eq!(hook.spec.config.delivery().rate_limit, Some(limit));
}
