//! A stage run as a row.

use crate::document::Row;
use crate::error::{Entity, Result, StoreError};
use chrono::{DateTime, Utc};
use stagehook_core::ids::{JobId, NodeId, StageRunId};
use stagehook_core::stage_run::StageRun;
use uuid::Uuid;

/// The columns of [`StageRunRow`], of `stage_runs r`.
macro_rules! stage_run_columns {
    () => {
        "r.seq, r.id, r.job_id, r.hook_point, r.plan, r.input, r.status, r.verdict, r.metadata,
         r.warnings, r.idempotency_key, r.actor, r.owner, r.started_at, r.finished_at"
    };
}
pub(super) use stage_run_columns;

#[derive(sqlx::FromRow)]
pub(super) struct StageRunRow {
    pub(super) seq: i64,
    id: Uuid,
    job_id: i64,
    hook_point: String,
    plan: String,
    input: String,
    status: String,
    verdict: Option<String>,
    metadata: Option<String>,
    warnings: String,
    idempotency_key: Option<String>,
    actor: String,
    owner: Uuid,
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl TryFrom<StageRunRow> for StageRun {
    type Error = StoreError;

    fn try_from(row: StageRunRow) -> Result<Self> {
        let id = StageRunId::new(row.id);
        let read = Row::new(Entity::StageRun, id);
        Ok(Self {
            id,
            job_id: JobId::new(row.job_id),
            hook_point: read.text("hook_point", &row.hook_point)?,
            plan: read.document("plan", &row.plan)?,
            input: read.document("input", &row.input)?,
            status: read.text("status", &row.status)?,
            verdict: read.optional_text("verdict", row.verdict.as_deref())?,
            metadata: read.optional_document("metadata", row.metadata.as_deref())?,
            warnings: read.document("warnings", &row.warnings)?,
            idempotency_key: row.idempotency_key,
            actor: row.actor,
            owner: NodeId::new(row.owner),
            started_at: row.started_at,
            finished_at: row.finished_at,
        })
    }
}
