//! Walking the records, newest first.

use super::filter::LogFilter;
use crate::database::{Connection, Select, args};
use crate::error::Result;
use chrono::{DateTime, Duration, Utc};
use stagehook_core::moment::Moment;
use stagehook_core::page::Cursor;

/// A record is stored when its execution has ended, at most a day after it
/// began; and clocks of servers differ.
const STORED_WITHIN: Duration = Duration::days(2);

/// In which order records are walked, and between which places. At each end
/// there is one bound alone: of two, a database may search by the wider one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Walk {
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
pub(super) enum End {
    Open,
    Time(DateTime<Utc>),
    Place(Place),
}

/// A record's place in a walk.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(super) struct Place {
    pub(super) id: i64,
    executed_at: DateTime<Utc>,
}

impl Walk {
    pub(super) fn require(&self, select: &mut Select<'_>) {
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

    pub(super) const fn order(&self) -> &'static str {
        match self {
            Self::Stored { .. } => "ORDER BY id DESC",
            Self::Began { .. } => "ORDER BY executed_at DESC, id DESC",
        }
    }

    /// The same walk, no further than to this place.
    pub(super) const fn to(self, place: Place) -> Self {
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

    /// What is left of the walk behind this place.
    pub(super) const fn after(self, place: Place) -> Self {
        match self {
            Self::Stored { from, .. } => Self::Stored {
                before: Some(place.id),
                from,
            },
            Self::Began { from, .. } => Self::Began {
                before: End::Place(place),
                from,
            },
        }
    }
}

/// Where the walk begins; none if it is over before. What is held by time becomes
/// the ends of the walk.
pub(super) async fn begin(
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
    // Nothing is stored after the years that can be compared.
    let stored_by = rest.until.and_then(|until| {
        let by = Moment::new(until)?
            .get()
            .checked_add_signed(STORED_WITHIN)?;
        Moment::new(by)
    });
    if let Some(stored_by) = stored_by {
        let after: Option<(i64,)> = connection
            .optional(
                "SELECT id FROM hook_execution_logs WHERE executed_at >= $1
                 ORDER BY executed_at, id LIMIT 1",
                args![stored_by.get()],
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
