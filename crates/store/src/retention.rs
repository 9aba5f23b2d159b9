//! What is old and over is deleted, a little at a time. REQ-OPS-4
//!
//! Rows are walked in the order in which they were stored, from the first on, and
//! the walk ends at the first part of it that has nothing old: what was deleted
//! before is not walked again, and what has to stay is little. Each part is a
//! transaction of its own, so that nobody waits for more than one. Of several
//! servers on one PostgreSQL one is at it at a time.
//!
//! | what | goes when it is old, unless |
//! | --- | --- |
//! | a delivery | it is not over |
//! | an event, with its deliveries | one of these is not over, or is not old; or it is the newest |
//! | a log | its stage run is running or was so lately, its job waits for a person, or its delivery is not over |

use crate::database::{Connection, Sql, args};
use crate::error::Result;
use crate::store::Store;
use chrono::{DateTime, Utc};

/// Rows that are walked in one transaction.
const PART: i64 = 500;

/// What is deleted when it is old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Aging {
    /// Events, with their deliveries.
    Events,
    /// Deliveries that are over.
    Deliveries,
    /// Logs of executions.
    Logs,
}

/// What came of one part of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deleted {
    /// Rows that were deleted.
    pub rows: u64,
    /// Where the walk goes on; none: it is over, or another server is at it.
    pub next: Option<i64>,
}

impl Deleted {
    const OVER: Self = Self {
        rows: 0,
        next: None,
    };
}

/// SQLite has one server.
const TRY_LOCK: Sql = Sql::Differs {
    sqlite: "SELECT 1",
    postgres: "SELECT CASE WHEN pg_try_advisory_xact_lock(hashtextextended('retention', 0))
                THEN CAST(1 AS BIGINT) ELSE 0 END",
};

impl Aging {
    /// All of them, in the order in which they are walked: what refers to others
    /// before these.
    pub const ALL: [Self; 3] = [Self::Logs, Self::Deliveries, Self::Events];

    /// The name of what is deleted.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Deliveries => "deliveries",
            Self::Logs => "logs",
        }
    }

    /// The part of the walk after a place: where it ends, and when its oldest row
    /// was.
    const fn part(self) -> &'static str {
        match self {
            Self::Events => {
                "SELECT MAX(seq) AS ends, MIN(created_at) AS oldest FROM (
                     SELECT seq, created_at FROM events WHERE seq > $1 ORDER BY seq LIMIT $2) part"
            }
            Self::Deliveries => {
                "SELECT MAX(seq) AS ends, MIN(created_at) AS oldest FROM (
                     SELECT seq, created_at FROM deliveries WHERE seq > $1 ORDER BY seq LIMIT $2) part"
            }
            Self::Logs => {
                "SELECT MAX(id) AS ends, MIN(executed_at) AS oldest FROM (
                     SELECT id, executed_at FROM hook_execution_logs
                     WHERE id > $1 ORDER BY id LIMIT $2) part"
            }
        }
    }

    /// Deletes what goes of the part from `$1`, without it, to `$2` that is older
    /// than `$3`. Each says once more about the row itself what it has to be: on
    /// PostgreSQL somebody may have changed it meanwhile.
    const fn deletions(self) -> &'static [&'static str] {
        match self {
            Self::Events => &[
                "DELETE FROM deliveries WHERE finished_at < $3 AND event_seq IN (
                     SELECT e.seq FROM events e
                     WHERE e.seq > $1 AND e.seq <= $2 AND e.created_at < $3
                       AND e.seq < (SELECT MAX(seq) FROM events)
                       AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_seq = e.seq
                                       AND (d.finished_at IS NULL OR d.finished_at >= $3)))",
                "DELETE FROM events
                 WHERE seq > $1 AND seq <= $2 AND created_at < $3
                   AND seq < (SELECT MAX(seq) FROM events)
                   AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_seq = events.seq)",
            ],
            Self::Deliveries => &["DELETE FROM deliveries
                 WHERE seq > $1 AND seq <= $2 AND finished_at < $3"],
            Self::Logs => &[
                // Planned and without a log would mean that it was not run.
                "UPDATE stage_runs SET plan = '[]'
                 WHERE finished_at < $3 AND id IN (
                     SELECT l.stage_run_id FROM hook_execution_logs l
                     WHERE l.id > $1 AND l.id <= $2 AND l.executed_at < $3)
                   AND NOT EXISTS (SELECT 1 FROM jobs j
                                   WHERE j.id = stage_runs.job_id AND j.needs_review IS TRUE)",
                "DELETE FROM hook_execution_logs
                 WHERE id > $1 AND id <= $2 AND executed_at < $3
                   AND NOT EXISTS (SELECT 1 FROM stage_runs r
                                   WHERE r.id = hook_execution_logs.stage_run_id
                                     AND (r.finished_at IS NULL OR r.finished_at >= $3))
                   AND NOT EXISTS (SELECT 1 FROM jobs j
                                   WHERE j.id = hook_execution_logs.job_id
                                     AND j.needs_review IS TRUE)
                   AND NOT EXISTS (SELECT 1 FROM deliveries d
                                   WHERE d.id = hook_execution_logs.delivery_id
                                     AND d.finished_at IS NULL)",
            ],
        }
    }
}

#[derive(sqlx::FromRow)]
struct Part {
    ends: Option<i64>,
    oldest: Option<DateTime<Utc>>,
}

impl Store {
    /// Deletes what is older than `before` of the part of the walk after a place,
    /// which begins at 0.
    pub async fn delete_aged(
        &self,
        what: Aging,
        before: DateTime<Utc>,
        after: i64,
    ) -> Result<Deleted> {
        let part: Part = self
            .reader()
            .await?
            .one(what.part(), args![after, PART])
            .await?;
        let (Some(ends), Some(oldest)) = (part.ends, part.oldest) else {
            return Ok(Deleted::OVER);
        };
        if oldest >= before {
            return Ok(Deleted::OVER);
        }
        self.write(move |connection| {
            Box::pin(async move {
                if connection.number(TRY_LOCK, &[]).await? == 0 {
                    return Ok(Deleted::OVER);
                }
                let rows = delete(connection, what, (after, ends), before).await?;
                Ok(Deleted {
                    rows,
                    next: Some(ends),
                })
            })
        })
        .await
    }
}

/// Answers how many rows of what is walked went.
async fn delete(
    connection: &mut Connection,
    what: Aging,
    (after, ends): (i64, i64),
    before: DateTime<Utc>,
) -> Result<u64> {
    let mut rows = 0;
    for deletion in what.deletions() {
        rows = connection
            .execute(*deletion, args![after, ends, before])
            .await?;
    }
    Ok(rows)
}
