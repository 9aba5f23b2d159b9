//! Finding records, a page at a time, however many and however large they are.
//!
//! Of what is asked for, one thing is held by an index, by which the records
//! are walked; for the rest they are looked at one by one. So that no page costs
//! more than the next, a page ends after so many records, or bytes, that were
//! looked at: with fewer records than it could have, perhaps with none, and with
//! where to go on. It also ends before it holds too much.

use super::filter::LogFilter;
use super::row::{BriefRow, LogRow, brief_columns, log_bytes, log_columns};
use super::walk::{Place, Walk, begin};
use crate::database::{Connection, Found, PAGE_BYTES_MAX, Select, fitting};
use crate::error::Result;
use crate::store::Store;
use stagehook_core::log::{BriefLog, ExecutionLog};
use stagehook_core::page::{Cursor, LIMIT_MAX, Page, PageRequest};

/// Most records that are looked at for one page.
pub const LOOKED_AT_MAX: u32 = 10_000;
/// Most bytes that are searched for one page.
pub const LOOKED_AT_BYTES_MAX: i64 = 64 << 20;

/// Most bytes that are skipped for one page: what stands behind a large text is
/// reached by SQLite page by page of its file.
const SKIPPED_BYTES_MAX: i64 = 512 << 20;
/// Records of one statement of a search.
const STEP: u32 = 500;
/// Bytes of one statement of a search: so much is done for nobody when whoever
/// asked goes away.
const STEP_BYTES: i64 = 4 << 20;

impl Store {
    /// The records, newest first: as they were stored, or, where they are asked
    /// for by time and by nothing that is particular, as they began. A page may
    /// have fewer than there is room for, and still not be the last.
    pub async fn list_logs(
        &self,
        filter: &LogFilter,
        page: PageRequest,
    ) -> Result<Page<ExecutionLog>> {
        let mut connection = self.reader().await?;
        let found = find(&mut connection, filter, page, PAGE_BYTES_MAX).await?;
        let select = concat!("SELECT ", log_columns!(), " FROM hook_execution_logs");
        let rows = connection.found(select, "id", found, |row: &LogRow| row.id);
        let rows = rows.await?;
        rows.try_map(ExecutionLog::try_from)
    }

    /// The same records without what is large in them.
    pub async fn list_logs_in_brief(
        &self,
        filter: &LogFilter,
        page: PageRequest,
    ) -> Result<Page<BriefLog>> {
        let mut connection = self.reader().await?;
        let found = find(&mut connection, filter, page, SKIPPED_BYTES_MAX).await?;
        let select = concat!("SELECT ", brief_columns!(), " FROM hook_execution_logs");
        let rows = connection.found(select, "id", found, |row: &BriefRow| row.row.id);
        let rows = rows.await?;
        rows.try_map(BriefLog::try_from)
    }
}

/// The records of a page of at most so many bytes.
async fn find(
    connection: &mut Connection,
    filter: &LogFilter,
    page: PageRequest,
    most_bytes: i64,
) -> Result<Page<Found>> {
    let limit = page.limit.clamp(1, LIMIT_MAX);
    // The one too many says that there is a next page.
    let room = limit as usize + 1;
    let (mut held, rest) = filter.split();
    let mut found = Vec::new();
    let mut end = None;
    let mut ahead = begin(connection, &mut held, &rest, page.cursor).await?;
    let mut sight = Sight::of(&rest);
    while let Some(walk) = ahead.take() {
        let last = sight.step(connection, &held, walk).await?;
        let step = last.map_or(walk, |last| walk.to(last));
        let mut select = Select::new(concat!(
            "SELECT id AS key, ",
            log_bytes!(),
            " AS bytes FROM hook_execution_logs"
        ));
        held.require(connection, &mut select);
        rest.require(connection, &mut select);
        step.require(&mut select);
        let tail = format!("{} LIMIT {}", step.order(), room - found.len());
        found.extend(select.rows::<Found>(connection, &tail).await?);
        match last {
            Some(last) if found.len() == room || sight.ends() => {
                end = Some(Cursor::after(last.id));
            }
            Some(last) => ahead = Some(walk.after(last)),
            None => {}
        }
    }
    let mut page = Page::cut(found, limit, |found| found.key);
    page.next_cursor = page.next_cursor.or(end);
    Ok(fitting(page, most_bytes))
}

/// How far is looked for one page.
enum Sight {
    /// An index holds all that is asked for.
    Index,
    /// At what is quickly found in each record.
    Records,
    /// At large texts, or at what stands behind them: so many records and bytes
    /// more.
    Texts { records: u32, bytes: i64 },
}

/// A record that is looked at.
#[derive(sqlx::FromRow)]
struct LookedAt {
    #[sqlx(flatten)]
    place: Place,
    bytes: i64,
}

impl Sight {
    fn of(rest: &LogFilter) -> Self {
        let texts = |bytes| Self::Texts {
            records: LOOKED_AT_MAX,
            bytes,
        };
        if rest.contains.is_some() {
            texts(LOOKED_AT_BYTES_MAX)
        } else if rest.since.is_some() || rest.until.is_some() {
            texts(SKIPPED_BYTES_MAX)
        } else if *rest == LogFilter::default() {
            Self::Index
        } else {
            Self::Records
        }
    }

    /// Whether the page ends where the last step did.
    const fn ends(&self) -> bool {
        match self {
            Self::Index | Self::Records => true,
            Self::Texts { records, bytes } => *records == 0 || *bytes <= 0,
        }
    }

    /// The last record that the next step looks at; none if that goes to the end
    /// of the walk.
    async fn step(
        &mut self,
        connection: &mut Connection,
        held: &LogFilter,
        walk: Walk,
    ) -> Result<Option<Place>> {
        match self {
            Self::Index => Ok(None),
            Self::Records => {
                let mut select = Select::new("SELECT id, executed_at FROM hook_execution_logs");
                held.require(connection, &mut select);
                walk.require(&mut select);
                let last = format!("{} LIMIT 1 OFFSET {}", walk.order(), LOOKED_AT_MAX - 1);
                let last: Vec<Place> = select.rows(connection, &last).await?;
                Ok(last.last().copied())
            }
            Self::Texts { records, bytes } => {
                let mut select = Select::new(concat!(
                    "SELECT id, executed_at, ",
                    log_bytes!(),
                    " AS bytes FROM hook_execution_logs"
                ));
                held.require(connection, &mut select);
                walk.require(&mut select);
                let most = STEP.min(*records);
                let tail = format!("{} LIMIT {most}", walk.order());
                let ahead: Vec<LookedAt> = select.rows(connection, &tail).await?;
                let until = bytes.saturating_sub(STEP_BYTES).max(0);
                let mut left = most;
                for next in ahead {
                    *bytes = bytes.saturating_sub(next.bytes);
                    *records -= 1;
                    left -= 1;
                    if *bytes <= until || left == 0 {
                        return Ok(Some(next.place));
                    }
                }
                Ok(None)
            }
        }
    }
}
