//! How attempts ended, many at once.

use super::order;
use crate::database::{Connection, Sql, args};
use crate::error::Result;
use crate::events;
use crate::logs::{args_of, insert_into, parameters};
use crate::store::Store;
use chrono::{DateTime, Utc};
use stagehook_core::delivery::DeliveryState;
use stagehook_core::event::Event;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{ClaimId, DeliveryId, EventId, HookId};
use stagehook_core::log::ExecutionRecord;
use std::collections::{BTreeMap, BTreeSet};

/// Longest reason that is kept with the delivery, in characters; the log has the
/// whole of it.
const ERROR_MAX: usize = 500;

/// An attempt that has ended.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The delivery.
    pub delivery: DeliveryId,
    /// What shows that it is this server's.
    pub claim: ClaimId,
    /// The delivery's order key.
    pub order_key: Option<String>,
    /// The record of the execution.
    pub record: ExecutionRecord,
    /// What becomes of the delivery.
    pub after: AfterAttempt,
    /// The event that says that the hook ran; kept if a hook answers it.
    pub executed: Option<Event>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterAttempt {
    /// It was delivered.
    Succeeded,
    /// Another attempt follows then.
    Retry(DateTime<Utc>),
    /// Another attempt follows at once, and this one does not count: it was cut
    /// off.
    Again,
    /// No attempt is left.
    Exhausted,
}

impl AfterAttempt {
    /// Whether no attempt follows.
    const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Exhausted)
    }
}

/// What attempts led to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completed {
    /// The hooks whose last deliveries were exhausted, and how many in a row.
    pub failing: Vec<(HookId, u32)>,
    /// Of [`Attempt::executed`], the events that no hook answers, of which none is kept.
    pub unanswered: Vec<EventId>,
}

/// What a batch of attempts adds to how a hook fares.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    succeeded: i64,
    failed: i64,
    exhausted: i64,
    /// Since the last success.
    in_a_row: i64,
    last: Option<(DateTime<Utc>, ExecutionStatus)>,
}

macro_rules! settle {
    () => {
        "UPDATE deliveries
         SET state = $30, attempts = attempts + $31, due_at = $32, claim = NULL, claimed_by = NULL,
             last_status = $33, last_http_status = $34, last_error = $35, last_attempt_at = $36,
             finished_at = $37
         WHERE id = $28 AND claim = $29 AND state = 'running' "
    };
}

/// Adds the record and settles the delivery, in one round trip, if the claim
/// still holds.
const SETTLE: Sql = Sql::Differs {
    sqlite: concat!(
        insert_into!(),
        "SELECT ",
        parameters!(),
        " FROM deliveries WHERE id = $28 AND claim = $29 AND state = 'running' RETURNING id; ",
        settle!()
    ),
    postgres: concat!(
        "WITH settled AS (",
        settle!(),
        "RETURNING id) ",
        insert_into!(),
        "SELECT ",
        parameters!(),
        " FROM settled RETURNING id"
    ),
};

impl Store {
    /// Commits how attempts ended: their records, what becomes of the deliveries,
    /// how their hooks fare. An attempt whose claim was lost leaves nothing:
    /// somebody else makes it again.
    pub async fn complete_deliveries(&self, attempts: Vec<Attempt>) -> Result<Completed> {
        self.write(move |connection| {
            Box::pin(async move {
                let in_order = |attempt: &Attempt| {
                    let hook = attempt.record.hook_id;
                    attempt.order_key.is_some().then_some(hook)
                };
                let in_order: BTreeSet<_> = attempts.iter().filter_map(in_order).collect();
                for hook in in_order {
                    order::lock(connection, hook).await?;
                }
                let mut tallies: BTreeMap<HookId, Tally> = BTreeMap::new();
                let mut executed = Vec::new();
                for attempt in &attempts {
                    if !settle(connection, attempt).await? {
                        tracing::warn!(delivery = %attempt.delivery, "a claim was lost");
                        continue;
                    }
                    tallies
                        .entry(attempt.record.hook_id)
                        .or_default()
                        .add(attempt);
                    if let (Some(key), true) = (&attempt.order_key, attempt.after.is_final()) {
                        order::let_go(connection, attempt.record.hook_id, key).await?;
                    }
                    executed.extend(&attempt.executed);
                }
                let unanswered = events::insert_if_answered(connection, &executed).await?;
                let mut failing = Vec::new();
                // In the order of their ids, so that two servers do not wait for
                // each other.
                for (hook, tally) in tallies {
                    let in_a_row = count(connection, hook, tally).await?;
                    if tally.exhausted > 0 {
                        failing.push((hook, u32::try_from(in_a_row).unwrap_or(u32::MAX)));
                    }
                }
                Ok(Completed {
                    failing,
                    unanswered,
                })
            })
        })
        .await
    }
}

impl Tally {
    fn add(&mut self, attempt: &Attempt) {
        match attempt.after {
            AfterAttempt::Succeeded => {
                self.succeeded += 1;
                self.in_a_row = 0;
            }
            AfterAttempt::Retry(_) => self.failed += 1,
            AfterAttempt::Exhausted => {
                self.failed += 1;
                self.exhausted += 1;
                self.in_a_row += 1;
            }
            AfterAttempt::Again => return,
        }
        self.last = Some((attempt.record.executed_at, attempt.record.status));
    }
}

/// Whether the claim still held.
async fn settle(connection: &mut Connection, attempt: &Attempt) -> Result<bool> {
    let record = &attempt.record;
    let (state, counts, due_at, finished_at) = match attempt.after {
        AfterAttempt::Succeeded => (
            DeliveryState::Succeeded,
            1_i64,
            attempt.ended_at,
            Some(attempt.ended_at),
        ),
        AfterAttempt::Exhausted => (
            DeliveryState::Exhausted,
            1,
            attempt.ended_at,
            Some(attempt.ended_at),
        ),
        AfterAttempt::Retry(due_at) => (DeliveryState::Pending, 1, due_at, None),
        AfterAttempt::Again => (DeliveryState::Pending, 0, attempt.ended_at, None),
    };
    let error = record
        .error
        .as_ref()
        .map(|error| error.chars().take(ERROR_MAX).collect::<String>());
    let mut arguments = args_of(record)?;
    arguments.extend([
        attempt.delivery.get().into(),
        attempt.claim.get().into(),
        state.as_str().into(),
        counts.into(),
        due_at.into(),
        record.status.as_str().into(),
        record.usage.http_status.map(i64::from).into(),
        error.into(),
        record.executed_at.into(),
        finished_at.into(),
    ]);
    // All rows, because SQLite stops at the first one asked for, and has the
    // second statement still to run.
    let rows: Vec<(i64,)> = connection.all(SETTLE, &arguments).await?;
    if state == DeliveryState::Pending {
        connection.leaves_deliveries();
    }
    Ok(!rows.is_empty())
}

/// Answers how many deliveries of the hook were exhausted in a row.
async fn count(connection: &mut Connection, hook: HookId, tally: Tally) -> Result<i64> {
    connection
        .number(
            "INSERT INTO hook_deliveries (hook_id, succeeded, failed_attempts, exhausted,
                                          exhausted_in_a_row, last_triggered_at, last_status,
                                          probing)
             VALUES ($1, $2, $3, $4, $5, $6, $7, FALSE)
             ON CONFLICT (hook_id) DO UPDATE SET
                 succeeded = hook_deliveries.succeeded + excluded.succeeded,
                 failed_attempts = hook_deliveries.failed_attempts + excluded.failed_attempts,
                 exhausted = hook_deliveries.exhausted + excluded.exhausted,
                 exhausted_in_a_row = excluded.exhausted_in_a_row
                     + CASE WHEN excluded.succeeded > 0 THEN 0
                            ELSE hook_deliveries.exhausted_in_a_row END,
                 last_triggered_at = COALESCE(excluded.last_triggered_at,
                                              hook_deliveries.last_triggered_at),
                 last_status = COALESCE(excluded.last_status, hook_deliveries.last_status),
                 probing = CASE WHEN excluded.succeeded > 0 THEN FALSE
                                ELSE hook_deliveries.probing END
             RETURNING exhausted_in_a_row",
            args![
                hook.get(),
                tally.succeeded,
                tally.failed,
                tally.exhausted,
                tally.in_a_row,
                tally.last.map(|(at, _)| at),
                tally.last.map(|(_, status)| status.as_str())
            ],
        )
        .await
}
