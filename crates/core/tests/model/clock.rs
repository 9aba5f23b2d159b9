//! Time is kept to the microsecond, as PostgreSQL keeps it.

use chrono::{DateTime, TimeDelta};
use stagehook_core::clock::Clock;

#[test]
fn the_machines_clock_is_truncated_to_microseconds() {
    // A reading could end in three zeros by chance; a thousand cannot.
    for _ in 0..1000 {
        assert_eq!(Clock::System.now().timestamp_subsec_nanos() % 1000, 0);
    }
}

#[test]
fn a_manual_clock_stands_still_until_it_is_moved() {
    let start = DateTime::from_timestamp(1_000, 123_456_789).unwrap();
    let (clock, hand) = Clock::manual(start);
    assert_eq!(
        clock.now(),
        DateTime::from_timestamp(1_000, 123_456_000).unwrap()
    );
    assert_eq!(clock.now(), clock.clone().now());
    hand.advance(TimeDelta::seconds(90));
    assert_eq!(
        clock.now(),
        DateTime::from_timestamp(1_090, 123_456_000).unwrap()
    );
}
