//! How fast a hook's deliveries are begun.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use stagehook_core::delivery::{RateLimit, RateWindow};

fn start() -> DateTime<Utc> {
    "2026-03-01T12:00:00.123456Z".parse().unwrap()
}

fn limit(deliveries: u32, per_seconds: u32) -> RateLimit {
    RateLimit {
        deliveries,
        per_seconds,
    }
}

/// As the database keeps it in between.
fn kept(window: &RateWindow) -> RateWindow {
    serde_json::from_str(&serde_json::to_string(window).unwrap()).unwrap()
}

#[test]
fn so_many_may_begin_at_once_and_no_more() {
    let limit = limit(3, 60);
    let mut window = RateWindow::default();
    assert_eq!(window.free(limit, start()), 3);
    assert_eq!(window.next_at(limit), None);
    window.begin(limit, start(), 3);
    assert_eq!(window.free(limit, start()), 0);
    let next = window.next_at(limit).unwrap();
    let waits = next - start();
    assert!(waits >= TimeDelta::seconds(60), "{waits}");
    // A fiftieth later at most.
    assert!(waits <= TimeDelta::milliseconds(61_200), "{waits}");
    assert_eq!(window.free(limit, next - TimeDelta::milliseconds(1)), 0);
    assert_eq!(window.free(limit, next), 3);
}

#[test]
fn a_rate_that_is_changed_counts_what_was_begun() {
    let mut window = RateWindow::default();
    window.begin(limit(10, 60), start(), 10);
    assert_eq!(window.free(limit(12, 60), start()), 2);
    assert_eq!(window.free(limit(2, 60), start()), 0);
    let next = window.next_at(limit(2, 60)).unwrap();
    assert_eq!(window.free(limit(2, 60), next), 2);
}

#[test]
fn a_clock_that_is_set_back_holds_nothing_up_for_long() {
    let limit = limit(1, 1);
    let mut window = RateWindow::default();
    window.begin(limit, start(), 1);
    let before = start() - TimeDelta::days(365);
    assert_eq!(window.free(limit, before), 0);
    let next = window.next_at(limit).unwrap();
    assert!(next - before <= TimeDelta::milliseconds(1_020), "{next}");
}

fn any_limit() -> impl Strategy<Value = RateLimit> {
    (1..200_u32, 1..100_u32).prop_map(|(deliveries, per_seconds)| limit(deliveries, per_seconds))
}

proptest! {
    #[test]
    fn no_stretch_of_time_has_more_than_the_rate(
        limit in any_limit(),
        steps in prop::collection::vec((0..30_000_000_i64, 0..90_u32), 1..80),
    ) {
        let mut window = RateWindow::default();
        let mut now = start();
        let mut begun = Vec::new();
        for (micros, wanted) in steps {
            now += TimeDelta::microseconds(micros);
            let granted = window.free(limit, now).min(wanted);
            window.begin(limit, now, granted);
            window = kept(&window);
            begun.extend(std::iter::repeat_n(now, granted as usize));
        }
        let length = TimeDelta::seconds(i64::from(limit.per_seconds));
        for (first, from) in begun.iter().enumerate() {
            let within = begun[first..].iter().take_while(|at| **at < *from + length);
            prop_assert!(within.count() <= limit.deliveries as usize);
        }
        prop_assert!(serde_json::to_string(&window).unwrap().len() < 2_000, "it is bounded");
    }

    #[test]
    fn who_waits_for_its_turn_has_one(
        limit in any_limit(),
        steps in prop::collection::vec((0..3_000_000_i64, 1..90_u32), 1..40),
    ) {
        let mut window = RateWindow::default();
        let mut now = start();
        for (micros, wanted) in steps {
            now += TimeDelta::microseconds(micros);
            let granted = window.free(limit, now).min(wanted);
            window.begin(limit, now, granted);
            match window.next_at(limit) {
                None => prop_assert!(window.free(limit, now) > 0),
                Some(next) => {
                    prop_assert_eq!(window.free(limit, now), 0);
                    prop_assert!(next > now);
                    let longest = i64::from(limit.per_seconds) * 1_020;
                    prop_assert!((next - now).num_milliseconds() <= longest);
                    let mut later = window.clone();
                    prop_assert!(later.free(limit, next) > 0);
                }
            }
        }
    }
}
