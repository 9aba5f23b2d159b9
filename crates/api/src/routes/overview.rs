//! What goes on, and what waits for a person.

use crate::extract::ApiQuery;
use crate::problem::Problem;
use crate::routes::deliveries::DeliveryShown;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use stagehook_core::config::HookType;
use stagehook_core::ids::HookId;
use stagehook_core::invalid::Invalid;
use stagehook_core::job::Job;
use stagehook_core::window::HOURS_MAX;
use stagehook_engine::overview::{Overview, SlowHook};
use stagehook_store::HeldUp;
use utoipa::{IntoParams, ToSchema};

const HOURS_DEFAULT: u32 = 24;

/// Which stretch of time.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OverviewQuery {
    /// The last so many hours, from 1 to 720; 24 by default.
    #[param(minimum = 1, maximum = 720)]
    hours: Option<u32>,
}

/// What goes on, and what waits for a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OverviewShown {
    /// When the window begins: so many hours before `until`, at a round time.
    since: DateTime<Utc>,
    /// When it ends: the next round time.
    until: DateTime<Utc>,
    /// Whether there was too much in the window to count it all.
    is_approximate: bool,
    /// What waits for a person.
    attention: Attention,
    /// Executions over time, oldest first, in 24 to 60 parts; tests are left out.
    throughput: Vec<ThroughputPart>,
    /// What happened in the window.
    totals: Totals,
    /// The hooks that take the longest, the slowest first; at most 10.
    slowest_hooks: Vec<SlowHookShown>,
}

/// What waits for a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Attention {
    /// Halted jobs.
    jobs_to_review: JobsToReview,
    /// Event hooks whose deliveries wait, or that were disabled for their
    /// failures.
    paused_hooks: PausedHooks,
    /// Deliveries that were given up in the window.
    exhausted_deliveries: ExhaustedDeliveries,
}

/// Halted jobs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobsToReview {
    /// How many there are.
    count: i64,
    /// The newest ten.
    items: Vec<Job>,
}

/// Event hooks that are held up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PausedHooks {
    /// How many there are.
    count: i64,
    /// The oldest fifty.
    items: Vec<PausedHook>,
}

/// An event hook whose deliveries wait, or that was disabled for its failures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PausedHook {
    /// Its id.
    hook_id: HookId,
    /// Its name.
    name: String,
    /// Why Stagehook disabled it; null of one that somebody paused.
    reason: Option<String>,
    /// Since when its deliveries wait; null of one that is not paused.
    paused_at: Option<DateTime<Utc>>,
}

/// Deliveries that were given up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExhaustedDeliveries {
    /// How many there are, among the newest 10,000 that stand so.
    count: i64,
    /// The newest ten.
    items: Vec<DeliveryShown>,
}

/// A part of the window.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThroughputPart {
    /// When it begins.
    start: DateTime<Utc>,
    /// Executions that began in it.
    executions: i64,
    /// Of these, those that did not succeed.
    failed: i64,
}

/// What happened in the window.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Totals {
    /// Executions, without tests.
    executions: i64,
    /// Of these, those that did not succeed.
    failed: i64,
    /// Stage runs.
    stage_runs: i64,
    /// Of these, those whose verdict was to halt; counted up to 100,000.
    halted: i64,
    /// Events.
    events: i64,
}

/// A hook that takes long.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SlowHookShown {
    /// The hook.
    hook_id: HookId,
    /// Its name; also of a deleted one.
    name: String,
    /// Its type.
    hook_type: HookType,
    /// Its executions in the window.
    runs: i64,
    /// Of these, those that did not succeed.
    failed: i64,
    /// Half of its last 100 executions took no longer, in milliseconds.
    p50_ms: Option<i64>,
    /// 95 of these 100 took no longer.
    p95_ms: Option<i64>,
}

impl From<&HeldUp> for PausedHook {
    fn from(held_up: &HeldUp) -> Self {
        Self {
            hook_id: held_up.hook_id,
            name: held_up.name.clone(),
            reason: held_up.disabled_reason.clone(),
            paused_at: held_up.paused_at,
        }
    }
}

impl From<&SlowHook> for SlowHookShown {
    fn from(slow: &SlowHook) -> Self {
        Self {
            hook_id: slow.activity.hook_id,
            name: slow.name.clone(),
            hook_type: slow.hook_type,
            runs: slow.executions.executions,
            failed: slow.executions.failed,
            p50_ms: slow.activity.p50_ms,
            p95_ms: slow.activity.p95_ms,
        }
    }
}

impl From<&Overview> for OverviewShown {
    fn from(overview: &Overview) -> Self {
        let (to_review, jobs) = &overview.jobs_to_review;
        let (are_held_up, held_up) = &overview.held_up;
        let (were_given_up, given_up) = &overview.given_up;
        let parts = &overview.throughput.parts;
        let happened = overview.happened;
        Self {
            since: overview.window.since(),
            until: overview.window.until(),
            is_approximate: overview.throughput.is_approximate || happened.is_approximate,
            attention: Attention {
                jobs_to_review: JobsToReview {
                    count: *to_review,
                    items: jobs.clone(),
                },
                paused_hooks: PausedHooks {
                    count: *are_held_up,
                    items: held_up.iter().map(PausedHook::from).collect(),
                },
                exhausted_deliveries: ExhaustedDeliveries {
                    count: *were_given_up,
                    items: given_up.iter().cloned().map(DeliveryShown::from).collect(),
                },
            },
            totals: Totals {
                executions: parts.iter().map(|part| part.executions).sum(),
                failed: parts.iter().map(|part| part.failed).sum(),
                stage_runs: happened.stage_runs,
                halted: happened.halted,
                events: happened.events,
            },
            throughput: overview
                .window
                .begins()
                .zip(parts)
                .map(|(start, part)| ThroughputPart {
                    start,
                    executions: part.executions,
                    failed: part.failed,
                })
                .collect(),
            slowest_hooks: overview.slowest.iter().map(SlowHookShown::from).collect(),
        }
    }
}

/// Shows what goes on, and what waits for a person.
///
/// However much is on record, the work for this is bounded, and however many ask, a
/// server does it once at a time, with rests between, for all who asked before: what
/// somebody did before asking is in the answer. Of a window with more
/// than 120,000 executions a sample of each part is counted, and the numbers are
/// what this comes to for all of them; `is_approximate` says so. The same where
/// stage runs or events are more than 100,000.
#[utoipa::path(get, operation_id = "get_overview", path = "/overview", tag = "overview", params(OverviewQuery),
    responses((status = 200, body = OverviewShown)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<OverviewQuery>,
) -> Result<Json<OverviewShown>, Problem> {
    let hours = query.hours.unwrap_or(HOURS_DEFAULT);
    if !(1..=HOURS_MAX).contains(&hours) {
        let detail = format!("must be between 1 and {HOURS_MAX}");
        return Err(Problem::invalid(
            "invalid-query",
            Invalid::one("/hours", detail),
        ));
    }
    let overview = state.engine.overview(hours).await?;
    Ok(Json(OverviewShown::from(overview.as_ref())))
}
