//! A delivery as a row.

use crate::document::Row;
use crate::error::{Entity, Result, StoreError};
use chrono::{DateTime, Utc};
use stagehook_core::delivery::DeliveryState;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{DeliveryId, EventId, HookId};
use stagehook_core::scope::ScopeType;
use uuid::Uuid;

/// An event on its way to a hook.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The event; to a webhook its id is the same in every attempt.
    pub event_id: EventId,
    /// The event's type.
    pub event_name: String,
    /// The hook.
    pub hook_id: HookId,
    /// The hook's name.
    pub hook_name: String,
    /// The level that the hook came from when the event happened.
    pub source: ScopeType,
    /// Those with the same one are made one after the other.
    pub order_key: Option<String>,
    /// How far it is.
    pub state: DeliveryState,
    /// Attempts that were made, since somebody asked for it again last.
    pub attempts: u32,
    /// When the next attempt may be made, or might have been.
    pub due_at: DateTime<Utc>,
    /// How the last attempt ended.
    pub last_status: Option<ExecutionStatus>,
    /// The HTTP status of the answer to the last attempt.
    pub last_http_status: Option<u16>,
    /// Why the last attempt did not succeed.
    pub last_error: Option<String>,
    /// When the last attempt began.
    pub last_attempt_at: Option<DateTime<Utc>>,
    /// When the event happened.
    pub created_at: DateTime<Utc>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
}

/// The columns of [`DeliveryRow`].
macro_rules! columns {
    () => {
        "d.seq, d.id, e.id AS event_id, d.event_name, d.hook_id, h.name AS hook_name, d.source,
         d.order_key, d.state, d.attempts, d.due_at, d.last_status, d.last_http_status, d.last_error,
         d.last_attempt_at, d.created_at, d.finished_at"
    };
}
/// Where they come from.
macro_rules! tables {
    () => {
        " FROM deliveries d JOIN events e ON e.seq = d.event_seq JOIN hooks h ON h.id = d.hook_id "
    };
}
pub(super) use {columns, tables};

#[derive(sqlx::FromRow)]
pub(super) struct DeliveryRow {
    pub(super) seq: i64,
    id: Uuid,
    event_id: Uuid,
    event_name: String,
    hook_id: i64,
    hook_name: String,
    source: String,
    order_key: Option<String>,
    state: String,
    attempts: i64,
    due_at: DateTime<Utc>,
    last_status: Option<String>,
    last_http_status: Option<i64>,
    last_error: Option<String>,
    last_attempt_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self> {
        let id = DeliveryId::new(row.id);
        let read = Row::new(Entity::Delivery, id);
        let last_status = row.last_status.as_deref();
        Ok(Self {
            id,
            event_id: EventId::new(row.event_id),
            hook_id: HookId::new(row.hook_id),
            hook_name: row.hook_name,
            source: read.text("source", &row.source)?,
            order_key: row.order_key,
            state: read.text("state", &row.state)?,
            attempts: u32::try_from(row.attempts).map_err(|error| read.inconsistent(error))?,
            due_at: row.due_at,
            last_status: last_status
                .map(|status| read.text("last_status", status))
                .transpose()?,
            last_http_status: row
                .last_http_status
                .map(u16::try_from)
                .transpose()
                .map_err(|error| read.inconsistent(error))?,
            last_error: row.last_error,
            last_attempt_at: row.last_attempt_at,
            created_at: row.created_at,
            finished_at: row.finished_at,
            event_name: row.event_name,
        })
    }
}
