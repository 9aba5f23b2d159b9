//! How a hook fared lately.

use crate::execution::ExecutionStatus;
use crate::ids::{HookId, LogId};
use crate::percentile::percentile;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// Most executions that are shown one by one.
pub const SHOWN_MAX: usize = 20;
/// Most executions that are counted.
pub const COUNTED_MAX: usize = 100;

/// One execution in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Run {
    /// Its log.
    pub log_id: LogId,
    /// How it ended.
    pub status: ExecutionStatus,
    /// Whether that is a success.
    pub success: bool,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// When it began.
    pub executed_at: DateTime<Utc>,
}

/// How a hook fared lately; tests are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HookActivity {
    /// The hook.
    pub hook_id: HookId,
    /// Its last 20 executions, oldest first.
    pub runs: Vec<Run>,
    /// Half of the last 100 took no longer, in milliseconds; null of a hook that
    /// never ran.
    pub p50_ms: Option<i64>,
    /// 95 of 100 took no longer, in milliseconds.
    pub p95_ms: Option<i64>,
    /// How many of the last 100 did not succeed.
    pub failed_of_last: usize,
    /// How many these are: fewer than 100 of a hook that ran less often.
    pub of_last: usize,
}

impl HookActivity {
    /// What the last executions of a hook, newest first, come to.
    pub fn of(hook_id: HookId, newest: &[Run]) -> Self {
        let counted = newest.get(..COUNTED_MAX).unwrap_or(newest);
        let shown = newest.get(..SHOWN_MAX).unwrap_or(newest);
        let mut durations: Vec<i64> = counted.iter().map(|run| run.duration_ms).collect();
        durations.sort_unstable();
        Self {
            hook_id,
            runs: shown.iter().rev().copied().collect(),
            p50_ms: percentile(&durations, 50),
            p95_ms: percentile(&durations, 95),
            failed_of_last: counted.iter().filter(|run| !run.success).count(),
            of_last: counted.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(number: i64, status: ExecutionStatus) -> Run {
        Run {
            log_id: LogId::new(number),
            status,
            success: status.is_success(),
            duration_ms: number,
            executed_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn of_a_hook_that_never_ran() {
        let activity = HookActivity::of(HookId::new(7), &[]);
        assert_eq!(activity.runs, []);
        assert_eq!((activity.p50_ms, activity.p95_ms), (None, None));
        assert_eq!((activity.failed_of_last, activity.of_last), (0, 0));
    }

    #[test]
    fn older_ones_do_not_count() {
        let newest: Vec<Run> = (1..=150)
            .rev()
            .map(|number| match number {
                140 | 60 => run(number, ExecutionStatus::Failed),
                145 => run(number, ExecutionStatus::Skipped),
                // Too old.
                40 => run(number, ExecutionStatus::TimedOut),
                _ => run(number, ExecutionStatus::Passed),
            })
            .collect();
        let activity = HookActivity::of(HookId::new(7), &newest);
        let shown: Vec<i64> = activity.runs.iter().map(|run| run.log_id.get()).collect();
        assert_eq!(shown, (131..=150).collect::<Vec<_>>());
        assert_eq!((activity.failed_of_last, activity.of_last), (2, 100));
        assert_eq!(activity.p50_ms, Some(100));
        assert_eq!(activity.p95_ms, Some(145));
    }
}
