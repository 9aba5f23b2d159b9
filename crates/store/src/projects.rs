//! Projects.

use crate::audit::Change;
use crate::database::{Connection, Order, Select, args, for_share};
use crate::document;
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use crate::{hooks, scene_types};
use chrono::{DateTime, Utc};
use stagehook_core::ids::ProjectId;
use stagehook_core::page::{Page, PageRequest};
use stagehook_core::project::Project;
use stagehook_core::scope::Lineage;

/// The columns of [`ProjectRow`].
macro_rules! columns {
    () => {
        "id, name, created_at, deleted_at"
    };
}

#[derive(sqlx::FromRow)]
pub(crate) struct ProjectRow {
    id: i64,
    name: String,
    created_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

impl From<ProjectRow> for Project {
    fn from(row: ProjectRow) -> Self {
        Self {
            id: ProjectId::new(row.id),
            name: row.name,
            created_at: row.created_at,
            deleted_at: row.deleted_at,
        }
    }
}

/// Reads a project that something new is to be made in, and keeps it from
/// being deleted meanwhile.
pub(crate) async fn living(connection: &mut Connection, id: ProjectId) -> Result<Project> {
    let row: Option<ProjectRow> = connection
        .optional(
            for_share!("SELECT ", columns!(), " FROM projects WHERE id = $1"),
            args![id.get()],
        )
        .await?;
    let project: Project = row
        .ok_or_else(|| StoreError::not_found(Entity::Project, id))?
        .into();
    if project.deleted_at.is_some() {
        return Err(StoreError::ProjectDeleted { id });
    }
    Ok(project)
}

impl Store {
    /// Creates a project.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] by another project that is not deleted.
    pub async fn create_project(&self, actor: &str, name: &str) -> Result<Project> {
        let (actor, name, at) = (actor.to_owned(), name.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                let row: Option<ProjectRow> = connection
                    .optional(
                        concat!(
                            "INSERT INTO projects (name, created_at) VALUES ($1, $2)
                             ON CONFLICT (name) WHERE deleted_at IS NULL DO NOTHING RETURNING ",
                            columns!()
                        ),
                        args![&name, at],
                    )
                    .await?;
                let project: Project = row
                    .ok_or(StoreError::NameTaken {
                        what: Entity::Project,
                        name,
                    })?
                    .into();
                let change = Change {
                    actor: &actor,
                    action: "project.create",
                    subject: Entity::Project,
                    at,
                };
                let after = document::write(&project)?;
                change
                    .record(connection, project.id, None, Some(after))
                    .await?;
                Ok(project)
            })
        })
        .await
    }

    /// Reads a project, also a deleted one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_project(&self, id: ProjectId) -> Result<Project> {
        let row: Option<ProjectRow> = self
            .reader()
            .await?
            .optional(
                concat!("SELECT ", columns!(), " FROM projects WHERE id = $1"),
                args![id.get()],
            )
            .await?;
        row.map(Project::from)
            .ok_or_else(|| StoreError::not_found(Entity::Project, id))
    }

    /// The projects that are not deleted, in the order in which they were
    /// created.
    pub async fn list_projects(&self, page: PageRequest) -> Result<Page<Project>> {
        let mut select = Select::new(concat!("SELECT ", columns!(), " FROM projects"));
        select.and("deleted_at IS NULL");
        let mut connection = self.reader().await?;
        Ok(select
            .page(
                &mut connection,
                page,
                "id",
                Order::Ascending,
                |row: &ProjectRow| row.id,
            )
            .await?
            .map(Project::from))
    }

    /// Deletes a project, with its scene types and their hooks: nothing new
    /// can be made in it, its hooks no longer apply, its name is free. Its
    /// jobs and their logs are kept.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::ProjectDeleted`] before.
    pub async fn delete_project(&self, actor: &str, id: ProjectId) -> Result<()> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                hooks::lock(connection).await?;
                let mut project = living(connection, id).await?;
                hooks::archive_of_project(connection, &actor, id, at).await?;
                scene_types::delete_of_project(connection, &actor, id, at).await?;
                connection
                    .execute(
                        "UPDATE projects SET deleted_at = $2 WHERE id = $1",
                        args![id.get(), at],
                    )
                    .await?;
                let before = document::write(&project)?;
                project.deleted_at = Some(at);
                let after = document::write(&project)?;
                let change = Change {
                    actor: &actor,
                    action: "project.delete",
                    subject: Entity::Project,
                    at,
                };
                change
                    .record(connection, id, Some(before), Some(after))
                    .await
            })
        })
        .await
    }

    /// From where a project inherits; none when it does not exist or was
    /// deleted.
    pub async fn lineage_of_project(&self, id: ProjectId) -> Result<Option<Lineage>> {
        let row: Option<(i64,)> = self
            .reader()
            .await?
            .optional(
                "SELECT id FROM projects WHERE id = $1 AND deleted_at IS NULL",
                args![id.get()],
            )
            .await?;
        Ok(row.map(|(project,)| Lineage::Project(ProjectId::new(project))))
    }
}
