//! What people look at, and ask for.

use super::NewDelivery;
use super::row::{Delivery, DeliveryRow, columns, tables};
use crate::audit::Change;
use crate::database::{Connection, Order, Select, args};
use crate::error::{Entity, Result, StoreError};
use crate::events;
use crate::store::Store;
use chrono::{DateTime, Utc};
use stagehook_core::delivery::DeliveryState;
use stagehook_core::event_pattern::EventPattern;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{DeliveryId, EventId, HookId};
use stagehook_core::page::{Page, PageRequest};

/// Most events that one replay looks at.
pub const REPLAY_MAX: i64 = 10_000;

/// Most exhausted deliveries that are looked at to count those of late.
pub const GIVEN_UP_MAX: i64 = 10_000;

/// Which deliveries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// This far.
    pub state: Option<DeliveryState>,
    /// To this hook.
    pub hook_id: Option<HookId>,
    /// Of this event.
    pub event_id: Option<EventId>,
    /// Of events of this type.
    pub event_name: Option<String>,
    /// Whose last attempt ended so.
    pub status: Option<ExecutionStatus>,
    /// Of events since then.
    pub since: Option<DateTime<Utc>>,
    /// Of events before then.
    pub until: Option<DateTime<Utc>>,
    /// Of events whose data, as JSON, has this in it.
    pub contains: Option<String>,
}

/// Which events are to be delivered once more, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Events since then.
    pub since: DateTime<Utc>,
    /// Events before then.
    pub until: DateTime<Utc>,
    /// Of types that match.
    pub event: Option<EventPattern>,
    /// To this hook alone, also those that it did not get when they happened;
    /// otherwise each to the hooks that it was for.
    pub hook_id: Option<HookId>,
    /// Also those that were delivered.
    pub succeeded: bool,
}

/// What a replay came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Deliveries that are on their way again.
    pub deliveries: u64,
    /// Where the range goes on, if it had more than [`REPLAY_MAX`] events: those
    /// from then on were not looked at.
    pub next_since: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct ReplayRow {
    seq: i64,
    id: uuid::Uuid,
    event_name: String,
    created_at: DateTime<Utc>,
}

async fn read(connection: &mut Connection, id: DeliveryId) -> Result<Delivery> {
    let row: Option<DeliveryRow> = connection
        .optional(
            concat!("SELECT ", columns!(), tables!(), "WHERE d.id = $1"),
            args![id.get()],
        )
        .await?;
    row.ok_or_else(|| StoreError::not_found(Entity::Delivery, id))?
        .try_into()
}

impl Store {
    /// Reads a delivery.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_delivery(&self, id: DeliveryId) -> Result<Delivery> {
        read(&mut self.reader().await?, id).await
    }

    /// The deliveries, newest first.
    pub async fn list_deliveries(
        &self,
        filter: &DeliveryFilter,
        page: PageRequest,
    ) -> Result<Page<Delivery>> {
        let mut select = Select::new(concat!("SELECT ", columns!(), tables!()));
        select
            .and_if("d.state = ?", filter.state.map(DeliveryState::as_str))
            .and_if("d.hook_id = ?", filter.hook_id.map(HookId::get))
            .and_if("e.id = ?", filter.event_id.map(EventId::get))
            .and_if("d.event_name = ?", filter.event_name.as_deref())
            .and_if(
                "d.last_status = ?",
                filter.status.map(ExecutionStatus::as_str),
            )
            .and_if("d.created_at >= ?", filter.since)
            .and_if("d.created_at < ?", filter.until)
            // LIKE minds the case on one database, and not on the other.
            .and_if(
                "replace(e.data, ?, '') <> e.data",
                filter.contains.as_deref(),
            );
        let mut connection = self.reader().await?;
        select
            .page(
                &mut connection,
                page,
                "d.seq",
                Order::Descending,
                |row: &DeliveryRow| row.seq,
            )
            .await?
            .try_map(Delivery::try_from)
    }

    /// The deliveries that were given up since then, of the newest
    /// [`GIVEN_UP_MAX`] that stand so: how many, and the newest of them.
    pub async fn given_up_since(
        &self,
        since: DateTime<Utc>,
        limit: u32,
    ) -> Result<(i64, Vec<Delivery>)> {
        let mut connection = self.reader().await?;
        let (count, from): (i64, Option<i64>) = connection
            .one(
                "SELECT COUNT(*), MIN(seq) FROM (
                     SELECT seq, finished_at FROM deliveries WHERE state = 'exhausted'
                     ORDER BY seq DESC LIMIT $2) newest
                 WHERE finished_at >= $1",
                args![since, GIVEN_UP_MAX],
            )
            .await?;
        let Some(from) = from else {
            return Ok((0, Vec::new()));
        };
        let rows: Vec<DeliveryRow> = connection
            .all(
                concat!(
                    "SELECT ",
                    columns!(),
                    tables!(),
                    "WHERE d.state = 'exhausted' AND d.seq >= $2 AND d.finished_at >= $1
                     ORDER BY d.seq DESC LIMIT $3"
                ),
                args![since, from, i64::from(limit)],
            )
            .await?;
        let shown: Result<Vec<Delivery>> = rows.into_iter().map(Delivery::try_from).collect();
        Ok((count, shown?))
    }

    /// Has a delivery attempted again, from its first attempt on; one that waits
    /// for its next attempt gets it now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also of the hook, where it was deleted: nothing
    /// would ever be attempted; [`StoreError::DeliveryRunning`].
    pub async fn retry_delivery(&self, actor: &str, id: DeliveryId) -> Result<Delivery> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                let delivery = read(connection, id).await?;
                crate::hooks::read(connection, delivery.hook_id).await?;
                let changed = connection
                    .execute(
                        "UPDATE deliveries
                         SET attempts = CASE WHEN state = 'pending' THEN attempts ELSE 0 END,
                             state = 'pending', due_at = $2, finished_at = NULL, held = FALSE
                         WHERE id = $1 AND state <> 'running'",
                        args![id.get(), at],
                    )
                    .await?;
                if changed == 0 {
                    return Err(StoreError::DeliveryRunning { id });
                }
                connection.leaves_deliveries();
                let change = Change {
                    actor: &actor,
                    action: "delivery.retry",
                    subject: Entity::Delivery,
                    at,
                };
                change.record(connection, id, None, None).await?;
                read(connection, id).await
            })
        })
        .await
    }

    /// Has events of a range delivered once more, the oldest [`REPLAY_MAX`] of
    /// them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] of the hook.
    pub async fn replay(&self, actor: &str, replay: Replay) -> Result<Replayed> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                if let Some(hook) = replay.hook_id {
                    crate::hooks::read(connection, hook).await?;
                }
                let mut rows: Vec<ReplayRow> = connection
                    .all(
                        "SELECT seq, id, event_name, created_at FROM events
                         WHERE created_at >= $1 AND created_at < $2
                         ORDER BY created_at, seq LIMIT $3",
                        args![replay.since, replay.until, REPLAY_MAX + 1],
                    )
                    .await?;
                let is_cut = i64::try_from(rows.len()).is_ok_and(|found| found > REPLAY_MAX);
                let next_since = match rows.pop_if(|_| is_cut) {
                    // Not so if it would begin where it began.
                    Some(next) if next.created_at > replay.since => Some(next.created_at),
                    _ => None,
                };
                let mut deliveries = 0;
                for row in rows {
                    let matches = |pattern: &EventPattern| pattern.matches(&row.event_name);
                    if replay.event.as_ref().is_none_or(matches) {
                        deliveries += again(connection, &replay, &row, at).await?;
                    }
                }
                if deliveries > 0 {
                    connection.leaves_deliveries();
                }
                let change = Change {
                    actor: &actor,
                    action: "events.replay",
                    subject: Entity::Event,
                    at,
                };
                let range = format!(
                    "{}/{}",
                    replay.since.to_rfc3339(),
                    replay.until.to_rfc3339()
                );
                change.record(connection, range, None, None).await?;
                Ok(Replayed {
                    deliveries,
                    next_since,
                })
            })
        })
        .await
    }
}

/// Delivers one event once more. Answers to how many hooks.
async fn again(
    connection: &mut Connection,
    replay: &Replay,
    row: &ReplayRow,
    at: DateTime<Utc>,
) -> Result<u64> {
    let hook = replay.hook_id.map(HookId::get);
    let changed = connection
        .execute(
            "UPDATE deliveries
             SET state = 'pending', attempts = 0, due_at = $2, finished_at = NULL, held = FALSE
             WHERE event_seq = $1 AND ($3 IS NULL OR hook_id = $3)
               AND (state IN ('exhausted', 'cancelled') OR (state = 'succeeded' AND $4))
               AND NOT EXISTS (SELECT 1 FROM hooks h
                               WHERE h.id = deliveries.hook_id AND h.archived_at IS NOT NULL)",
            args![row.seq, at, hook, replay.succeeded],
        )
        .await?;
    let (Some(hook), 0, Some(outbox)) = (replay.hook_id, changed, connection.outbox()) else {
        return Ok(changed);
    };
    let there = connection
        .number(
            "SELECT COUNT(*) FROM deliveries WHERE event_seq = $1 AND hook_id = $2",
            args![row.seq, hook.get()],
        )
        .await?;
    if there > 0 {
        return Ok(0);
    }
    let event = events::read(connection, EventId::new(row.id)).await?;
    let answering = outbox.subscribers(connection, &[&event]).await?;
    let mut answering = answering.into_iter().flatten();
    let Some(subscriber) = answering.find(|known| known.hook == hook) else {
        return Ok(0);
    };
    let delivery = NewDelivery {
        event_seq: row.seq,
        event_name: &row.event_name,
        hook,
        source: subscriber.source,
        order_key: subscriber.order_key(&event),
        at,
    };
    super::insert(connection, &[delivery]).await?;
    Ok(1)
}
