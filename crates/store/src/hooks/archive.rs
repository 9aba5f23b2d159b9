//! Deleting hooks.

use super::change::Changed;
use super::row::{HookRow, hook_columns};
use super::test_cases;
use crate::database::{Connection, args};
use crate::deliveries::cancel_of;
use crate::error::Result;
use chrono::{DateTime, Utc};
use stagehook_core::hook::Hook;
use stagehook_core::ids::{ProjectId, SceneTypeId};

/// Archives a hook that is not deleted.
pub(super) async fn archive(
    connection: &mut Connection,
    actor: &str,
    hook: &Hook,
    at: DateTime<Utc>,
) -> Result<()> {
    connection
        .execute(
            "UPDATE hooks SET archived_at = $2 WHERE id = $1",
            args![hook.id.get(), at],
        )
        .await?;
    cancel_of(connection, hook.id, at).await?;
    test_cases::delete_of(connection, hook.id).await?;
    Changed::Deleted
        .record(connection, actor, Some(hook), hook, at)
        .await
}

/// Archives the hooks of a project that is being deleted, and those of its
/// scene types.
pub(crate) async fn archive_of_project(
    connection: &mut Connection,
    actor: &str,
    project: ProjectId,
    at: DateTime<Utc>,
) -> Result<()> {
    let rows: Vec<HookRow> = connection
        .all(
            concat!(
                "SELECT ",
                hook_columns!(),
                " FROM hooks
                 WHERE archived_at IS NULL
                   AND (project_id = $1
                        OR scene_type_id IN (SELECT id FROM scene_types WHERE project_id = $1))
                 ORDER BY id"
            ),
            args![project.get()],
        )
        .await?;
    archive_all(connection, actor, rows, at).await
}

/// Archives the hooks of a scene type that is being deleted.
pub(crate) async fn archive_of_scene_type(
    connection: &mut Connection,
    actor: &str,
    scene_type: SceneTypeId,
    at: DateTime<Utc>,
) -> Result<()> {
    let rows: Vec<HookRow> = connection
        .all(
            concat!(
                "SELECT ",
                hook_columns!(),
                " FROM hooks WHERE archived_at IS NULL AND scene_type_id = $1 ORDER BY id"
            ),
            args![scene_type.get()],
        )
        .await?;
    archive_all(connection, actor, rows, at).await
}

async fn archive_all(
    connection: &mut Connection,
    actor: &str,
    rows: Vec<HookRow>,
    at: DateTime<Utc>,
) -> Result<()> {
    for row in rows {
        let hook: Hook = row.try_into()?;
        archive(connection, actor, &hook, at).await?;
    }
    Ok(())
}
