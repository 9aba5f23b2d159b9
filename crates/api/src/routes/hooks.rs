//! Hooks.

use crate::auth::Actor;
use crate::extract::{ApiJson, ApiQuery, Segment};
use crate::listing::{Listing, page_request_of};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagehook_core::config::{HookConfig, HookType};
use stagehook_core::document::HookDocument;
use stagehook_core::event_pattern::EventPattern;
use stagehook_core::event_type::{EventKind, EventType};
use stagehook_core::hook::{Hook, HookRequest, HookSpec};
use stagehook_core::ids::HookId;
use stagehook_core::invalid::Invalid;
use stagehook_core::plugin::PluginName;
use stagehook_core::scope::ScopeType;
use stagehook_core::trigger::HookPoint;
use stagehook_core::verdict::FailureMode;
use stagehook_engine::EngineError;
use stagehook_store::{HOOKS_LIMIT_MAX, HookFilter};
use utoipa::{IntoParams, ToSchema};

/// Longest text to search for, in bytes.
const SEARCH_MAX: usize = 200;

/// Which hooks.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HookQuery {
    /// Those of one level.
    scope_type: Option<ScopeType>,
    /// Those of one project or scene type; with `scope_type`.
    scope_id: Option<i64>,
    /// Those of one stage.
    hook_point: Option<HookPoint>,
    /// Those with this event pattern.
    event: Option<EventPattern>,
    /// Those of one type.
    hook_type: Option<HookType>,
    /// Those that are enabled, or are not.
    enabled: Option<bool>,
    /// Those of this name.
    name: Option<String>,
    /// Those with this text in name or description, whatever the case of ASCII
    /// letters.
    search: Option<String>,
    /// Those that run a version of this plugin.
    #[param(value_type = Option<String>)]
    plugin: Option<PluginName>,
    /// Those whose deliveries wait or that were disabled for their failures, or
    /// none of these.
    paused: Option<bool>,
    /// Most items, from 1 to 1000; 50 by default.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A changed hook: the whole of it, and the version that was changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HookUpdate {
    /// The version that this change is based on.
    version: i64,
    /// Unique for its trigger and scope.
    name: String,
    /// For people.
    #[serde(default)]
    description: String,
    /// What kind of hook.
    #[schema(value_type = HookType)]
    hook_type: String,
    /// The stage that triggers it; excludes `event`.
    #[serde(default)]
    #[schema(value_type = Option<HookPoint>)]
    hook_point: Option<String>,
    /// The events that trigger it; excludes `hook_point`.
    #[serde(default)]
    #[schema(value_type = Option<EventPattern>)]
    event: Option<String>,
    /// Where it applies.
    #[schema(value_type = ScopeType)]
    scope_type: String,
    /// The project's or the scene type's id.
    #[serde(default)]
    scope_id: Option<i64>,
    /// What its failure does; `warn` by default.
    #[serde(default)]
    #[schema(value_type = Option<FailureMode>)]
    failure_mode: Option<String>,
    /// What to run and how.
    #[schema(value_type = HookConfig)]
    config: Value,
    /// Lower runs earlier.
    #[serde(default)]
    sort_order: i64,
    /// Whether it runs; true by default.
    #[serde(default)]
    enabled: Option<bool>,
    /// Whether the hook it overrides runs first.
    #[serde(default)]
    extends: bool,
}

/// A hook, as it is shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HookShown {
    /// The hook.
    #[serde(flatten)]
    hook: HookDocument,
    /// The newest version of its plugin that fits the hook's requirement, when
    /// the hook runs an older one. Save the hook without `config.pinned` to
    /// move it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "1.3.0")]
    newer_plugin_version: Option<String>,
    /// Why Stagehook disabled it, until it is enabled again; absent of one that
    /// it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_reason: Option<String>,
    /// Since when its deliveries wait; absent of one that is not paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_at: Option<DateTime<Utc>>,
}

/// A hook that was saved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HookSaved {
    /// The hook.
    #[serde(flatten)]
    hook: HookDocument,
    /// What may not be meant so; absent where nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<String>,
}

/// What may not be meant so in a hook about to be saved.
async fn warnings(state: &ApiState, spec: &HookSpec) -> Result<Vec<String>, Problem> {
    let Some(pattern) = spec.trigger.event() else {
        return Ok(Vec::new());
    };
    let known = state.engine.event_types().await?;
    let is_answered =
        |known: &EventType| known.kind == EventKind::Business && pattern.matches(&known.name);
    if known.iter().any(is_answered) {
        return Ok(Vec::new());
    }
    Ok(vec![format!(
        "no business event type matches '{pattern}': nothing triggers this hook until one is added \
         (POST /event-types)"
    )])
}

/// Hooks as they are shown; a query or two for all of them.
async fn shown(state: &ApiState, hooks: &[&Hook]) -> Result<Vec<HookShown>, Problem> {
    let newer = state.engine.newer_plugin_versions(hooks).await?;
    let ids: Vec<HookId> = hooks.iter().map(|hook| hook.id).collect();
    let mut held_up = state.engine.store().held_up_among(&ids).await?;
    let shown = hooks.iter().zip(newer).map(|(hook, newer)| {
        let held_up = held_up.remove(&hook.id);
        let (disabled_reason, paused_at) = held_up
            .map(|held_up| (held_up.disabled_reason, held_up.paused_at))
            .unwrap_or_default();
        HookShown {
            hook: HookDocument::from(*hook),
            newer_plugin_version: newer.map(|version| version.to_string()),
            disabled_reason,
            paused_at,
        }
    });
    Ok(shown.collect())
}

impl HookUpdate {
    fn split(self) -> (i64, HookRequest) {
        let request = HookRequest {
            name: self.name,
            description: self.description,
            hook_type: self.hook_type,
            hook_point: self.hook_point,
            event: self.event,
            scope_type: self.scope_type,
            scope_id: self.scope_id,
            failure_mode: self.failure_mode,
            config: self.config,
            sort_order: self.sort_order,
            enabled: self.enabled.unwrap_or(true),
            extends: self.extends,
        };
        (self.version, request)
    }
}

/// Creates a hook. All that is wrong with it is answered at once.
#[utoipa::path(post, operation_id = "create_hook", path = "/hooks", tag = "hooks", request_body = HookRequest,
    responses((status = 201, body = HookSaved)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    ApiJson(request): ApiJson<HookRequest>,
) -> Result<(StatusCode, Json<HookSaved>), Problem> {
    let spec = request.check().map_err(invalid_hook)?;
    let warnings = warnings(&state, &spec).await?;
    let hook = state
        .engine
        .create_hook(&actor, &spec)
        .await
        .map_err(Problem::of_hook)?;
    let hook = HookDocument::from(&hook);
    Ok((StatusCode::CREATED, Json(HookSaved { hook, warnings })))
}

/// Lists the hooks, oldest first.
#[utoipa::path(get, operation_id = "list_hooks", path = "/hooks", tag = "hooks", params(HookQuery),
    responses((status = 200, body = Listing<HookShown>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<HookQuery>,
) -> Result<Json<Listing<HookShown>>, Problem> {
    let page = page_request_of(query.limit, query.cursor.as_deref(), HOOKS_LIMIT_MAX)?;
    let length = query.search.as_ref().map(String::len);
    if length.is_some_and(|length| !(1..=SEARCH_MAX).contains(&length)) {
        let detail = format!("must have 1 to {SEARCH_MAX} bytes");
        return Err(Problem::invalid(
            "invalid-query",
            Invalid::one("/search", detail),
        ));
    }
    let filter = HookFilter {
        scope_type: query.scope_type,
        scope_id: query.scope_id,
        hook_point: query.hook_point,
        event: query.event,
        hook_type: query.hook_type,
        enabled: query.enabled,
        name: query.name,
        search: query.search,
        plugin: query.plugin,
        held_up: query.paused,
    };
    let page = state.engine.store().list_hooks(&filter, page).await?;
    let hooks: Vec<&Hook> = page.items.iter().collect();
    Ok(Json(Listing {
        items: shown(&state, &hooks).await?,
        next_cursor: page.next_cursor.map(|cursor| cursor.to_string()),
    }))
}

/// Shows a hook.
#[utoipa::path(get, operation_id = "get_hook", path = "/hooks/{id}", tag = "hooks", params(("id" = i64, Path)),
    responses((status = 200, body = HookShown)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Segment(id): Segment<HookId>,
) -> Result<Json<HookShown>, Problem> {
    let hook = state.engine.store().get_hook(id).await?;
    let shown = shown(&state, &[&hook]).await?;
    let only = shown.into_iter().next();
    only.map(Json).ok_or_else(|| EngineError::Broken.into())
}

/// Replaces a hook. 409 when it was changed since the named version.
#[utoipa::path(put, operation_id = "update_hook", path = "/hooks/{id}", tag = "hooks", params(("id" = i64, Path)),
    request_body = HookUpdate, responses((status = 200, body = HookSaved)))]
pub(crate) async fn update(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(id): Segment<HookId>,
    ApiJson(update): ApiJson<HookUpdate>,
) -> Result<Json<HookSaved>, Problem> {
    let (version, request) = update.split();
    let spec = request.check().map_err(invalid_hook)?;
    let warnings = warnings(&state, &spec).await?;
    let hook = state
        .engine
        .update_hook(&actor, id, version, &spec)
        .await
        .map_err(Problem::of_hook)?;
    let hook = HookDocument::from(&hook);
    Ok(Json(HookSaved { hook, warnings }))
}

/// Deletes a hook; its logs and revisions are kept.
#[utoipa::path(delete, operation_id = "delete_hook", path = "/hooks/{id}", tag = "hooks", params(("id" = i64, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(id): Segment<HookId>,
) -> Result<StatusCode, Problem> {
    state.engine.store().delete_hook(actor.name(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn invalid_hook(invalid: Invalid) -> Problem {
    Problem::invalid("invalid-hook", invalid)
}
