//! Effective sets: what applies to a scope, and why the rest does not.

use crate::extract::{ApiQuery, Segments};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use stagehook_core::document::HookDocument;
use stagehook_core::hook;
use stagehook_core::ids::HookId;
use stagehook_core::invalid::Invalid;
use stagehook_core::resolve::{EffectiveHook, EffectiveSet, ShadowReason, ShadowedHook};
use stagehook_core::scope::{Scope, ScopeType};
use utoipa::{IntoParams, ToSchema};

/// For which trigger; for all of them without one.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TriggerQuery {
    /// A stage.
    hook_point: Option<String>,
    /// An event pattern, as hooks have it.
    event: Option<String>,
}

/// A hook that applies.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EffectiveItem {
    #[serde(flatten)]
    hook: HookDocument,
    /// The level it comes from.
    source_level: ScopeType,
    /// The hooks it replaced, nearest level first.
    overrides: Vec<HookId>,
    /// Those of them that run right before it, because it extends them.
    runs_first: Vec<HookId>,
}

/// A hook that does not apply by itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShadowedItem {
    #[serde(flatten)]
    hook: HookDocument,
    /// The level it comes from.
    source_level: ScopeType,
    /// Why it lost.
    reason: ShadowReason,
    /// To which hook; `null` when it is disabled itself.
    by: Option<HookId>,
    /// Whether it runs all the same, because the winner extends it.
    extended: bool,
}

/// What applies to a scope, and what does not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EffectiveView {
    /// What applies, in the order in which it runs.
    effective: Vec<EffectiveItem>,
    /// What does not, and why.
    shadowed: Vec<ShadowedItem>,
}

/// What applies to the studio itself.
#[utoipa::path(get, operation_id = "get_effective_hooks_of_studio", path = "/hooks/effective/studio", tag = "hooks", params(TriggerQuery),
    responses((status = 200, body = EffectiveView)))]
pub(crate) async fn studio(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<TriggerQuery>,
) -> Result<Json<EffectiveView>, Problem> {
    view(&state, Scope::Studio, &query).await
}

/// What applies to a project or a scene type.
#[utoipa::path(get, operation_id = "get_effective_hooks_of_scope", path = "/hooks/effective/{scope_type}/{scope_id}", tag = "hooks",
    params(("scope_type" = ScopeType, Path), ("scope_id" = i64, Path), TriggerQuery),
    responses((status = 200, body = EffectiveView)))]
pub(crate) async fn scope(
    State(state): State<ApiState>,
    Segments(scope_type, scope_id): Segments,
    ApiQuery(query): ApiQuery<TriggerQuery>,
) -> Result<Json<EffectiveView>, Problem> {
    let no_such = || Problem::not_found("there is no such scope: name a project or a scene_type");
    let scope_type: ScopeType = scope_type.parse().map_err(|_| no_such())?;
    let scope_id: i64 = scope_id.parse().map_err(|_| no_such())?;
    let scope = Scope::from_parts(scope_type, Some(scope_id)).map_err(|_| no_such())?;
    view(&state, scope, &query).await
}

async fn view(
    state: &ApiState,
    scope: Scope,
    query: &TriggerQuery,
) -> Result<Json<EffectiveView>, Problem> {
    let trigger = match (&query.hook_point, &query.event) {
        (None, None) => None,
        (point, event) => Some(
            hook::trigger(point.as_deref(), event.as_deref())
                .map_err(|invalid: Invalid| Problem::invalid("invalid-query", invalid))?,
        ),
    };
    let set = state
        .engine
        .effective_set(scope, trigger.as_ref())
        .await
        .map_err(Problem::of_path)?;
    Ok(Json(set.into()))
}

impl From<EffectiveSet> for EffectiveView {
    fn from(set: EffectiveSet) -> Self {
        Self {
            effective: set.effective.iter().map(EffectiveItem::from).collect(),
            shadowed: set.shadowed.iter().map(ShadowedItem::from).collect(),
        }
    }
}

impl From<&EffectiveHook> for EffectiveItem {
    fn from(effective: &EffectiveHook) -> Self {
        Self {
            hook: HookDocument::from(&*effective.hook),
            source_level: effective.source_level,
            overrides: effective.overrides.clone(),
            runs_first: effective.extended.iter().map(|(hook, _)| hook.id).collect(),
        }
    }
}

impl From<&ShadowedHook> for ShadowedItem {
    fn from(shadowed: &ShadowedHook) -> Self {
        Self {
            hook: HookDocument::from(&*shadowed.hook),
            source_level: shadowed.source_level,
            reason: shadowed.reason,
            by: shadowed.by,
            extended: shadowed.extended,
        }
    }
}
