//! Finding records, a page at a time, however many there are.
//!
//! Of what is asked for, one thing is held by an index, by which the records
//! are walked; for the rest they are looked at one by one. So that no page costs
//! more than the next, a page ends after [`LOOKED_AT_MAX`] of them: with fewer
//! records than it could have, perhaps with none, and with where to go on.

use super::row::{LogRow, log_columns};
use crate::database::{Connection, Select, args};
use crate::error::Result;
use crate::store::Store;
use chrono::{DateTime, Duration, Utc};
use stagehook_core::config::HookType;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{DeliveryId, HookId, JobId, StageRunId};
use stagehook_core::log::ExecutionLog;
use stagehook_core::page::{Cursor, LIMIT_MAX, Page, PageRequest};
use stagehook_core::trigger::HookPoint;

/// Most records that are looked at for one page.
pub const LOOKED_AT_MAX: u32 = 10_000;

/// A record is stored when its execution has ended, at most a day after it
/// began; and clocks of servers differ.
const STORED_WITHIN: Duration = Duration::days(2);

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
    fn split(&self) -> (Self, Self) {
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

    fn require<'a>(&'a self, select: &mut Select<'a>) {
        select
            .and_if("hook_id = ?", self.hook_id.map(HookId::get))
            .and_if("job_id = ?", self.job_id.map(JobId::get))
            .and_if("stage_run_id = ?", self.stage_run_id.map(StageRunId::get))
            .and_if("delivery_id = ?", self.delivery_id.map(DeliveryId::get))
            .and_if("status = ?", self.status.map(ExecutionStatus::as_str))
            .and_if("hook_type = ?", self.hook_type.map(HookType::as_str))
            .and_if("hook_point = ?", self.hook_point.map(HookPoint::as_str))
            .and_if("event = ?", self.event.as_deref())
            .and_if("executed_at >= ?", self.since)
            .and_if("executed_at < ?", self.until)
            // LIKE minds the case on one database, and not on the other.
            .and_if(
                "(replace(stdout, ?, '') <> stdout OR replace(stderr, ?, '') <> stderr
                  OR replace(error_message, ?, '') <> error_message)",
                self.contains.as_deref(),
            );
        // The rest as in the indexes, which hold these alone.
        match self.success {
            Some(false) => select.and("success IS FALSE"),
            Some(true) => select.and("success IS TRUE"),
            None => &mut *select,
        };
        match self.is_test {
            Some(false) => select.and("is_test IS FALSE"),
            Some(true) => select.and("is_test IS TRUE"),
            None => &mut *select,
        };
        if self
            .status
            .is_some_and(|status| status != ExecutionStatus::Passed)
        {
            select.and("status <> 'passed'");
        }
    }
}

/// In which order records are walked, and between which places. At each end
/// there is one bound alone: of two, a database may search by the wider one.
#[derive(Debug, Clone, Copy)]
enum Walk {
    /// As they were stored, newest first.
    Stored {
        before: Option<i64>,
        from: Option<i64>,
    },
    /// As they began, newest first.
    Began { before: End, from: End },
}

/// An end of a walk by time.
#[derive(Debug, Clone, Copy)]
enum End {
    Open,
    Time(DateTime<Utc>),
    Place(Place),
}

/// A record's place in a walk.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
struct Place {
    id: i64,
    executed_at: DateTime<Utc>,
}

impl Walk {
    fn require(&self, select: &mut Select<'_>) {
        match self {
            Self::Stored { before, from } => {
                select.and_if("id < ?", *before).and_if("id >= ?", *from);
            }
            Self::Began { before, from } => {
                match *before {
                    End::Open => &mut *select,
                    End::Time(at) => select.and_if("executed_at < ?", Some(at)),
                    End::Place(Place { id, executed_at }) => {
                        select.and_both("(executed_at, id) < (?, ?)", executed_at, id)
                    }
                };
                match *from {
                    End::Open => select,
                    End::Time(at) => select.and_if("executed_at >= ?", Some(at)),
                    End::Place(Place { id, executed_at }) => {
                        select.and_both("(executed_at, id) >= (?, ?)", executed_at, id)
                    }
                };
            }
        }
    }

    const fn order(&self) -> &'static str {
        match self {
            Self::Stored { .. } => "ORDER BY id DESC",
            Self::Began { .. } => "ORDER BY executed_at DESC, id DESC",
        }
    }

    /// The same walk, no further than to this place.
    const fn to(self, place: Place) -> Self {
        match self {
            Self::Stored { before, .. } => Self::Stored {
                before,
                from: Some(place.id),
            },
            Self::Began { before, .. } => Self::Began {
                before,
                from: End::Place(place),
            },
        }
    }
}

impl Store {
    /// The records, newest first: as they were stored, or, where they are asked
    /// for by time and by nothing that is particular, as they began. A page may
    /// have fewer than there is room for, and still not be the last.
    pub async fn list_logs(
        &self,
        filter: &LogFilter,
        page: PageRequest,
    ) -> Result<Page<ExecutionLog>> {
        let limit = page.limit.clamp(1, LIMIT_MAX);
        let (mut held, rest) = filter.split();
        let mut connection = self.reader().await?;
        let Some(mut walk) = begin(&mut connection, &mut held, &rest, page.cursor).await? else {
            return Ok(Page {
                items: Vec::new(),
                next_cursor: None,
            });
        };
        let mut end = None;
        if rest != LogFilter::default() {
            let mut select = Select::new("SELECT id, executed_at FROM hook_execution_logs");
            held.require(&mut select);
            walk.require(&mut select);
            let last = format!("{} LIMIT 1 OFFSET {}", walk.order(), LOOKED_AT_MAX - 1);
            let last: Option<Place> = select.rows(&mut connection, &last).await?.pop();
            end = last.map(|place| Cursor::after(place.id));
            walk = last.map_or(walk, |place| walk.to(place));
        }
        let mut select = Select::new(concat!(
            "SELECT ",
            log_columns!(),
            " FROM hook_execution_logs"
        ));
        held.require(&mut select);
        rest.require(&mut select);
        walk.require(&mut select);
        let tail = format!("{} LIMIT {}", walk.order(), u64::from(limit) + 1);
        let rows: Vec<LogRow> = select.rows(&mut connection, &tail).await?;
        let mut page = Page::cut(rows, limit, |row| row.id);
        page.next_cursor = page.next_cursor.or(end);
        page.try_map(ExecutionLog::try_from)
    }
}

/// Where the walk begins; none if it is over before. What is held by time becomes
/// the ends of the walk.
async fn begin(
    connection: &mut Connection,
    held: &mut LogFilter,
    rest: &LogFilter,
    cursor: Option<Cursor>,
) -> Result<Option<Walk>> {
    let before = cursor.map(Cursor::key);
    let (since, until) = (held.since.take(), held.until.take());
    if since.is_some() || until.is_some() {
        let mut end = until.map_or(End::Open, End::Time);
        if let Some(id) = before {
            // Deleted because it is old, and with it what is older.
            let Some(place) = place_of(connection, id).await? else {
                return Ok(None);
            };
            if until.is_none_or(|until| place.executed_at < until) {
                end = End::Place(place);
            }
        }
        return Ok(Some(Walk::Began {
            before: end,
            from: since.map_or(End::Open, End::Time),
        }));
    }
    let mut walk = (before, None);
    if let Some(until) = rest.until {
        let after: Option<(i64,)> = connection
            .optional(
                "SELECT id FROM hook_execution_logs WHERE executed_at >= $1
                 ORDER BY executed_at, id LIMIT 1",
                args![until.checked_add_signed(STORED_WITHIN)],
            )
            .await?;
        if let Some((after,)) = after {
            walk.0 = Some(walk.0.map_or(after, |before: i64| before.min(after)));
        }
    }
    if let Some(since) = rest.since {
        walk.1 = stored_before(connection, since).await?;
    }
    let (before, from) = walk;
    Ok(Some(Walk::Stored { before, from }))
}

/// A record that was stored before any that began at this time or later.
pub(super) async fn stored_before(
    connection: &mut Connection,
    since: DateTime<Utc>,
) -> Result<Option<i64>> {
    let before: Option<(i64,)> = connection
        .optional(
            "SELECT id FROM hook_execution_logs WHERE executed_at < $1
             ORDER BY executed_at DESC, id DESC LIMIT 1",
            args![since.checked_sub_signed(STORED_WITHIN)],
        )
        .await?;
    Ok(before.map(|(id,)| id))
}

async fn place_of(connection: &mut Connection, id: i64) -> Result<Option<Place>> {
    connection
        .optional(
            "SELECT id, executed_at FROM hook_execution_logs WHERE id = $1",
            args![id],
        )
        .await
}
