//! The beginning of a stage run.

use crate::database::{Connection, args};
use crate::document;
use crate::error::{Result, StoreError};
use crate::jobs;
use crate::store::Store;
use chrono::{DateTime, Utc};
use stagehook_core::contract::StageInput;
use stagehook_core::digest::Digest;
use stagehook_core::ids::{JobId, NodeId, StageRunId};
use stagehook_core::job::JobStatus;
use stagehook_core::stage_run::PlannedHook;
use stagehook_core::trigger::HookPoint;
use uuid::Uuid;

/// A stage run that is about to begin.
#[derive(Debug, Clone)]
pub struct NewStageRun {
    /// Its id.
    pub id: StageRunId,
    /// The job.
    pub job_id: JobId,
    /// Where in the pipeline.
    pub hook_point: HookPoint,
    /// The hooks that are to run, in order.
    pub plan: Vec<PlannedHook>,
    /// What the pipeline handed in.
    pub input: StageInput,
    /// The caller's key, so that a repeated call runs nothing twice.
    pub idempotency_key: Option<String>,
    /// The digest of what was asked: the same key with another request is a
    /// mistake of the caller.
    pub request_digest: Digest,
    /// Who asked.
    pub actor: String,
    /// The server that runs it.
    pub owner: NodeId,
    /// When it begins.
    pub started_at: DateTime<Utc>,
}

/// What became of a stage run that was to begin. REQ-RUN-8
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartOutcome {
    /// It is begun, plan committed.
    Started,
    /// The same request with the same key began this run before.
    Replayed {
        /// That run.
        id: StageRunId,
    },
    /// Another request used the same key at this stage of this job.
    KeyReused,
}

#[derive(sqlx::FromRow)]
struct EarlierRow {
    id: Uuid,
    request_digest: Vec<u8>,
}

async fn start(connection: &mut Connection, run: &NewStageRun) -> Result<StartOutcome> {
    let plan = document::write(&run.plan)?;
    let input = document::write(&run.input)?;
    let key = run.idempotency_key.as_deref();
    let started: Option<(i64,)> = connection
        .optional(
            "INSERT INTO stage_runs (id, job_id, hook_point, plan, input, idempotency_key,
                                     request_digest, actor, owner, started_at, status, warnings)
             SELECT $1, id, $3, $4, $5, $6, $7, $8, $9, $10, 'running', '[]'
             FROM jobs WHERE id = $2 AND status = 'running'
             ON CONFLICT (job_id, hook_point, idempotency_key) WHERE idempotency_key IS NOT NULL
             DO NOTHING RETURNING seq",
            args![
                run.id.get(),
                run.job_id.get(),
                run.hook_point.as_str(),
                plan,
                input,
                key,
                &run.request_digest,
                &run.actor,
                run.owner.get(),
                run.started_at
            ],
        )
        .await?;
    if started.is_some() {
        return Ok(StartOutcome::Started);
    }
    // A repeated call gets the first answer even when that halted the job.
    if let Some(key) = key
        && let Some(outcome) = earlier(
            connection,
            run.job_id,
            run.hook_point,
            key,
            &run.request_digest,
        )
        .await?
    {
        return Ok(outcome);
    }
    match jobs::status(connection, run.job_id).await? {
        // It was resumed between the two statements.
        JobStatus::Running => Err(StoreError::RunLost { id: run.id }),
        status => Err(StoreError::JobNotRunning {
            id: run.job_id,
            status,
        }),
    }
}

/// What a key that was used before means for a request.
async fn earlier(
    connection: &mut Connection,
    job_id: JobId,
    hook_point: HookPoint,
    key: &str,
    request: &Digest,
) -> Result<Option<StartOutcome>> {
    let row: Option<EarlierRow> = connection
        .optional(
            "SELECT id, request_digest FROM stage_runs
             WHERE job_id = $1 AND hook_point = $2 AND idempotency_key = $3",
            args![job_id.get(), hook_point.as_str(), key],
        )
        .await?;
    Ok(row.map(|row| {
        if row.request_digest == request.as_bytes() {
            StartOutcome::Replayed {
                id: StageRunId::new(row.id),
            }
        } else {
            StartOutcome::KeyReused
        }
    }))
}

impl Store {
    /// Commits a stage run with its whole plan, unless its key was used before.
    /// REQ-RUN-6
    ///
    /// # Errors
    /// [`StoreError::NotFound`] of the job, [`StoreError::JobNotRunning`].
    pub async fn start_stage_run(&self, run: NewStageRun) -> Result<StartOutcome> {
        self.write_one(move |connection| Box::pin(async move { start(connection, &run).await }))
            .await
    }

    /// The answer to a request with this key, if there was one before: what
    /// [`start_stage_run`](Self::start_stage_run) would find.
    pub async fn find_stage_run(
        &self,
        job_id: JobId,
        hook_point: HookPoint,
        idempotency_key: &str,
        request_digest: &Digest,
    ) -> Result<Option<StartOutcome>> {
        let mut connection = self.reader().await?;
        earlier(
            &mut connection,
            job_id,
            hook_point,
            idempotency_key,
            request_digest,
        )
        .await
    }
}
