//! How attempts ended, many at once.

use super::order;
use crate::database::{Arg, Connection, Sql, args, batches, parameters};
use crate::error::Result;
use crate::events;
use crate::logs::{args_of, insert_into};
use crate::store::Store;
use chrono::{DateTime, Utc};
use stagehook_core::delivery::DeliveryState;
use stagehook_core::event::Event;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{ClaimId, DeliveryId, EventId, HookId};
use stagehook_core::log::ExecutionRecord;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use uuid::Uuid;

/// Longest reason that is kept with the delivery, in characters; the log has the
/// whole of it.
const ERROR_MAX: usize = 500;
/// Of a delivery that is settled.
const SETTLED_COLUMNS: usize = 10;

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
                let attempts = settle(connection, &attempts).await?;
                for attempt in attempts {
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

/// Settles the deliveries whose claims still hold, and keeps the records of what
/// was attempted. Answers those attempts.
async fn settle<'a>(
    connection: &mut Connection,
    attempts: &'a [Attempt],
) -> Result<Vec<&'a Attempt>> {
    let mut held = HashSet::with_capacity(attempts.len());
    for attempts in batches(attempts) {
        let mut args = Vec::with_capacity(attempts.len() * SETTLED_COLUMNS);
        for attempt in attempts {
            args.extend(settled(attempt));
        }
        let sql = format!(
            "WITH ended (id, claim, state, counted, due_at, status, http_status, error,
                         executed_at, finished_at) AS (VALUES {})
             UPDATE deliveries
             SET state = ended.state, attempts = attempts + ended.counted, due_at = ended.due_at,
                 claim = NULL, claimed_by = NULL, last_status = ended.status,
                 last_http_status = ended.http_status, last_error = ended.error,
                 last_attempt_at = ended.executed_at, finished_at = ended.finished_at
             FROM ended
             WHERE deliveries.id = ended.id AND deliveries.claim = ended.claim
               AND deliveries.state = 'running'
             RETURNING deliveries.id",
            parameters(attempts.len(), SETTLED_COLUMNS)
        );
        let rows: Vec<(Uuid,)> = connection.all(Sql::Built(sql), &args).await?;
        held.extend(rows.into_iter().map(|(id,)| DeliveryId::new(id)));
    }
    let (held, lost): (Vec<_>, Vec<_>) = attempts
        .iter()
        .partition(|attempt| held.contains(&attempt.delivery));
    for attempt in lost {
        tracing::warn!(delivery = %attempt.delivery, "a claim was lost");
    }
    for attempts in batches(&held) {
        let mut args = Vec::new();
        for attempt in attempts {
            args.extend(args_of(&attempt.record)?);
        }
        let rows = parameters(attempts.len(), args.len() / attempts.len());
        let sql = format!("{}VALUES {rows}", insert_into!());
        connection.execute(Sql::Built(sql), &args).await?;
    }
    let is_pending = |attempt: &&Attempt| !attempt.after.is_final();
    if held.iter().any(is_pending) {
        connection.leaves_deliveries();
    }
    Ok(held)
}

/// What becomes of the delivery.
fn settled(attempt: &Attempt) -> [Arg<'_>; SETTLED_COLUMNS] {
    let (state, counted, due_at, finished_at) = match attempt.after {
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
    let record = &attempt.record;
    let error = record
        .error
        .as_ref()
        .map(|error| error.chars().take(ERROR_MAX).collect::<String>());
    [
        attempt.delivery.get().into(),
        attempt.claim.get().into(),
        state.as_str().into(),
        counted.into(),
        due_at.into(),
        record.status.as_str().into(),
        record.usage.http_status.map(i64::from).into(),
        error.into(),
        record.executed_at.into(),
        finished_at.into(),
    ]
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
