//! Business events: stored in the transaction of what caused them. REQ-EVT-3

use crate::database::{Connection, Order, Select, args};
use crate::document::{self, Row};
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use stagehook_core::event::Event;
use stagehook_core::ids::{EventId, JobId};
use stagehook_core::page::{Page, PageRequest};
use uuid::Uuid;

/// Which events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of this type.
    pub event_name: Option<String>,
    /// About this job.
    pub job_id: Option<JobId>,
}

/// Stores an event of our own about something that happens in this
/// transaction.
pub(crate) async fn emit(
    connection: &mut Connection,
    event_name: &str,
    data: Map<String, Value>,
    job_id: Option<JobId>,
    at: DateTime<Utc>,
) -> Result<()> {
    let event = Event {
        id: EventId::generate(),
        event_name: event_name.to_owned(),
        data,
        job_id,
        created_at: at,
    };
    insert(connection, &event).await
}

/// Stores an event.
pub(crate) async fn insert(connection: &mut Connection, event: &Event) -> Result<()> {
    let data = document::write(&event.data)?;
    connection
        .execute(
            "INSERT INTO events (id, event_name, data, job_id, created_at)
             VALUES ($1, $2, $3, $4, $5)",
            args![
                event.id.get(),
                &event.event_name,
                data,
                event.job_id.map(JobId::get),
                event.created_at
            ],
        )
        .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct EventRow {
    seq: i64,
    id: Uuid,
    event_name: String,
    data: String,
    job_id: Option<i64>,
    created_at: DateTime<Utc>,
}

impl TryFrom<EventRow> for Event {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self> {
        let id = EventId::new(row.id);
        Ok(Self {
            id,
            data: Row::new(Entity::Event, id).document("data", &row.data)?,
            event_name: row.event_name,
            job_id: row.job_id.map(JobId::new),
            created_at: row.created_at,
        })
    }
}

impl Store {
    /// The events, newest first.
    pub async fn list_events(
        &self,
        filter: &EventFilter,
        page: PageRequest,
    ) -> Result<Page<Event>> {
        let mut select =
            Select::new("SELECT seq, id, event_name, data, job_id, created_at FROM events");
        select
            .and_if("event_name = ?", filter.event_name.as_deref())
            .and_if("job_id = ?", filter.job_id.map(JobId::get));
        let mut connection = self.reader().await?;
        select
            .page(
                &mut connection,
                page,
                "seq",
                Order::Descending,
                |row: &EventRow| row.seq,
            )
            .await?
            .try_map(Event::try_from)
    }
}
