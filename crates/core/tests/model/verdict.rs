//! What an execution means for its stage. REQ-RUN-4

use rstest::rstest;
use stagehook_core::contract::{HookResult, InvalidResult, ResultStatus};
use stagehook_core::execution::ExecutionStatus as Status;
use stagehook_core::verdict::{Consequence, FailureMode, consequence, outcome};

/// Every status with whether it is a success; a status that is added must be
/// judged here first.
const JUDGED: [(Status, bool); 14] = [
    (Status::Passed, true),
    (Status::Failed, false),
    (Status::Skipped, true),
    (Status::NeedsReview, false),
    (Status::TimedOut, false),
    (Status::Killed, false),
    (Status::OutOfMemory, false),
    (Status::OutOfFuel, false),
    (Status::LimitExceeded, false),
    (Status::InvalidResult, false),
    (Status::Refused, false),
    (Status::HostError, false),
    (Status::Cancelled, false),
    (Status::Interrupted, false),
];

#[test]
fn only_passed_and_skipped_are_successes() {
    assert_eq!(Status::ALL, JUDGED.map(|(status, _)| status));
    for (status, success) in JUDGED {
        assert_eq!(status.is_success(), success, "{status}");
    }
}

#[rstest]
#[case(FailureMode::Block, Consequence::Halt)]
#[case(FailureMode::Warn, Consequence::Warn)]
#[case(FailureMode::Ignore, Consequence::Continue)]
fn every_failure_does_what_its_mode_says(
    #[case] mode: FailureMode,
    #[case] on_failure: Consequence,
) {
    for (status, success) in JUDGED {
        let expected = match (status, success) {
            (_, true) => Consequence::Continue,
            // A hook that asks for a person has not failed: no mode silences it.
            (Status::NeedsReview, _) => Consequence::Halt,
            (_, false) => on_failure,
        };
        assert_eq!(consequence(status, mode), expected, "{status} under {mode}");
    }
}

fn says(status: ResultStatus, message: Option<&str>) -> HookResult {
    HookResult {
        status,
        message: message.map(str::to_owned),
        ..HookResult::default()
    }
}

#[rstest]
#[case(ResultStatus::Pass, Status::Passed, None)]
#[case(ResultStatus::Skip, Status::Skipped, None)]
#[case(ResultStatus::Fail, Status::Failed, Some("too loud"))]
#[case(ResultStatus::NeedsReview, Status::NeedsReview, Some("too loud"))]
fn a_clean_end_is_what_the_result_says(
    #[case] said: ResultStatus,
    #[case] status: Status,
    #[case] error: Option<&str>,
) {
    let outcome = outcome(None, Ok(Some(says(said, Some("too loud")))));
    assert_eq!(outcome.status, status);
    assert_eq!(outcome.error.as_deref(), error);
    assert_eq!(outcome.result, Some(says(said, Some("too loud"))));
}

#[rstest]
#[case(ResultStatus::Fail, "the hook reported a failure without a message")]
#[case(
    ResultStatus::NeedsReview,
    "the hook asks for a review without a message"
)]
fn a_hook_that_gives_no_reason_still_gets_an_error(
    #[case] said: ResultStatus,
    #[case] error: &str,
) {
    assert_eq!(
        outcome(None, Ok(Some(says(said, None)))).error.as_deref(),
        Some(error)
    );
}

#[rstest]
#[case(ResultStatus::Pass)]
#[case(ResultStatus::Skip)]
#[case(ResultStatus::Fail)]
#[case(ResultStatus::NeedsReview)]
fn a_failed_end_beats_every_result(#[case] said: ResultStatus) {
    let outcome = outcome(
        Some("exited with status 3".to_owned()),
        Ok(Some(says(said, Some("all is well")))),
    );
    assert_eq!(outcome.status, Status::Failed);
    assert_eq!(
        outcome.error.as_deref(),
        Some("exited with status 3: all is well")
    );
    assert!(outcome.result.is_some(), "what it said is kept");
}

#[test]
fn silence_after_a_clean_end_is_a_pass() {
    let outcome = outcome(None, Ok(None));
    assert_eq!((outcome.status, outcome.error), (Status::Passed, None));
}

#[test]
fn an_unreadable_result_after_a_clean_end_is_a_failure_of_its_own() {
    let outcome = outcome(
        None,
        Err(InvalidResult::Malformed("/state: unknown field".to_owned())),
    );
    assert_eq!(outcome.status, Status::InvalidResult);
    assert_eq!(
        outcome.error.as_deref(),
        Some("the result does not follow the contract: /state: unknown field")
    );
}

#[test]
fn an_unreadable_result_does_not_hide_why_the_hook_failed() {
    let outcome = outcome(
        Some("exited with status 1".to_owned()),
        Err(InvalidResult::TooLarge { actual: 5 << 20 }),
    );
    assert_eq!(outcome.status, Status::Failed);
    assert_eq!(outcome.error.as_deref(), Some("exited with status 1"));
    assert_eq!(outcome.result, None);
}
