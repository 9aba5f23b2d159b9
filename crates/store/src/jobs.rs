//! Jobs of the pipeline, their end and their review.

use crate::audit::Change;
use crate::database::{Connection, Order, Select, args, for_update};
use crate::document::{self, Row};
use crate::error::{Entity, Result, StoreError};
use crate::events::{self, About};
use crate::store::Store;
use crate::{projects, scene_types};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use stagehook_core::event::name;
use stagehook_core::ids::{JobId, ProjectId, SceneTypeId, StageRunId};
use stagehook_core::job::{Job, JobStatus, Review, ReviewDecision};
use stagehook_core::page::{Page, PageRequest};

/// A job that the pipeline begins.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Its project.
    pub project_id: ProjectId,
    /// Its scene type, of that project.
    pub scene_type_id: Option<SceneTypeId>,
    /// What the pipeline calls it.
    pub external_ref: Option<String>,
    /// The workflow it was generated with. REQ-RUN-11
    pub workflow: Option<Value>,
}

/// Which jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// That stand there.
    pub status: Option<JobStatus>,
    /// That wait, or do not wait, for a person.
    pub needs_review: Option<bool>,
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// That the pipeline calls so.
    pub external_ref: Option<String>,
}

/// What a stage run has to know about its job.
#[derive(Debug, Clone, PartialEq)]
pub struct StageSubject {
    /// The job.
    pub job: Job,
    /// Whether its project was deleted.
    pub project_deleted: bool,
    /// The generation of the hooks, see [`Store::hook_generation`].
    pub hook_generation: i64,
}

macro_rules! columns {
    () => {
        "j.id, j.project_id, j.scene_type_id, j.external_ref, j.workflow, j.status, j.needs_review,
         j.review_reason, j.review_decision, j.review_note, j.reviewer, j.reviewed_at, j.created_at,
         j.updated_at"
    };
}

#[derive(sqlx::FromRow)]
struct JobRow {
    id: i64,
    project_id: i64,
    scene_type_id: Option<i64>,
    external_ref: Option<String>,
    workflow: Option<String>,
    status: String,
    needs_review: bool,
    review_reason: Option<String>,
    review_decision: Option<String>,
    review_note: Option<String>,
    reviewer: Option<String>,
    reviewed_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<JobRow> for Job {
    type Error = StoreError;

    fn try_from(row: JobRow) -> Result<Self> {
        let id = JobId::new(row.id);
        let read = Row::new(Entity::Job, id);
        let decision = read
            .optional_text::<ReviewDecision>("review_decision", row.review_decision.as_deref())?;
        let review = match (decision, row.review_note, row.reviewer, row.reviewed_at) {
            (Some(decision), Some(note), Some(reviewer), Some(reviewed_at)) => Some(Review {
                decision,
                note,
                reviewer,
                reviewed_at,
            }),
            (None, None, None, None) => None,
            _ => return Err(read.inconsistent("the review is incomplete")),
        };
        Ok(Self {
            id,
            project_id: ProjectId::new(row.project_id),
            scene_type_id: row.scene_type_id.map(SceneTypeId::new),
            external_ref: row.external_ref,
            workflow: read.optional_document("workflow", row.workflow.as_deref())?,
            status: read.text("status", &row.status)?,
            needs_review: row.needs_review,
            review_reason: row.review_reason,
            review,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

#[derive(sqlx::FromRow)]
struct SubjectRow {
    #[sqlx(flatten)]
    job: JobRow,
    project_deleted_at: Option<DateTime<Utc>>,
    generation: i64,
}

async fn read(connection: &mut Connection, id: JobId) -> Result<Job> {
    let row: Option<JobRow> = connection
        .optional(
            concat!("SELECT ", columns!(), " FROM jobs j WHERE j.id = $1"),
            args![id.get()],
        )
        .await?;
    row.ok_or_else(|| StoreError::not_found(Entity::Job, id))?
        .try_into()
}

async fn read_for_update(connection: &mut Connection, id: JobId) -> Result<Job> {
    let row: Option<JobRow> = connection
        .optional(
            for_update!("SELECT ", columns!(), " FROM jobs j WHERE j.id = $1"),
            args![id.get()],
        )
        .await?;
    row.ok_or_else(|| StoreError::not_found(Entity::Job, id))?
        .try_into()
}

/// Where a job stands; none when it does not exist.
pub(crate) async fn status(connection: &mut Connection, id: JobId) -> Result<JobStatus> {
    let row: Option<(String,)> = connection
        .optional("SELECT status FROM jobs WHERE id = $1", args![id.get()])
        .await?;
    let (status,) = row.ok_or_else(|| StoreError::not_found(Entity::Job, id))?;
    Row::new(Entity::Job, id).text("status", &status)
}

/// Halts the job of a stage run, unless it runs no more; answers whether it
/// did. REQ-RUN-4
pub(crate) async fn halt(
    connection: &mut Connection,
    run: StageRunId,
    reason: &str,
) -> Result<bool> {
    let halted = connection
        .execute(
            "UPDATE jobs SET status = 'failed', needs_review = TRUE, review_reason = $2
             WHERE id = (SELECT job_id FROM stage_runs WHERE id = $1) AND status = 'running'",
            args![run.get(), reason],
        )
        .await?;
    Ok(halted == 1)
}

/// What every event about a job says.
fn about(job: &Job) -> Map<String, Value> {
    let mut data = Map::new();
    data.insert("job_id".to_owned(), json!(job.id));
    data.insert("project_id".to_owned(), json!(job.project_id));
    data.insert("scene_type_id".to_owned(), json!(job.scene_type_id));
    data.insert("external_ref".to_owned(), json!(job.external_ref));
    data
}

async fn insert(connection: &mut Connection, new: &NewJob, at: DateTime<Utc>) -> Result<Job> {
    projects::living(connection, new.project_id).await?;
    if let Some(scene_type_id) = new.scene_type_id {
        let scene_type = scene_types::living(connection, scene_type_id).await?;
        if scene_type.project_id != new.project_id {
            return Err(StoreError::SceneTypeOfOtherProject {
                scene_type_id,
                project_id: scene_type.project_id,
            });
        }
    }
    let workflow = new.workflow.as_ref().map(document::write).transpose()?;
    let id = connection
        .number(
            "INSERT INTO jobs (project_id, scene_type_id, external_ref, workflow, status,
                               needs_review, created_at, updated_at)
             VALUES ($1, $2, $3, $4, 'running', FALSE, $5, $5) RETURNING id",
            args![
                new.project_id.get(),
                new.scene_type_id.map(SceneTypeId::get),
                new.external_ref.as_deref(),
                workflow,
                at
            ],
        )
        .await?;
    read(connection, JobId::new(id)).await
}

impl Store {
    /// Creates a job, and the event that says so.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::ProjectDeleted`],
    /// [`StoreError::SceneTypeDeleted`],
    /// [`StoreError::SceneTypeOfOtherProject`].
    pub async fn create_job(&self, actor: &str, new: NewJob) -> Result<Job> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                let job = insert(connection, &new, at).await?;
                let change = Change {
                    actor: &actor,
                    action: "job.create",
                    subject: Entity::Job,
                    at,
                };
                let after = document::write(&job)?;
                change.record(connection, job.id, None, Some(after)).await?;
                events::emit(
                    connection,
                    name::JOB_CREATED,
                    about(&job),
                    About::Job(job.id),
                    at,
                )
                .await?;
                Ok(job)
            })
        })
        .await
    }

    /// Reads a job.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_job(&self, id: JobId) -> Result<Job> {
        read(&mut self.reader().await?, id).await
    }

    /// The jobs, newest first.
    pub async fn list_jobs(&self, filter: &JobFilter, page: PageRequest) -> Result<Page<Job>> {
        let mut select = Select::new(concat!("SELECT ", columns!(), " FROM jobs j"));
        select
            .and_if("j.status = ?", filter.status.map(JobStatus::as_str))
            .and_if("j.project_id = ?", filter.project_id.map(ProjectId::get))
            .and_if("j.external_ref = ?", filter.external_ref.as_deref());
        match filter.needs_review {
            // As in the index, which holds these alone.
            Some(true) => select.and("j.needs_review IS TRUE"),
            Some(false) => select.and("j.needs_review IS FALSE"),
            None => &mut select,
        };
        let mut connection = self.reader().await?;
        select
            .page(
                &mut connection,
                page,
                "j.id",
                Order::Descending,
                |row: &JobRow| row.id,
            )
            .await?
            .try_map(Job::try_from)
    }

    /// Ends a running job.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::JobNotRunning`],
    /// [`StoreError::StageRunning`].
    pub async fn complete_job(&self, actor: &str, id: JobId) -> Result<Job> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                let before = read_for_update(connection, id).await?;
                if before.status != JobStatus::Running {
                    return Err(StoreError::JobNotRunning {
                        id,
                        status: before.status,
                    });
                }
                let (running,): (i64,) = connection
                    .one(
                        "SELECT count(*) FROM stage_runs WHERE job_id = $1 AND status = 'running'",
                        args![id.get()],
                    )
                    .await?;
                if running > 0 {
                    return Err(StoreError::StageRunning { id });
                }
                connection
                    .execute(
                        "UPDATE jobs SET status = 'completed' WHERE id = $1",
                        args![id.get()],
                    )
                    .await?;
                let job = read(connection, id).await?;
                let change = Change {
                    actor: &actor,
                    action: "job.complete",
                    subject: Entity::Job,
                    at,
                };
                let before = document::write(&before)?;
                let after = document::write(&job)?;
                change
                    .record(connection, id, Some(before), Some(after))
                    .await?;
                events::emit(
                    connection,
                    name::JOB_COMPLETED,
                    about(&job),
                    About::Job(id),
                    at,
                )
                .await?;
                Ok(job)
            })
        })
        .await
    }

    /// Decides about a halted job; the decision is on record. REQ-RUN-5
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::JobNotInReview`].
    pub async fn review_job(
        &self,
        actor: &str,
        id: JobId,
        decision: ReviewDecision,
        note: &str,
    ) -> Result<Job> {
        let (actor, note, at) = (actor.to_owned(), note.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                let before = read_for_update(connection, id).await?;
                if before.status != JobStatus::Failed || !before.needs_review {
                    return Err(StoreError::JobNotInReview {
                        id,
                        status: before.status,
                    });
                }
                connection
                    .execute(
                        "UPDATE jobs SET status = $2, needs_review = FALSE, review_decision = $3,
                                         review_note = $4, reviewer = $5, reviewed_at = $6
                         WHERE id = $1",
                        args![
                            id.get(),
                            decision.status().as_str(),
                            decision.as_str(),
                            &note,
                            &actor,
                            at
                        ],
                    )
                    .await?;
                let job = read(connection, id).await?;
                let change = Change {
                    actor: &actor,
                    action: "job.review",
                    subject: Entity::Job,
                    at,
                };
                let before = document::write(&before)?;
                let after = document::write(&job)?;
                change
                    .record(connection, id, Some(before), Some(after))
                    .await?;
                let mut data = about(&job);
                data.insert("decision".to_owned(), json!(decision));
                data.insert("note".to_owned(), json!(note));
                data.insert("reviewer".to_owned(), json!(actor));
                events::emit(
                    connection,
                    name::JOB_REVIEW_RESOLVED,
                    data,
                    About::Job(id),
                    at,
                )
                .await?;
                Ok(job)
            })
        })
        .await
    }

    /// Reads, in one statement, what a stage run has to know about its job;
    /// none when there is no such job.
    pub async fn stage_subject(&self, id: JobId) -> Result<Option<StageSubject>> {
        let row: Option<SubjectRow> = self
            .reader()
            .await?
            .optional(
                concat!(
                    "SELECT ",
                    columns!(),
                    ", p.deleted_at AS project_deleted_at, g.generation
                     FROM jobs j
                     JOIN projects p ON p.id = j.project_id
                     JOIN hook_generation g ON g.id = 1
                     WHERE j.id = $1"
                ),
                args![id.get()],
            )
            .await?;
        row.map(|row| {
            Ok(StageSubject {
                project_deleted: row.project_deleted_at.is_some(),
                hook_generation: row.generation,
                job: row.job.try_into()?,
            })
        })
        .transpose()
    }
}
