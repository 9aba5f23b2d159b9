//! What one attempt means for its delivery.

use super::DeliveryPolicy;
use crate::execution::{Execution, ExecutionStatus};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// Longest wait that a receiver can ask for with `Retry-After`.
pub const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);
/// The HTTP status of a receiver that will not come back.
const GONE: u16 = 410;

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Succeeded,
    /// It is attempted again, not before this time.
    Retry(DateTime<Utc>),
    /// It failed for good.
    Exhausted,
    /// It failed for good, and so will every other: the hook is to be disabled
    /// at once.
    Gone,
}

/// What one attempt (from 1) means. `jitter`, in `0.0..1.0`, is the caller's
/// random number.
///
/// | the execution | the delivery |
/// | --- | --- |
/// | passed, skipped | has succeeded |
/// | cancelled, interrupted | is attempted again at once, whatever is left |
/// | HTTP 410 | is exhausted, and the hook is disabled |
/// | refused, invalid result, a limit | is exhausted: another attempt would end like this one |
/// | timed out, could not be started, retryable | is attempted again, or exhausted when no attempt is left |
/// | anything else | is exhausted |
///
/// Who calls this keeps three things in mind. An attempt that was cancelled or
/// interrupted is not counted ([`is_counted`]): the server stopped, the hook did
/// nothing wrong. Whoever cancels a *delivery* keeps that beside it, and does
/// not ask here. And `Retry-After` makes a wait longer, never shorter, by no
/// more than [`RETRY_AFTER_MAX`]. REQ-EVT-6
pub fn outcome(
    policy: DeliveryPolicy,
    execution: &Execution,
    attempt: u32,
    now: DateTime<Utc>,
    jitter: f64,
) -> Outcome {
    use ExecutionStatus::{
        Cancelled, Failed, HostError, Interrupted, InvalidResult, Killed, LimitExceeded,
        NeedsReview, OutOfFuel, OutOfMemory, Passed, Refused, Skipped, TimedOut,
    };
    let may_help = match execution.status {
        Passed | Skipped => return Outcome::Succeeded,
        Cancelled | Interrupted => return Outcome::Retry(now),
        _ if execution.usage.http_status == Some(GONE) => return Outcome::Gone,
        TimedOut | HostError => true,
        Refused | InvalidResult | OutOfMemory | OutOfFuel | LimitExceeded => false,
        Failed | NeedsReview | Killed => execution.retryable,
    };
    match policy.wait_after(attempt, jitter) {
        Some(wait) if may_help => {
            let asked_for = execution.retry_after.unwrap_or_default();
            Outcome::Retry(later(now, wait.max(asked_for.min(RETRY_AFTER_MAX))))
        }
        _ => Outcome::Exhausted,
    }
}

/// Whether an attempt that ended like this is one of those that a delivery has.
/// One that the server itself cut short is made again without being counted.
pub const fn is_counted(status: ExecutionStatus) -> bool {
    !matches!(
        status,
        ExecutionStatus::Cancelled | ExecutionStatus::Interrupted
    )
}

fn later(now: DateTime<Utc>, wait: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(wait)
        .ok()
        .and_then(|wait| now.checked_add_signed(wait))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
