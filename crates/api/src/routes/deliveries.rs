//! Deliveries of events to hooks. REQ-EVT-9

use crate::auth::Actor;
use crate::extract::{ApiJson, ApiQuery, Segment};
use crate::listing::{Listing, page_request};
use crate::problem::Problem;
use crate::routes::events::EventShown;
use crate::routes::logs::LogItem;
use crate::state::ApiState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use stagehook_core::delivery::DeliveryState;
use stagehook_core::event_pattern::EventPattern;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{DeliveryId, EventId, HookId};
use stagehook_core::invalid::{FieldError, Invalid};
use stagehook_core::moment::Moment;
use stagehook_core::page::PageRequest;
use stagehook_core::scope::ScopeType;
use stagehook_store::{Delivery, DeliveryFilter, Entity, LogFilter, Replay, StoreError};
use utoipa::{IntoParams, ToSchema};

/// Most executions that are shown with a delivery: each may hold a large event.
const EXECUTIONS_MAX: u32 = 100;
/// Longest text that `contains` looks for, in bytes.
const CONTAINS_MAX: usize = 1_024;

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryQuery {
    /// Those that stand so.
    state: Option<DeliveryState>,
    /// Those to one hook.
    hook_id: Option<HookId>,
    /// Those of events of this type.
    event: Option<String>,
    /// Those of one event.
    event_id: Option<EventId>,
    /// Those whose last attempt ended so.
    status: Option<ExecutionStatus>,
    /// Those of events that happened then or later (RFC 3339).
    #[param(value_type = Option<DateTime<Utc>>)]
    since: Option<Moment>,
    /// Those of events that happened before then (RFC 3339).
    #[param(value_type = Option<DateTime<Utc>>)]
    until: Option<Moment>,
    /// Those of events whose data, as JSON text, has this in it.
    contains: Option<String>,
    /// Most items, from 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The hook that a delivery is for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveredTo {
    /// Its id.
    id: HookId,
    /// Its name.
    name: String,
    /// The level that it came from when the event happened.
    source: ScopeType,
}

/// One event on its way to one hook.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryShown {
    /// Its id.
    id: DeliveryId,
    /// The event; a webhook gets it as `webhook-id` in every attempt.
    event_id: EventId,
    /// The event's type.
    event_name: String,
    /// The hook.
    hook: DeliveredTo,
    /// What it has in common with the deliveries of the hook that it has an order
    /// with, as JSON; null where it has none.
    order_key: Option<String>,
    /// Where it stands.
    state: DeliveryState,
    /// Attempts that were made, since somebody asked for it again last.
    attempts: u32,
    /// When the next attempt is made, of a delivery that waits for one.
    next_attempt_at: Option<DateTime<Utc>>,
    /// How the last attempt ended.
    last_status: Option<ExecutionStatus>,
    /// The HTTP status of the answer to the last attempt.
    last_http_status: Option<u16>,
    /// Why the last attempt did not succeed.
    last_error: Option<String>,
    /// When the last attempt began.
    last_attempt_at: Option<DateTime<Utc>>,
    /// When the event happened.
    created_at: DateTime<Utc>,
    /// When it was over.
    finished_at: Option<DateTime<Utc>>,
}

/// A delivery with its event and its attempts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryInFull {
    /// The delivery.
    #[serde(flatten)]
    delivery: DeliveryShown,
    /// The event.
    event: EventShown,
    /// The logs of its attempts, oldest first; of more than a hundred, or of more
    /// than 16 MiB, the last ones. `/hooks/{id}/logs?delivery_id=` has all.
    executions: Vec<LogItem>,
}

/// Which events are delivered once more, and to whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRequest {
    /// Events that happened then or later.
    #[schema(value_type = DateTime<Utc>)]
    since: Moment,
    /// Events that happened before then.
    #[schema(value_type = DateTime<Utc>)]
    until: Moment,
    /// Those whose type matches.
    #[serde(default)]
    event: Option<EventPattern>,
    /// To this hook alone, also events that it did not get when they happened;
    /// otherwise each to the hooks that it was for.
    #[serde(default)]
    hook_id: Option<HookId>,
    /// Also what was delivered; otherwise only what was exhausted or cancelled.
    #[serde(default)]
    succeeded: bool,
}

/// What is on its way again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayAnswer {
    /// How many deliveries that makes.
    deliveries: u64,
    /// Where to go on, of a range of more than 10,000 events: those from then on
    /// were not looked at. Absent where all were.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_since: Option<DateTime<Utc>>,
}

impl From<Delivery> for DeliveryShown {
    fn from(delivery: Delivery) -> Self {
        let waits = delivery.state == DeliveryState::Pending;
        Self {
            id: delivery.id,
            event_id: delivery.event_id,
            event_name: delivery.event_name,
            hook: DeliveredTo {
                id: delivery.hook_id,
                name: delivery.hook_name,
                source: delivery.source,
            },
            order_key: delivery.order_key,
            state: delivery.state,
            attempts: delivery.attempts,
            next_attempt_at: waits.then_some(delivery.due_at),
            last_status: delivery.last_status,
            last_http_status: delivery.last_http_status,
            last_error: delivery.last_error,
            last_attempt_at: delivery.last_attempt_at,
            created_at: delivery.created_at,
            finished_at: delivery.finished_at,
        }
    }
}

/// Lists the deliveries, newest first.
#[utoipa::path(get, operation_id = "list_deliveries", path = "/deliveries", tag = "events", params(DeliveryQuery),
    responses((status = 200, body = Listing<DeliveryShown>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<DeliveryQuery>,
) -> Result<Json<Listing<DeliveryShown>>, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let length = query.contains.as_ref().map(String::len);
    if length.is_some_and(|length| !(1..=CONTAINS_MAX).contains(&length)) {
        let detail = format!("must have 1 to {CONTAINS_MAX} bytes");
        return Err(Problem::invalid(
            "invalid-query",
            Invalid::one("/contains", detail),
        ));
    }
    let filter = DeliveryFilter {
        state: query.state,
        hook_id: query.hook_id,
        event_id: query.event_id,
        event_name: query.event,
        status: query.status,
        since: query.since.map(Moment::get),
        until: query.until.map(Moment::get),
        contains: query.contains,
    };
    let page = state.engine.store().list_deliveries(&filter, page).await?;
    Ok(Json(page.map(DeliveryShown::from).into()))
}

/// Shows a delivery with its event and its attempts.
#[utoipa::path(get, operation_id = "get_delivery", path = "/deliveries/{id}", tag = "events", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = DeliveryInFull)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Segment(id): Segment<DeliveryId>,
) -> Result<Json<DeliveryInFull>, Problem> {
    let store = state.engine.store();
    let delivery = store.get_delivery(id).await?;
    let event = store.get_event(delivery.event_id).await?;
    let filter = LogFilter {
        delivery_id: Some(id),
        ..LogFilter::default()
    };
    let page = PageRequest {
        limit: EXECUTIONS_MAX,
        cursor: None,
    };
    let logs = store.list_logs(&filter, page).await?;
    Ok(Json(DeliveryInFull {
        delivery: delivery.into(),
        event: event.into(),
        executions: logs.items.into_iter().rev().map(LogItem::from).collect(),
    }))
}

/// Has a delivery attempted again, however it ended, from its first attempt on;
/// one that waits for its next attempt gets it now. The event's id stays the
/// same. 409 while an attempt is being made, and once the hook is deleted.
#[utoipa::path(post, operation_id = "retry_delivery", path = "/deliveries/{id}/retry", tag = "events", params(("id" = uuid::Uuid, Path)),
    responses((status = 202, body = DeliveryShown)))]
pub(crate) async fn retry(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(id): Segment<DeliveryId>,
) -> Result<(StatusCode, Json<DeliveryShown>), Problem> {
    let store = state.engine.store();
    let delivery = store.retry_delivery(actor.name(), id).await;
    let delivery = delivery.map_err(|error| match error {
        StoreError::NotFound {
            what: Entity::Hook, ..
        } => Problem::new(
            StatusCode::CONFLICT,
            "hook-deleted",
            format!("the hook of delivery {id} was deleted: there is nothing to deliver it to"),
        ),
        error => error.into(),
    })?;
    Ok((StatusCode::ACCEPTED, Json(delivery.into())))
}

/// Has the events of a range delivered once more, each with the id that it had.
/// A call looks at the oldest 10,000 events; `next_since` says where to go on.
#[utoipa::path(post, operation_id = "replay_events", path = "/events/replay", tag = "events", request_body = ReplayRequest,
    responses((status = 202, body = ReplayAnswer)))]
pub(crate) async fn replay(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    ApiJson(request): ApiJson<ReplayRequest>,
) -> Result<(StatusCode, Json<ReplayAnswer>), Problem> {
    if request.since >= request.until {
        return Err(Invalid::one("/until", "must be later than since").into());
    }
    let replay = Replay {
        since: request.since.get(),
        until: request.until.get(),
        event: request.event,
        hook_id: request.hook_id,
        succeeded: request.succeeded,
    };
    let replayed = state.engine.store().replay(actor.name(), replay).await;
    let replayed = replayed.map_err(|error| {
        let mut problem = Problem::from(error);
        if problem.status == StatusCode::NOT_FOUND.as_u16() {
            problem.errors = vec![FieldError::new("/hook_id", problem.detail.clone())];
        }
        problem
    })?;
    let answer = ReplayAnswer {
        deliveries: replayed.deliveries,
        next_since: replayed.next_since,
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}
