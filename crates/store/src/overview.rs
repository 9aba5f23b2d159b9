//! What went on in a window of time, counted with bounded work.
//!
//! Executions are counted in the index of times alone, part by part of the
//! window. Of a part with more than its share of [`COUNTED_MAX`] the first ones
//! are counted, and the rest is taken to be like these: how many there are in
//! all is then told by the numbers under which records are stored. Whatever else
//! is counted has a bound of its own.

use crate::database::{Arg, Connection, Sql, args, parameters};
use crate::document::Row;
use crate::error::{Entity, Result};
use crate::store::Store;
use chrono::{DateTime, Utc};
use stagehook_core::config::HookType;
use stagehook_core::ids::HookId;
use stagehook_core::window::Window;
use std::collections::HashMap;
use uuid::Uuid;

/// Most executions of a window that are counted one by one.
const COUNTED_MAX: i64 = 120_000;
/// Records at the edge of a part that are asked for the number under which the
/// first of them was stored.
const AT_EDGE: i64 = 100;
/// Most of anything else that is counted one by one.
const OTHERS_MAX: i64 = 100_000;

/// Executions that were counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Executions {
    /// How many there were.
    pub executions: i64,
    /// How many of these did not succeed.
    pub failed: i64,
}

/// The executions of one hook.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OfHook {
    /// How many there were.
    pub executions: Executions,
    /// How long they took together, in milliseconds.
    pub duration_ms: i64,
}

/// The executions of a window; tests are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Throughput {
    /// Of each part of the window, oldest first.
    pub parts: Vec<Executions>,
    /// Of each hook that ran.
    pub hooks: HashMap<HookId, OfHook>,
    /// Whether there were too many to count them all.
    pub is_approximate: bool,
}

/// What else happened in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happened {
    /// Stage runs that began.
    pub stage_runs: i64,
    /// Of these, those whose verdict is to halt.
    pub halted: i64,
    /// Events.
    pub events: i64,
    /// Whether there was too much to count it all.
    pub is_approximate: bool,
}

/// A hook, so that people know which one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookLabel {
    /// Its name.
    pub name: String,
    /// Its type.
    pub hook_type: HookType,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    hook_id: i64,
    is_test: bool,
    executions: i64,
    failed: i64,
    duration_ms: i64,
}

impl Store {
    /// The executions of a window.
    pub async fn throughput(&self, window: &Window) -> Result<Throughput> {
        let mut connection = self.reader().await?;
        let most = COUNTED_MAX / window.parts();
        let mut throughput = Throughput::default();
        for begins in window.begins() {
            let ends = begins + window.length();
            let rows = count(&mut connection, begins, ends, most).await?;
            let looked_at: i64 = rows.iter().map(|row| row.executions).sum();
            let all = if looked_at < most {
                looked_at
            } else {
                throughput.is_approximate = true;
                stored_between(&mut connection, begins, ends)
                    .await?
                    .max(looked_at)
            };
            throughput.add(&rows, |counted| scaled(counted, all, looked_at));
        }
        Ok(throughput)
    }

    /// What else happened since the window began.
    pub async fn happened(&self, window: &Window) -> Result<Happened> {
        let mut connection = self.reader().await?;
        // The ids of stage runs begin with the time.
        let first = first_id(window.since());
        let mut stage_runs = connection
            .number(
                "SELECT COUNT(*) FROM (SELECT 1 FROM stage_runs WHERE id >= $1 LIMIT $2) found",
                args![first, OTHERS_MAX],
            )
            .await?;
        let mut events = connection
            .number(
                "SELECT COUNT(*) FROM (SELECT 1 FROM events WHERE created_at >= $1 LIMIT $2) found",
                args![window.since(), OTHERS_MAX],
            )
            .await?;
        let is_approximate = stage_runs == OTHERS_MAX || events == OTHERS_MAX;
        if stage_runs == OTHERS_MAX {
            stage_runs = connection
                .number(
                    "SELECT (SELECT MAX(seq) FROM stage_runs) + 1 - COALESCE(
                         (SELECT seq FROM stage_runs WHERE id >= $1 ORDER BY id LIMIT 1), 1)",
                    args![first],
                )
                .await?;
        }
        if events == OTHERS_MAX {
            events = connection
                .number(
                    "SELECT (SELECT MAX(seq) FROM events) + 1 - COALESCE(
                         (SELECT seq FROM events WHERE created_at >= $1 ORDER BY created_at LIMIT 1), 1)",
                    args![window.since()],
                )
                .await?;
        }
        let halted = connection
            .number(
                "SELECT COUNT(*) FROM (
                     SELECT 1 FROM stage_runs WHERE verdict = 'halt' AND id >= $1 LIMIT $2) found",
                args![first, OTHERS_MAX],
            )
            .await?;
        Ok(Happened {
            stage_runs,
            halted,
            events,
            is_approximate,
        })
    }

    /// How many jobs wait for a person, counted up to a bound.
    pub async fn count_jobs_to_review(&self) -> Result<i64> {
        self.reader()
            .await?
            .number(
                "SELECT COUNT(*) FROM (SELECT 1 FROM jobs WHERE needs_review IS TRUE LIMIT $1) found",
                args![OTHERS_MAX],
            )
            .await
    }

    /// The names and types of these hooks, deleted ones included.
    pub async fn hook_labels(&self, hooks: &[HookId]) -> Result<HashMap<HookId, HookLabel>> {
        if hooks.is_empty() {
            return Ok(HashMap::new());
        }
        let args: Vec<Arg<'_>> = hooks.iter().map(|id| Arg::from(id.get())).collect();
        let sql = format!(
            "SELECT id, name, hook_type FROM hooks WHERE id IN {}",
            parameters(1, args.len())
        );
        let rows: Vec<(i64, String, String)> =
            self.reader().await?.all(Sql::Built(sql), &args).await?;
        let label = |(id, name, hook_type): (i64, String, String)| {
            let id = HookId::new(id);
            let hook_type = Row::new(Entity::Hook, id).text("hook_type", &hook_type)?;
            Ok((id, HookLabel { name, hook_type }))
        };
        rows.into_iter().map(label).collect()
    }
}

impl Throughput {
    /// Adds a part, each of its numbers scaled.
    fn add(&mut self, rows: &[CountRow], scaled: impl Fn(i64) -> i64) {
        let mut part = Executions::default();
        for row in rows.iter().filter(|row| !row.is_test) {
            let (executions, failed) = (scaled(row.executions), scaled(row.failed));
            part.add(executions, failed);
            let of_hook = self.hooks.entry(HookId::new(row.hook_id)).or_default();
            of_hook.executions.add(executions, failed);
            of_hook.duration_ms = of_hook.duration_ms.saturating_add(scaled(row.duration_ms));
        }
        self.parts.push(part);
    }
}

impl Executions {
    const fn add(&mut self, executions: i64, failed: i64) {
        self.executions = self.executions.saturating_add(executions);
        self.failed = self.failed.saturating_add(failed);
    }
}

/// What was counted among those looked at, as it would be among all.
fn scaled(counted: i64, all: i64, looked_at: i64) -> i64 {
    let scaled = i128::from(counted) * i128::from(all) / i128::from(looked_at.max(1));
    i64::try_from(scaled).unwrap_or(i64::MAX)
}

/// Counts the first executions of a part of a window.
async fn count(
    connection: &mut Connection,
    begins: DateTime<Utc>,
    ends: DateTime<Utc>,
    most: i64,
) -> Result<Vec<CountRow>> {
    connection
        .all(
            "SELECT hook_id, is_test, COUNT(*) AS executions,
                    SUM(CASE WHEN success IS TRUE THEN 0 ELSE 1 END) AS failed,
                    CAST(SUM(duration_ms) AS BIGINT) AS duration_ms
             FROM (SELECT hook_id, is_test, success, duration_ms FROM hook_execution_logs
                   WHERE executed_at >= $1 AND executed_at < $2
                   ORDER BY executed_at, id LIMIT $3) looked_at
             GROUP BY hook_id, is_test",
            args![begins, ends, most],
        )
        .await
}

/// How many records were stored in a part of a window, told by their numbers.
///
/// A record has its number from when it was stored, which is when it ended. The
/// first one that began in a part may have taken long, and was then stored after
/// many that began later: of several, the one that was stored first is taken.
async fn stored_between(
    connection: &mut Connection,
    begins: DateTime<Utc>,
    ends: DateTime<Utc>,
) -> Result<i64> {
    connection
        .number(
            "SELECT COALESCE(
                 (SELECT MIN(id) FROM (
                     SELECT id FROM hook_execution_logs WHERE executed_at >= $2
                     ORDER BY executed_at, id LIMIT $3) after),
                 (SELECT MAX(id) + 1 FROM hook_execution_logs))
             - (SELECT MIN(id) FROM (
                   SELECT id FROM hook_execution_logs WHERE executed_at >= $1
                   ORDER BY executed_at, id LIMIT $3) first_ones)",
            args![begins, ends, AT_EDGE],
        )
        .await
}

/// The first UUID of version 7 of a time.
fn first_id(at: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}
