//! Business events: stored in the transaction of what caused them. REQ-EVT-3

use crate::database::{Arg, Connection, Order, Select, Sql, args, batches, parameters};
use crate::deliveries::{self, NewDelivery};
use crate::document::{self, Row};
use crate::error::{Entity, Result, StoreError};
use crate::outbox::Subscriber;
use crate::store::Store;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use stagehook_core::event::Event;
use stagehook_core::ids::{EventId, JobId};
use stagehook_core::page::{Page, PageRequest};
use stagehook_core::scope::{Scope, ScopeType};
use std::collections::HashMap;
use uuid::Uuid;

/// Of an event that is stored.
const COLUMNS: usize = 7;

/// Which events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of this type.
    pub event_name: Option<String>,
    /// About this job.
    pub job_id: Option<JobId>,
    /// That happened since then.
    pub since: Option<DateTime<Utc>>,
    /// That happened before then.
    pub until: Option<DateTime<Utc>>,
}

/// Stores an event of our own about something that happens in this
/// transaction.
pub(crate) async fn emit(
    connection: &mut Connection,
    event_name: &str,
    data: Map<String, Value>,
    about: About,
    at: DateTime<Utc>,
) -> Result<()> {
    let (job_id, scope) = match about {
        About::Job(id) => (Some(id), Scope::Studio),
        About::Scope(scope) => (None, scope),
    };
    let event = Event {
        id: EventId::generate(),
        event_name: event_name.to_owned(),
        data,
        job_id,
        scope,
        created_at: at,
    };
    insert(connection, &[&event]).await.map(drop)
}

/// What an event of our own is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum About {
    Job(JobId),
    Scope(Scope),
}

/// Stores events, and a delivery for each hook that answers one. Answers how
/// many these are, event by event.
pub(crate) async fn insert(connection: &mut Connection, events: &[&Event]) -> Result<Vec<usize>> {
    let answering = match connection.outbox() {
        Some(outbox) => outbox.subscribers(connection, events).await?,
        None => vec![Vec::new(); events.len()],
    };
    store(connection, events, &answering).await?;
    Ok(answering.iter().map(Vec::len).collect())
}

/// Stores those of these events that a hook answers: of a kind that would fill
/// the database otherwise. Answers the others.
pub(crate) async fn insert_if_answered(
    connection: &mut Connection,
    events: &[&Event],
) -> Result<Vec<EventId>> {
    let Some(outbox) = connection.outbox() else {
        return Ok(events.iter().map(|event| event.id).collect());
    };
    let answering = outbox.subscribers(connection, events).await?;
    let mut unanswered = Vec::new();
    let mut answered = (Vec::new(), Vec::new());
    for (event, answering) in events.iter().zip(answering) {
        if answering.is_empty() {
            unanswered.push(event.id);
        } else {
            answered.0.push(*event);
            answered.1.push(answering);
        }
    }
    store(connection, &answered.0, &answered.1).await?;
    Ok(unanswered)
}

#[derive(sqlx::FromRow)]
struct StoredRow {
    seq: i64,
    id: Uuid,
}

async fn store(
    connection: &mut Connection,
    events: &[&Event],
    answering: &[Vec<Subscriber>],
) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let mut places = HashMap::with_capacity(events.len());
    for events in batches(events) {
        let mut args: Vec<Arg<'_>> = Vec::with_capacity(events.len() * COLUMNS);
        for event in events {
            let scope_type = match event.scope {
                Scope::Studio => None,
                scope => Some(scope.scope_type().as_str()),
            };
            args.extend_from_slice(args![
                event.id.get(),
                &event.event_name,
                document::write(&event.data)?,
                event.job_id.map(JobId::get),
                scope_type,
                event.scope.scope_id(),
                event.created_at
            ]);
        }
        let sql = format!(
            "INSERT INTO events (id, event_name, data, job_id, scope_type, scope_id, created_at)
             VALUES {} RETURNING seq, id",
            parameters(events.len(), COLUMNS)
        );
        let stored: Vec<StoredRow> = connection.all(Sql::Built(sql), &args).await?;
        places.extend(stored.into_iter().map(|row| (row.id, row.seq)));
    }
    connection.leaves_events();
    let mut deliveries = Vec::new();
    for (event, answering) in events.iter().zip(answering) {
        let Some(place) = places.get(&event.id.get()) else {
            return Err(StoreError::not_found(Entity::Event, event.id));
        };
        deliveries.extend(answering.iter().map(|known| NewDelivery {
            event_seq: *place,
            event_name: &event.event_name,
            hook: known.hook,
            source: known.source,
            order_key: known.order_key(event),
            at: event.created_at,
        }));
    }
    deliveries::insert(connection, &deliveries).await
}

macro_rules! columns {
    () => {
        "seq, id, event_name, data, job_id, scope_type, scope_id, created_at"
    };
}

#[derive(sqlx::FromRow)]
struct EventRow {
    seq: i64,
    id: Uuid,
    event_name: String,
    data: String,
    job_id: Option<i64>,
    scope_type: Option<String>,
    scope_id: Option<i64>,
    created_at: DateTime<Utc>,
}

impl TryFrom<EventRow> for Event {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self> {
        let id = EventId::new(row.id);
        let read = Row::new(Entity::Event, id);
        Ok(Self {
            id,
            data: read.document("data", &row.data)?,
            scope: scope_of(&read, row.scope_type.as_deref(), row.scope_id)?,
            event_name: row.event_name,
            job_id: row.job_id.map(JobId::new),
            created_at: row.created_at,
        })
    }
}

/// The scope that an event is about.
pub(crate) fn scope_of<I: Copy + std::fmt::Display>(
    read: &Row<I>,
    scope_type: Option<&str>,
    scope_id: Option<i64>,
) -> Result<Scope> {
    let Some(scope_type) = scope_type else {
        return Ok(Scope::Studio);
    };
    let scope_type: ScopeType = read.text("scope_type", scope_type)?;
    Scope::from_parts(scope_type, scope_id).map_err(|error| read.inconsistent(error))
}

pub(crate) async fn read(connection: &mut Connection, id: EventId) -> Result<Event> {
    let row: Option<EventRow> = connection
        .optional(
            concat!("SELECT ", columns!(), " FROM events WHERE id = $1"),
            args![id.get()],
        )
        .await?;
    row.ok_or_else(|| StoreError::not_found(Entity::Event, id))?
        .try_into()
}

impl Store {
    /// Reads an event.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_event(&self, id: EventId) -> Result<Event> {
        read(&mut self.reader().await?, id).await
    }

    /// Where the newest event is in the order in which events are stored; 0 where
    /// there is none.
    pub async fn last_event(&self) -> Result<i64> {
        self.reader()
            .await?
            .number("SELECT COALESCE(MAX(seq), $1) FROM events", args![0_i64])
            .await
    }

    /// Where an event is in that order.
    pub async fn event_position(&self, id: EventId) -> Result<Option<i64>> {
        let row: Option<(i64,)> = self
            .reader()
            .await?
            .optional("SELECT seq FROM events WHERE id = $1", args![id.get()])
            .await?;
        Ok(row.map(|(seq,)| seq))
    }

    /// The events after this place, at most so many, in the order in which they
    /// were stored, each with its own place. On PostgreSQL an event may become
    /// visible after a later one.
    pub async fn events_after(&self, place: i64, most: u32) -> Result<Vec<(i64, Event)>> {
        let rows: Vec<EventRow> = self
            .reader()
            .await?
            .all(
                concat!(
                    "SELECT ",
                    columns!(),
                    " FROM events WHERE seq > $1 ORDER BY seq LIMIT $2"
                ),
                args![place, i64::from(most)],
            )
            .await?;
        rows.into_iter()
            .map(|row| Ok((row.seq, row.try_into()?)))
            .collect()
    }

    /// The event at this place, if there is one by now.
    pub async fn event_at(&self, place: i64) -> Result<Option<Event>> {
        let row: Option<EventRow> = self
            .reader()
            .await?
            .optional(
                concat!("SELECT ", columns!(), " FROM events WHERE seq = $1"),
                args![place],
            )
            .await?;
        row.map(Event::try_from).transpose()
    }

    /// The events, newest first.
    pub async fn list_events(
        &self,
        filter: &EventFilter,
        page: PageRequest,
    ) -> Result<Page<Event>> {
        let mut select = Select::new(concat!("SELECT ", columns!(), " FROM events"));
        select
            .and_if("event_name = ?", filter.event_name.as_deref())
            .and_if("job_id = ?", filter.job_id.map(JobId::get))
            .and_if("created_at >= ?", filter.since)
            .and_if("created_at < ?", filter.until);
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
