//! Which records are looked for.

use crate::database::{Connection, Select};
use chrono::{DateTime, Utc};
use stagehook_core::config::HookType;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{DeliveryId, HookId, JobId, StageRunId};
use stagehook_core::trigger::HookPoint;

/// Which rows of the execution log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Of this hook.
    pub hook_id: Option<HookId>,
    /// Of this job.
    pub job_id: Option<JobId>,
    /// Of this stage run.
    pub stage_run_id: Option<StageRunId>,
    /// Of this delivery.
    pub delivery_id: Option<DeliveryId>,
    /// Successes, or failures.
    pub success: Option<bool>,
    /// That ended so.
    pub status: Option<ExecutionStatus>,
    /// Tests, or no tests.
    pub is_test: Option<bool>,
    /// Of hooks of this type.
    pub hook_type: Option<HookType>,
    /// Of this stage.
    pub hook_point: Option<HookPoint>,
    /// Of events of this type.
    pub event: Option<String>,
    /// That began then or later.
    pub since: Option<DateTime<Utc>>,
    /// That began before then.
    pub until: Option<DateTime<Utc>>,
    /// With this text in what the hook printed, or in its error.
    pub contains: Option<String>,
}

impl LogFilter {
    /// What an index holds, and what is left.
    pub(super) fn split(&self) -> (Self, Self) {
        let mut rest = self.clone();
        // Failures have indexes of their own.
        rest.success = rest
            .success
            .or(rest.status.map(ExecutionStatus::is_success));
        let any = Self::default();
        let held = if rest.stage_run_id.is_some() {
            let stage_run_id = rest.stage_run_id.take();
            Self {
                stage_run_id,
                ..any
            }
        } else if rest.delivery_id.is_some() {
            let delivery_id = rest.delivery_id.take();
            Self { delivery_id, ..any }
        } else if rest.job_id.is_some() {
            let job_id = rest.job_id.take();
            Self { job_id, ..any }
        } else if rest.hook_id.is_some() {
            let hook_id = rest.hook_id.take();
            let success = rest.success.take_if(|success| !*success);
            Self {
                hook_id,
                success,
                ..any
            }
        } else if rest.since.is_some() || rest.until.is_some() {
            let (since, until) = (rest.since.take(), rest.until.take());
            Self {
                since,
                until,
                ..any
            }
        } else if rest
            .status
            .is_some_and(|status| status != ExecutionStatus::Passed)
        {
            rest.success
                .take_if(|success| self.success != Some(*success));
            let status = rest.status.take();
            Self { status, ..any }
        } else if rest.is_test == Some(true) {
            let is_test = rest.is_test.take();
            Self { is_test, ..any }
        } else {
            let success = rest.success.take_if(|success| !*success);
            Self { success, ..any }
        };
        (held, rest)
    }

    /// The texts are searched with the database's own function: LIKE minds the
    /// case on one of them, and not on the other.
    pub(super) fn require<'a>(&'a self, connection: &Connection, select: &mut Select<'a>) {
        // Whoever adds a filter is told here that it has to be looked for.
        let Self {
            hook_id,
            job_id,
            stage_run_id,
            delivery_id,
            success,
            status,
            is_test,
            hook_type,
            hook_point,
            event,
            since,
            until,
            contains,
        } = self;
        let in_texts = connection.spelt(
            "(instr(stdout, ?) > 0 OR instr(stderr, ?) > 0 OR instr(error_message, ?) > 0)",
            "(strpos(stdout, ?) > 0 OR strpos(stderr, ?) > 0 OR strpos(error_message, ?) > 0)",
        );
        select
            .and_if("hook_id = ?", hook_id.map(HookId::get))
            .and_if("job_id = ?", job_id.map(JobId::get))
            .and_if("stage_run_id = ?", stage_run_id.map(StageRunId::get))
            .and_if("delivery_id = ?", delivery_id.map(DeliveryId::get))
            .and_if("status = ?", status.map(ExecutionStatus::as_str))
            .and_if("hook_type = ?", hook_type.map(HookType::as_str))
            .and_if("hook_point = ?", hook_point.map(HookPoint::as_str))
            .and_if("event = ?", event.as_deref())
            .and_if("executed_at >= ?", *since)
            .and_if("executed_at < ?", *until)
            .and_if(in_texts, contains.as_deref());
        // The rest as in the indexes, which hold these alone.
        match success {
            Some(false) => select.and("success IS FALSE"),
            Some(true) => select.and("success IS TRUE"),
            None => &mut *select,
        };
        match is_test {
            Some(false) => select.and("is_test IS FALSE"),
            Some(true) => select.and("is_test IS TRUE"),
            None => &mut *select,
        };
        if status.is_some_and(|status| status != ExecutionStatus::Passed) {
            select.and("status <> 'passed'");
        }
    }
}
