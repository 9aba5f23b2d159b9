//! Events: published, listed, shown. REQ-EVT-2, REQ-EVT-3

pub(crate) mod stream;

use crate::extract::{ApiDocument, ApiQuery, Segment};
use crate::listing::{Listing, page_request};
use crate::problem::Problem;
use crate::routes::deliveries::DeliveryShown;
use crate::routes::stage_runs::idempotency_key;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stagehook_core::event::Event;
use stagehook_core::ids::{EventId, JobId};
use stagehook_core::invalid::{Findings, Invalid, from_value};
use stagehook_core::moment::Moment;
use stagehook_core::page::{LIMIT_MAX, PageRequest};
use stagehook_core::scope::{Scope, ScopeType};
use stagehook_engine::events::{BATCH_MAX, PublishedEvent};
use stagehook_store::{DeliveryFilter, EventFilter, Published};
use utoipa::{IntoParams, ToSchema};

/// An event to be published.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventRequest {
    /// The name of its type, which must be in the catalogue.
    #[schema(example = "segment_completed")]
    event_name: String,
    /// What happened; at most 1 MiB.
    #[serde(default)]
    #[schema(value_type = Object)]
    data: Map<String, Value>,
    /// The job it is about: the hooks of the job's scope answer it.
    #[serde(default)]
    job_id: Option<JobId>,
    /// What it is about, where it is no job; the studio by default.
    #[serde(default)]
    scope_type: Option<ScopeType>,
    /// The project's or the scene type's id.
    #[serde(default)]
    scope_id: Option<i64>,
}

/// One event, or up to a thousand.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the body, which is read part by part")]
pub(crate) enum PublishRequest {
    /// One.
    One(EventRequest),
    /// Many: all are stored, or none.
    Many(Vec<EventRequest>),
}

/// An event that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublishedItem {
    /// The event's id; webhooks get it as `webhook-id`.
    #[schema(value_type = uuid::Uuid)]
    id: EventId,
    /// How many hooks answer it; 0 for a progress event.
    deliveries: usize,
}

/// As many as were published: one, or an array in the same order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum PublishAnswer {
    /// Of one event.
    One(PublishedItem),
    /// Of an array.
    Many(Vec<PublishedItem>),
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventQuery {
    /// Those of this type.
    event: Option<String>,
    /// Those about one job.
    job_id: Option<JobId>,
    /// Those that happened then or later (RFC 3339).
    #[param(value_type = Option<DateTime<Utc>>)]
    since: Option<Moment>,
    /// Those that happened before then (RFC 3339).
    #[param(value_type = Option<DateTime<Utc>>)]
    until: Option<Moment>,
    /// Most items, from 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// An event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventShown {
    /// Its id.
    id: EventId,
    /// Its type's name.
    event_name: String,
    /// What happened.
    #[schema(value_type = Object)]
    data: Map<String, Value>,
    /// The job it is about.
    job_id: Option<JobId>,
    /// What it is about, where it is no job; `null` where it is one.
    scope_type: Option<ScopeType>,
    /// The project's or the scene type's id.
    scope_id: Option<i64>,
    /// When it happened.
    created_at: DateTime<Utc>,
}

/// An event with its deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventWithDeliveries {
    /// The event.
    #[serde(flatten)]
    event: EventShown,
    /// One for each hook that answers it, in the order in which they were made.
    deliveries: Vec<DeliveryShown>,
}

impl From<Event> for EventShown {
    fn from(event: Event) -> Self {
        let scope = event.job_id.is_none().then_some(event.scope);
        Self {
            id: event.id,
            event_name: event.event_name,
            data: event.data,
            job_id: event.job_id,
            scope_type: scope.as_ref().map(Scope::scope_type),
            scope_id: scope.as_ref().and_then(Scope::scope_id),
            created_at: event.created_at,
        }
    }
}

impl From<Published> for PublishedItem {
    fn from(published: Published) -> Self {
        Self {
            id: published.id,
            deliveries: published.deliveries,
        }
    }
}

impl EventRequest {
    fn read(value: Value) -> Result<PublishedEvent, Invalid> {
        let request: Self = from_value(value)?;
        let scope = match (request.scope_type, request.scope_id) {
            (Some(scope_type), id) => Scope::from_parts(scope_type, id)?,
            (None, None) => Scope::Studio,
            (None, Some(_)) => {
                let detail = "is required with scope_id: project or scene_type";
                return Err(Invalid::one("/scope_type", detail));
            }
        };
        Ok(PublishedEvent {
            event_name: request.event_name,
            data: request.data,
            job_id: request.job_id,
            scope,
        })
    }
}

/// The events of a body, and whether they came as an array.
fn read(body: Value) -> Result<(Vec<PublishedEvent>, bool), Invalid> {
    let events = match body {
        Value::Array(events) => events,
        event @ Value::Object(_) => return Ok((vec![EventRequest::read(event)?], false)),
        _ => {
            let detail = "the body must be an event, or an array of events";
            return Err(Invalid::one("", detail));
        }
    };
    if !(1..=BATCH_MAX).contains(&events.len()) {
        let detail = format!("must have 1 to {BATCH_MAX} events, has {}", events.len());
        return Err(Invalid::one("", detail));
    }
    let mut findings = Findings::default();
    let mut read = Vec::with_capacity(events.len());
    for (place, event) in events.into_iter().enumerate() {
        let event = EventRequest::read(event);
        read.extend(findings.take(event.map_err(|invalid| invalid.below(&format!("/{place}")))));
    }
    findings.finish()?;
    Ok((read, true))
}

/// Publishes an event, or an array of up to 1,000: all of them, or none.
///
/// The answer comes once the events are stored together with their deliveries;
/// no hook is waited for. A progress event is stored nowhere: it is told to the
/// clients that listen at that moment. Of an array, the pointers of errors begin
/// with the event's place: `/3/data`.
#[utoipa::path(post, operation_id = "publish_events", path = "/events", tag = "events",
    params(("Idempotency-Key" = Option<String>, Header, description = "A repeated call with the same key publishes nothing twice and returns the first answer")),
    request_body = PublishRequest, responses((status = 202, body = PublishAnswer)))]
pub(crate) async fn publish(
    State(state): State<ApiState>,
    headers: HeaderMap,
    ApiDocument(body): ApiDocument,
) -> Result<(StatusCode, Json<PublishAnswer>), Problem> {
    let key = idempotency_key(&headers)?;
    let (events, is_batch) = read(body)?;
    let published = state.engine.publish(events, key, is_batch).await?;
    let mut published = published.into_iter().map(PublishedItem::from);
    let answer = match published.next() {
        Some(only) if !is_batch => PublishAnswer::One(only),
        first => PublishAnswer::Many(first.into_iter().chain(published).collect()),
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

/// Lists the events that are kept, newest first.
#[utoipa::path(get, operation_id = "list_events", path = "/events", tag = "events", params(EventQuery),
    responses((status = 200, body = Listing<EventShown>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<EventQuery>,
) -> Result<Json<Listing<EventShown>>, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = EventFilter {
        event_name: query.event,
        job_id: query.job_id,
        since: query.since.map(Moment::get),
        until: query.until.map(Moment::get),
    };
    let page = state.engine.store().list_events(&filter, page).await?;
    Ok(Json(page.map(EventShown::from).into()))
}

/// Shows an event with its deliveries.
#[utoipa::path(get, operation_id = "get_event", path = "/events/{id}", tag = "events", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = EventWithDeliveries)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Segment(id): Segment<EventId>,
) -> Result<Json<EventWithDeliveries>, Problem> {
    let store = state.engine.store();
    let event = store.get_event(id).await?;
    let filter = DeliveryFilter {
        event_id: Some(id),
        ..DeliveryFilter::default()
    };
    let mut page = PageRequest {
        limit: LIMIT_MAX,
        cursor: None,
    };
    let mut deliveries = Vec::new();
    // There are no more of them than there are hooks.
    loop {
        let found = store.list_deliveries(&filter, page).await?;
        deliveries.extend(found.items.into_iter().map(DeliveryShown::from));
        page.cursor = found.next_cursor;
        if page.cursor.is_none() {
            break;
        }
    }
    deliveries.reverse();
    Ok(Json(EventWithDeliveries {
        event: event.into(),
        deliveries,
    }))
}
