//! Finding hooks.

use super::held_up::held_up;
use super::row::{HookRow, hook_columns};
use crate::database::{Connection, Order, Select, args};
use crate::document::Row;
use crate::error::{Entity, Result};
use crate::store::Store;
use stagehook_core::config::HookType;
use stagehook_core::event_pattern::EventPattern;
use stagehook_core::hook::Hook;
use stagehook_core::ids::{HookId, ProjectId, SceneTypeId};
use stagehook_core::page::{Page, PageRequest};
use stagehook_core::plugin::PluginName;
use stagehook_core::scope::{Lineage, ScopeType};
use stagehook_core::trigger::{HookPoint, Trigger};

/// Which hooks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookFilter {
    /// Of this level.
    pub scope_type: Option<ScopeType>,
    /// Of the project or scene type with this number.
    pub scope_id: Option<i64>,
    /// Triggered by this stage.
    pub hook_point: Option<HookPoint>,
    /// Triggered by exactly this pattern.
    pub event: Option<EventPattern>,
    /// Of this type.
    pub hook_type: Option<HookType>,
    /// Enabled, or disabled.
    pub enabled: Option<bool>,
    /// Of exactly this name.
    pub name: Option<String>,
    /// With this in their name or description; ASCII letters of either case.
    pub search: Option<String>,
    /// That run a version of this plugin.
    pub plugin: Option<PluginName>,
    /// Whose deliveries wait, or that were disabled for their failures; or none
    /// of these.
    pub held_up: Option<bool>,
}

/// Most hooks of a page: all that a studio has, as a rule.
pub const HOOKS_LIMIT_MAX: u32 = 1_000;

/// Every hook of a lineage that answers events, disabled ones included.
pub(crate) async fn event_hooks_of(
    connection: &mut Connection,
    lineage: &Lineage,
) -> Result<Vec<Hook>> {
    let rows: Vec<HookRow> = connection
        .all(
            concat!(
                "SELECT ",
                hook_columns!(),
                " FROM hooks
                 WHERE archived_at IS NULL AND event IS NOT NULL
                   AND (scope_type = 'studio' OR (scope_type = 'project' AND scope_id = $1)
                        OR (scope_type = 'scene_type' AND scope_id = $2))"
            ),
            args![
                lineage.project_id().map(ProjectId::get),
                lineage.scene_type_id().map(SceneTypeId::get),
            ],
        )
        .await?;
    rows.into_iter().map(Hook::try_from).collect()
}

/// How configs may begin to refer to a plugin: by its name or by the digest of
/// one of its versions.
async fn references(connection: &mut Connection, plugin: &PluginName) -> Result<Vec<String>> {
    let digests: Vec<(Vec<u8>,)> = connection
        .all(
            "SELECT v.digest FROM plugin_versions v JOIN plugins p ON p.id = v.plugin_id
             WHERE p.name = $1",
            args![plugin.as_str()],
        )
        .await?;
    let mut references = vec![format!("{}@", plugin.as_str())];
    for (digest,) in digests {
        let digest = Row::new(Entity::Plugin, plugin.as_str()).digest("digest", digest)?;
        references.push(digest.to_string());
    }
    Ok(references)
}

impl Store {
    /// The hooks that are not deleted, in the order in which they were
    /// created.
    pub async fn list_hooks(&self, filter: &HookFilter, page: PageRequest) -> Result<Page<Hook>> {
        let mut connection = self.reader().await?;
        let mut select = Select::new(concat!("SELECT ", hook_columns!(), " FROM hooks"));
        select
            .at_most(HOOKS_LIMIT_MAX)
            .and("archived_at IS NULL")
            .and_if("scope_type = ?", filter.scope_type.map(ScopeType::as_str))
            .and_if("scope_id = ?", filter.scope_id)
            .and_if("hook_point = ?", filter.hook_point.map(HookPoint::as_str))
            .and_if("event = ?", filter.event.as_ref().map(EventPattern::as_str))
            .and_if("hook_type = ?", filter.hook_type.map(HookType::as_str))
            .and_if("enabled = ?", filter.enabled)
            .and_if("name = ?", filter.name.as_deref());
        if let Some(search) = &filter.search {
            // LIKE minds the case on one database, and not on the other; and one
            // knows no other upper case than that of ASCII.
            select.and_both(
                "(replace(lower(name || '\n' || description), ?, '')
                      <> lower(name || '\n' || description)
                  OR replace(name || '\n' || description, ?, '') <> name || '\n' || description)",
                search.to_lowercase(),
                search.as_str(),
            );
        }
        if let Some(plugin) = &filter.plugin {
            let references = references(&mut connection, plugin).await?;
            // As we write configs, the plugin comes first.
            select
                .and("hook_type = 'wasm'")
                .and_any("substr(config, 12, length(?)) = ?", references);
        }
        match filter.held_up {
            Some(true) => select.and(concat!("id IN (", held_up!(), ")")),
            Some(false) => select.and(concat!("id NOT IN (", held_up!(), ")")),
            None => &mut select,
        };
        select
            .page(
                &mut connection,
                page,
                "id",
                Order::Ascending,
                |row: &HookRow| row.id,
            )
            .await?
            .try_map(Hook::try_from)
    }

    /// The patterns by which enabled hooks choose among events.
    pub async fn event_patterns(&self) -> Result<Vec<EventPattern>> {
        let rows: Vec<(i64, String)> = self
            .reader()
            .await?
            .all(
                "SELECT MIN(id), event FROM hooks
                 WHERE archived_at IS NULL AND event IS NOT NULL AND enabled = $1
                 GROUP BY event",
                args![true],
            )
            .await?;
        let pattern = |(id, event): (i64, String)| {
            Row::new(Entity::Hook, HookId::new(id)).text("event", &event)
        };
        rows.into_iter().map(pattern).collect()
    }

    /// Every hook of a lineage, of one trigger or of all, disabled ones
    /// included: what [`resolve`](stagehook_core::resolve::resolve) takes. An
    /// event trigger means exactly its pattern.
    pub async fn hooks_for(
        &self,
        lineage: &Lineage,
        trigger: Option<&Trigger>,
    ) -> Result<Vec<Hook>> {
        // One SELECT a level, each led by the index of scopes: the studio's
        // hooks, and those of one project and one scene type among thousands.
        let rows: Vec<HookRow> = self
            .reader()
            .await?
            .all(
                concat!(
                    "SELECT ",
                    hook_columns!(),
                    " FROM hooks
                     WHERE archived_at IS NULL AND scope_type = 'studio'
                       AND ($3 = '' OR hook_point = $3) AND ($4 = '' OR event = $4)
                     UNION ALL
                     SELECT ",
                    hook_columns!(),
                    " FROM hooks
                     WHERE archived_at IS NULL AND scope_type = 'project' AND scope_id = $1
                       AND ($3 = '' OR hook_point = $3) AND ($4 = '' OR event = $4)
                     UNION ALL
                     SELECT ",
                    hook_columns!(),
                    " FROM hooks
                     WHERE archived_at IS NULL AND scope_type = 'scene_type' AND scope_id = $2
                       AND ($3 = '' OR hook_point = $3) AND ($4 = '' OR event = $4)"
                ),
                args![
                    lineage.project_id().map(ProjectId::get),
                    lineage.scene_type_id().map(SceneTypeId::get),
                    trigger
                        .and_then(Trigger::hook_point)
                        .map_or("", HookPoint::as_str),
                    trigger
                        .and_then(Trigger::event)
                        .map_or("", EventPattern::as_str)
                ],
            )
            .await?;
        rows.into_iter().map(Hook::try_from).collect()
    }
}
