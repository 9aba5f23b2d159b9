//! What an attempt means for its delivery. REQ-EVT-6

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use rstest::rstest;
use stagehook_core::delivery::{
    CONCURRENCY_DEFAULT, DeliveryPolicy, DeliveryState, EXHAUSTED_IN_A_ROW_MAX, LONG_TAIL, Outcome,
    RETRIES_MAX, RETRY_AFTER_MAX, WAIT_MAX, is_counted, outcome,
};
use stagehook_core::execution::{Execution, ExecutionStatus};
use std::time::Duration;

const MIDDLE: f64 = 0.5;

fn now() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn ended(status: ExecutionStatus) -> Execution {
    Execution::not_run(status, "for a test")
}

fn retryable(status: ExecutionStatus) -> Execution {
    Execution {
        retryable: true,
        ..ended(status)
    }
}

fn answered(http_status: u16, retryable: bool) -> Execution {
    let mut execution = ended(ExecutionStatus::Failed);
    execution.usage.http_status = Some(http_status);
    execution.retryable = retryable;
    execution
}

fn after(seconds: u64) -> Outcome {
    Outcome::Retry(now() + Duration::from_secs(seconds))
}

fn policy(retries: u32, long_tail: bool) -> DeliveryPolicy {
    DeliveryPolicy {
        retries,
        long_tail,
        ..DeliveryPolicy::default()
    }
}

/// What becomes of the first attempt of a hook that says nothing.
fn first(execution: &Execution) -> Outcome {
    outcome(DeliveryPolicy::default(), execution, 1, now(), MIDDLE)
}

/// What becomes of its last.
fn last(execution: &Execution) -> Outcome {
    outcome(DeliveryPolicy::default(), execution, 4, now(), MIDDLE)
}

/// How a status is treated, whatever the hook type.
enum Treatment {
    Succeeds,
    AtOnce,
    Again,
    AgainIfRetryable,
    Never,
}

fn treatment(status: ExecutionStatus) -> Treatment {
    use ExecutionStatus as S;
    match status {
        S::Passed | S::Skipped => Treatment::Succeeds,
        S::Cancelled | S::Interrupted => Treatment::AtOnce,
        S::TimedOut | S::HostError => Treatment::Again,
        S::Failed | S::NeedsReview | S::Killed => Treatment::AgainIfRetryable,
        S::OutOfMemory | S::OutOfFuel | S::LimitExceeded | S::InvalidResult | S::Refused => {
            Treatment::Never
        }
    }
}

#[test]
fn every_status_means_what_the_table_says() {
    for &status in ExecutionStatus::ALL {
        let (plain, worth_a_retry) = match treatment(status) {
            Treatment::Succeeds => (Outcome::Succeeded, Outcome::Succeeded),
            Treatment::AtOnce => (after(0), after(0)),
            Treatment::Again => (after(2), after(2)),
            Treatment::AgainIfRetryable => (Outcome::Exhausted, after(2)),
            Treatment::Never => (Outcome::Exhausted, Outcome::Exhausted),
        };
        assert_eq!(first(&ended(status)), plain, "{status}");
        assert_eq!(first(&retryable(status)), worth_a_retry, "{status}");
    }
}

#[test]
fn after_the_last_attempt_it_is_given_up_unless_the_server_cut_it_short() {
    for &status in ExecutionStatus::ALL {
        let expected = match treatment(status) {
            Treatment::Succeeds => Outcome::Succeeded,
            Treatment::AtOnce => after(0),
            Treatment::Again | Treatment::AgainIfRetryable | Treatment::Never => Outcome::Exhausted,
        };
        assert_eq!(last(&retryable(status)), expected, "{status}");
        let at_once = matches!(treatment(status), Treatment::AtOnce);
        assert_eq!(is_counted(status), !at_once, "{status}");
    }
}

#[rstest]
#[case(429, true, after(2))]
#[case(500, true, after(2))]
#[case(503, true, after(2))]
#[case(404, false, Outcome::Exhausted)]
#[case(501, false, Outcome::Exhausted)]
#[case(410, false, Outcome::Gone)]
#[case(410, true, Outcome::Gone)]
fn a_webhook_is_judged_by_its_status(
    #[case] status: u16,
    #[case] retryable: bool,
    #[case] expected: Outcome,
) {
    assert_eq!(first(&answered(status, retryable)), expected);
}

#[test]
fn a_receiver_that_is_gone_is_gone_at_any_attempt() {
    assert_eq!(last(&answered(410, false)), Outcome::Gone);
}

#[test]
fn by_default_it_is_retried_after_2_4_and_8_seconds() {
    let failed = retryable(ExecutionStatus::Failed);
    let policy = DeliveryPolicy::default();
    assert_eq!(policy.attempts(), 4);
    assert_eq!(policy.concurrency, CONCURRENCY_DEFAULT);
    let all: Vec<_> = (1..=5)
        .map(|attempt| outcome(policy, &failed, attempt, now(), 0.99))
        .collect();
    assert_eq!(
        all,
        [
            after(2),
            after(4),
            after(8),
            Outcome::Exhausted,
            Outcome::Exhausted
        ]
    );
}

#[test]
fn without_retries_the_first_failure_is_the_last() {
    let failed = retryable(ExecutionStatus::TimedOut);
    let outcome = outcome(policy(0, false), &failed, 1, now(), MIDDLE);
    assert_eq!(outcome, Outcome::Exhausted);
}

#[test]
fn the_long_tail_goes_on_for_most_of_a_day() {
    let policy = policy(3, true);
    assert_eq!(policy.attempts(), 10);
    let waits: Vec<_> = (1..=10)
        .map(|attempt| {
            policy
                .wait_after(attempt, MIDDLE)
                .map(|wait| wait.as_secs())
        })
        .collect();
    assert_eq!(
        waits,
        [
            Some(2),
            Some(4),
            Some(8),
            Some(60),
            Some(300),
            Some(1_800),
            Some(7_200),
            Some(21_600),
            Some(43_200),
            None
        ]
    );
}

#[test]
fn after_many_retries_the_tail_does_not_begin_sooner_than_they_ended() {
    let policy = policy(10, true);
    assert_eq!(
        policy.wait_after(10, MIDDLE),
        Some(Duration::from_secs(1_024))
    );
    let tail: Vec<_> = (11..=17)
        .map(|attempt| {
            policy
                .wait_after(attempt, MIDDLE)
                .map(|wait| wait.as_secs())
        })
        .collect();
    assert_eq!(
        tail,
        [
            Some(1_024),
            Some(1_024),
            Some(1_800),
            Some(7_200),
            Some(21_600),
            Some(43_200),
            None
        ]
    );
}

#[rstest]
#[case::shorter(1, 2)]
#[case::longer(90, 90)]
#[case::an_hour(3_600, 3_600)]
#[case::more_than_an_hour(86_400, 3_600)]
#[case::without_end(u64::MAX, 3_600)]
fn retry_after_is_honoured_within_bounds(#[case] asked_for: u64, #[case] expected: u64) {
    let mut execution = answered(503, true);
    execution.retry_after = Some(Duration::from_secs(asked_for));
    assert_eq!(first(&execution), after(expected));
}

#[test]
fn retry_after_gives_no_attempt_that_there_is_not() {
    let mut execution = answered(404, false);
    execution.retry_after = Some(Duration::from_mins(1));
    assert_eq!(first(&execution), Outcome::Exhausted);
    execution.retryable = true;
    assert_eq!(last(&execution), Outcome::Exhausted);
}

#[test]
fn at_the_end_of_time_nothing_breaks() {
    let failed = retryable(ExecutionStatus::Failed);
    let policy = policy(u32::MAX, true);
    assert_eq!(policy.attempts(), u32::MAX);
    let nearly = DateTime::<Utc>::MAX_UTC - Duration::from_secs(1);
    for attempt in [0, 1, u32::MAX] {
        let outcome = outcome(policy, &failed, attempt, nearly, MIDDLE);
        assert_eq!(outcome, Outcome::Retry(DateTime::<Utc>::MAX_UTC));
    }
}

#[rstest]
#[case(f64::NAN, 60)]
#[case(f64::INFINITY, 72)]
#[case(f64::NEG_INFINITY, 48)]
#[case(7.0, 72)]
#[case(-7.0, 48)]
fn a_number_that_is_no_jitter_breaks_nothing(#[case] jitter: f64, #[case] seconds: u64) {
    let wait = policy(0, true).wait_after(1, jitter);
    assert_eq!(wait, Some(Duration::from_secs(seconds)));
}

#[test]
fn states_have_one_name_in_text_and_json() {
    for &state in DeliveryState::ALL {
        assert_eq!(state.as_str().parse::<DeliveryState>().unwrap(), state);
        assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
    }
    let waits = [DeliveryState::Pending, DeliveryState::Running];
    for &state in DeliveryState::ALL {
        assert_eq!(state.is_final(), !waits.contains(&state), "{state}");
    }
    let error = "waiting".parse::<DeliveryState>().unwrap_err().to_string();
    assert_eq!(
        error,
        "must be one of pending, running, succeeded, exhausted, cancelled"
    );
    // REQ-EVT-7
    assert_eq!(EXHAUSTED_IN_A_ROW_MAX, 10);
}

fn any_policy() -> impl Strategy<Value = DeliveryPolicy> {
    (0..=RETRIES_MAX, any::<bool>()).prop_map(|(retries, long_tail)| policy(retries, long_tail))
}

fn any_status() -> impl Strategy<Value = ExecutionStatus> {
    prop::sample::select(ExecutionStatus::ALL)
}

proptest! {
    #[test]
    fn the_schedule_grows_and_ends(policy in any_policy()) {
        let mut before = Duration::ZERO;
        for attempt in 1..policy.attempts() {
            let wait = policy.wait_after(attempt, MIDDLE);
            prop_assert!(wait.is_some_and(|wait| wait >= before), "{attempt}: {wait:?}");
            before = wait.unwrap_or_default();
            prop_assert!(before <= LONG_TAIL[5]);
            prop_assert!(policy.long_tail || before <= WAIT_MAX);
        }
        for attempt in policy.attempts()..policy.attempts() + 50 {
            prop_assert_eq!(policy.wait_after(attempt, MIDDLE), None);
        }
    }

    #[test]
    fn jitter_stays_in_its_band(policy in any_policy(), attempt in 1..30_u32, jitter in 0.0..1.0) {
        let Some(middle) = policy.wait_after(attempt, MIDDLE) else {
            prop_assert_eq!(policy.wait_after(attempt, jitter), None);
            return Ok(());
        };
        let wait = policy.wait_after(attempt, jitter).unwrap();
        if attempt <= policy.retries {
            prop_assert_eq!(wait, middle);
        } else {
            let part = wait.as_secs_f64() / middle.as_secs_f64();
            prop_assert!((part - (0.8 + 0.4 * jitter)).abs() < 1e-6, "{}", part);
        }
    }

    #[test]
    fn a_delivery_that_always_fails_has_as_many_attempts_as_it_may(
        policy in any_policy(),
        jitter in 0.0..1.0,
        asked_for in prop::option::of(0..200_000_u64),
    ) {
        let execution = Execution {
            retry_after: asked_for.map(Duration::from_secs),
            ..retryable(ExecutionStatus::Failed)
        };
        let mut attempt = 1;
        let mut at = now();
        while let Outcome::Retry(due) = outcome(policy, &execution, attempt, at, jitter) {
            let wait = (due - at).to_std().unwrap();
            let ours = policy.wait_after(attempt, jitter).unwrap();
            prop_assert!(wait >= ours);
            prop_assert!(wait <= ours.max(RETRY_AFTER_MAX));
            if let Some(asked_for) = execution.retry_after {
                prop_assert!(wait >= asked_for.min(RETRY_AFTER_MAX));
            } else {
                prop_assert_eq!(wait, ours);
            }
            at = due;
            attempt += 1;
            prop_assert!(attempt <= policy.attempts());
        }
        prop_assert_eq!(attempt, policy.attempts());
        prop_assert!(at - now() < TimeDelta::days(3));
    }

    #[test]
    fn no_attempt_is_made_beyond_the_last(
        policy in any_policy(),
        beyond in 0..100_u32,
        status in any_status(),
        http_status in prop::option::of(any::<u16>()),
        retryable in any::<bool>(),
    ) {
        let mut execution = ended(status);
        execution.retryable = retryable;
        execution.usage.http_status = http_status;
        let attempt = policy.attempts() + beyond;
        let outcome = outcome(policy, &execution, attempt, now(), MIDDLE);
        if is_counted(status) {
            prop_assert!(!matches!(outcome, Outcome::Retry(_)), "{:?}", outcome);
        } else {
            prop_assert_eq!(outcome, Outcome::Retry(now()));
        }
    }
}
