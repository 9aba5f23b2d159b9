//! Scene types, each of one project.

use crate::audit::Change;
use crate::database::{Connection, Order, Select, args, for_share, for_update};
use crate::document;
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use crate::{hooks, projects};
use chrono::{DateTime, Utc};
use stagehook_core::ids::{ProjectId, SceneTypeId};
use stagehook_core::page::{Page, PageRequest};
use stagehook_core::project::SceneType;
use stagehook_core::scope::Lineage;

/// The columns of [`SceneTypeRow`].
macro_rules! columns {
    () => {
        "id, project_id, name, created_at, deleted_at"
    };
}

#[derive(sqlx::FromRow)]
struct SceneTypeRow {
    id: i64,
    project_id: i64,
    name: String,
    created_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

impl From<SceneTypeRow> for SceneType {
    fn from(row: SceneTypeRow) -> Self {
        Self {
            id: SceneTypeId::new(row.id),
            project_id: ProjectId::new(row.project_id),
            name: row.name,
            created_at: row.created_at,
            deleted_at: row.deleted_at,
        }
    }
}

/// Which scene types.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SceneTypeFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
}

/// Reads a scene type that something new is to be made for, and keeps it and
/// its project from being deleted meanwhile.
pub(crate) async fn living(connection: &mut Connection, id: SceneTypeId) -> Result<SceneType> {
    let row: Option<SceneTypeRow> = connection
        .optional(
            for_share!("SELECT ", columns!(), " FROM scene_types WHERE id = $1"),
            args![id.get()],
        )
        .await?;
    let scene_type: SceneType = row
        .ok_or_else(|| StoreError::not_found(Entity::SceneType, id))?
        .into();
    if scene_type.deleted_at.is_some() {
        return Err(StoreError::SceneTypeDeleted { id });
    }
    Ok(scene_type)
}

/// Deletes the scene types of a project that is being deleted.
pub(crate) async fn delete_of_project(
    connection: &mut Connection,
    actor: &str,
    project: ProjectId,
    at: DateTime<Utc>,
) -> Result<()> {
    let rows: Vec<SceneTypeRow> = connection
        .all(
            for_update!(
                "SELECT ",
                columns!(),
                " FROM scene_types WHERE project_id = $1 AND deleted_at IS NULL ORDER BY id"
            ),
            args![project.get()],
        )
        .await?;
    for row in rows {
        delete(connection, actor, row.into(), at).await?;
    }
    Ok(())
}

async fn delete(
    connection: &mut Connection,
    actor: &str,
    mut scene_type: SceneType,
    at: DateTime<Utc>,
) -> Result<()> {
    connection
        .execute(
            "UPDATE scene_types SET deleted_at = $2 WHERE id = $1",
            args![scene_type.id.get(), at],
        )
        .await?;
    let before = document::write(&scene_type)?;
    scene_type.deleted_at = Some(at);
    let after = document::write(&scene_type)?;
    let change = Change {
        actor,
        action: "scene_type.delete",
        subject: Entity::SceneType,
        at,
    };
    change
        .record(connection, scene_type.id, Some(before), Some(after))
        .await
}

impl Store {
    /// Creates a scene type of a project.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] and [`StoreError::ProjectDeleted`] of the
    /// project; [`StoreError::NameTaken`] by another scene type of the project
    /// that is not deleted.
    pub async fn create_scene_type(
        &self,
        actor: &str,
        project_id: ProjectId,
        name: &str,
    ) -> Result<SceneType> {
        let (actor, name, at) = (actor.to_owned(), name.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                projects::living(connection, project_id).await?;
                let row: Option<SceneTypeRow> = connection
                    .optional(
                        concat!(
                            "INSERT INTO scene_types (project_id, name, created_at)
                             VALUES ($1, $2, $3)
                             ON CONFLICT (project_id, name) WHERE deleted_at IS NULL DO NOTHING
                             RETURNING ",
                            columns!()
                        ),
                        args![project_id.get(), &name, at],
                    )
                    .await?;
                let scene_type: SceneType = row
                    .ok_or(StoreError::NameTaken {
                        what: Entity::SceneType,
                        name,
                    })?
                    .into();
                let change = Change {
                    actor: &actor,
                    action: "scene_type.create",
                    subject: Entity::SceneType,
                    at,
                };
                let after = document::write(&scene_type)?;
                change
                    .record(connection, scene_type.id, None, Some(after))
                    .await?;
                Ok(scene_type)
            })
        })
        .await
    }

    /// Reads a scene type, also a deleted one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_scene_type(&self, id: SceneTypeId) -> Result<SceneType> {
        let row: Option<SceneTypeRow> = self
            .reader()
            .await?
            .optional(
                concat!("SELECT ", columns!(), " FROM scene_types WHERE id = $1"),
                args![id.get()],
            )
            .await?;
        row.map(SceneType::from)
            .ok_or_else(|| StoreError::not_found(Entity::SceneType, id))
    }

    /// The scene types that are not deleted, in the order in which they were
    /// created.
    pub async fn list_scene_types(
        &self,
        filter: &SceneTypeFilter,
        page: PageRequest,
    ) -> Result<Page<SceneType>> {
        let mut select = Select::new(concat!("SELECT ", columns!(), " FROM scene_types"));
        select
            .and("deleted_at IS NULL")
            .and_if("project_id = ?", filter.project_id.map(ProjectId::get));
        let mut connection = self.reader().await?;
        Ok(select
            .page(
                &mut connection,
                page,
                "id",
                Order::Ascending,
                |row: &SceneTypeRow| row.id,
            )
            .await?
            .map(SceneType::from))
    }

    /// Deletes a scene type with its hooks; its jobs and their logs are kept.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::SceneTypeDeleted`] before.
    pub async fn delete_scene_type(&self, actor: &str, id: SceneTypeId) -> Result<()> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                hooks::lock(connection).await?;
                let scene_type = living(connection, id).await?;
                hooks::archive_of_scene_type(connection, &actor, id, at).await?;
                delete(connection, &actor, scene_type, at).await
            })
        })
        .await
    }

    /// From where a scene type inherits; none when it does not exist or was
    /// deleted.
    pub async fn lineage_of_scene_type(&self, id: SceneTypeId) -> Result<Option<Lineage>> {
        let row: Option<(i64,)> = self
            .reader()
            .await?
            .optional(
                "SELECT project_id FROM scene_types WHERE id = $1 AND deleted_at IS NULL",
                args![id.get()],
            )
            .await?;
        Ok(row.map(|(project,)| Lineage::SceneType(ProjectId::new(project), id)))
    }
}
