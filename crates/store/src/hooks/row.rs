//! A hook as a row.

use crate::database::{Connection, args};
use crate::document::{self, Row};
use crate::error::{Entity, Result, StoreError};
use chrono::{DateTime, Utc};
use serde_json::Value;
use stagehook_core::config::{HookConfig, HookType};
use stagehook_core::event_pattern::EventPattern;
use stagehook_core::hook::{self, Hook, HookSpec};
use stagehook_core::ids::{HookId, ProjectId, SceneTypeId};
use stagehook_core::scope::{Scope, ScopeType};
use stagehook_core::trigger::HookPoint;

/// The columns of [`HookRow`].
macro_rules! hook_columns {
    () => {
        "id, name, description, hook_type, hook_point, event, scope_type, project_id, scene_type_id,
         failure_mode, config, sort_order, enabled, extends, created_by, created_at, updated_at,
         version"
    };
}
pub(super) use hook_columns;

#[derive(sqlx::FromRow)]
pub(super) struct HookRow {
    pub(super) id: i64,
    name: String,
    description: String,
    hook_type: String,
    hook_point: Option<String>,
    event: Option<String>,
    scope_type: String,
    project_id: Option<i64>,
    scene_type_id: Option<i64>,
    failure_mode: String,
    config: String,
    sort_order: i64,
    enabled: bool,
    extends: bool,
    created_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

impl TryFrom<HookRow> for Hook {
    type Error = StoreError;

    fn try_from(row: HookRow) -> Result<Self> {
        let id = HookId::new(row.id);
        let read = Row::new(Entity::Hook, id);
        let scope_type: ScopeType = read.text("scope_type", &row.scope_type)?;
        let hook_type: HookType = read.text("hook_type", &row.hook_type)?;
        let config: Value = read.document("config", &row.config)?;
        let spec = HookSpec {
            name: row.name,
            description: row.description,
            trigger: hook::trigger(row.hook_point.as_deref(), row.event.as_deref())
                .map_err(|error| read.inconsistent(error))?,
            scope: Scope::from_parts(scope_type, row.project_id.or(row.scene_type_id))
                .map_err(|error| read.inconsistent(error))?,
            failure_mode: read.text("failure_mode", &row.failure_mode)?,
            config: HookConfig::parse(hook_type, config)
                .map_err(|error| read.inconsistent(error))?,
            sort_order: row.sort_order,
            enabled: row.enabled,
            extends: row.extends,
        };
        Ok(Self {
            id,
            spec,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}

/// The two columns that hold a scope's id.
fn scope_ids(scope: Scope) -> (Option<i64>, Option<i64>) {
    match scope {
        Scope::Studio => (None, None),
        Scope::Project(id) => (Some(ProjectId::get(id)), None),
        Scope::SceneType(id) => (None, Some(SceneTypeId::get(id))),
    }
}

fn name_taken(error: StoreError, spec: &HookSpec) -> StoreError {
    if error.is_unique_violation() {
        StoreError::NameTaken {
            what: Entity::Hook,
            name: spec.name.clone(),
        }
    } else {
        error
    }
}

pub(super) async fn insert(
    connection: &mut Connection,
    spec: &HookSpec,
    created_by: &str,
    at: DateTime<Utc>,
) -> Result<HookId> {
    let (project_id, scene_type_id) = scope_ids(spec.scope);
    let config = document::write(&spec.config)?;
    let id = connection
        .number(
            "INSERT INTO hooks (name, description, hook_type, hook_point, event, scope_type,
                                project_id, scene_type_id, failure_mode, config, sort_order,
                                enabled, extends, created_by, created_at, updated_at, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, 1)
             RETURNING id",
            args![
                &spec.name,
                &spec.description,
                spec.config.hook_type().as_str(),
                spec.trigger.hook_point().map(HookPoint::as_str),
                spec.trigger.event().map(EventPattern::as_str),
                spec.scope.scope_type().as_str(),
                project_id,
                scene_type_id,
                spec.failure_mode.as_str(),
                config,
                spec.sort_order,
                spec.enabled,
                spec.extends,
                created_by,
                at
            ],
        )
        .await
        .map_err(|error| name_taken(error, spec))?;
    Ok(HookId::new(id))
}

/// Changes everything that people give, and counts the version up.
pub(super) async fn update(connection: &mut Connection, id: HookId, spec: &HookSpec) -> Result<()> {
    let (project_id, scene_type_id) = scope_ids(spec.scope);
    let config = document::write(&spec.config)?;
    connection
        .execute(
            "UPDATE hooks SET name = $2, description = $3, hook_type = $4, hook_point = $5,
                              event = $6, scope_type = $7, project_id = $8, scene_type_id = $9,
                              failure_mode = $10, config = $11, sort_order = $12, enabled = $13,
                              extends = $14, version = version + 1
             WHERE id = $1",
            args![
                id.get(),
                &spec.name,
                &spec.description,
                spec.config.hook_type().as_str(),
                spec.trigger.hook_point().map(HookPoint::as_str),
                spec.trigger.event().map(EventPattern::as_str),
                spec.scope.scope_type().as_str(),
                project_id,
                scene_type_id,
                spec.failure_mode.as_str(),
                config,
                spec.sort_order,
                spec.enabled,
                spec.extends
            ],
        )
        .await
        .map_err(|error| name_taken(error, spec))?;
    Ok(())
}

/// Reads a hook that is not deleted. One that is about to be changed needs no
/// lock of its own: the generation's, taken before, keeps everybody else out.
pub(crate) async fn read(connection: &mut Connection, id: HookId) -> Result<Hook> {
    let row: Option<HookRow> = connection
        .optional(
            concat!(
                "SELECT ",
                hook_columns!(),
                " FROM hooks WHERE id = $1 AND archived_at IS NULL"
            ),
            args![id.get()],
        )
        .await?;
    row.ok_or_else(|| StoreError::not_found(Entity::Hook, id))?
        .try_into()
}
