//! The steps and the end of a stage run.

use crate::database::{Connection, Sql, args};
use crate::document;
use crate::error::{Result, StoreError};
use crate::logs::{insert_into, parameters};
use crate::store::Store;
use crate::{events, jobs, logs};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use stagehook_core::event::Event;
use stagehook_core::ids::{EventId, LogId, NodeId, StageRunId};
use stagehook_core::log::ExecutionRecord;
use stagehook_core::stage_run::StageRunStatus;
use stagehook_core::verdict::Verdict;

/// What a halted stage does to its job. REQ-RUN-4
#[derive(Debug, Clone, PartialEq)]
pub struct Halt {
    /// Why, for the person who reviews the job.
    pub reason: String,
    /// The events that say so; stored only if it is this that halts the job.
    pub events: Vec<Event>,
}

/// How a stage run ends.
#[derive(Debug, Clone)]
pub struct StageEnd {
    /// Any but [`StageRunStatus::Running`].
    pub status: StageRunStatus,
    /// What it came to.
    pub verdict: Option<Verdict>,
    /// The metadata with every patch.
    pub metadata: Option<Map<String, Value>>,
    /// What the pipeline should know.
    pub warnings: Vec<String>,
    /// The record of the last hook, not added before.
    pub last_record: Option<ExecutionRecord>,
    /// Present when the job is halted; one that runs no more stays as it is.
    pub halt: Option<Halt>,
    /// The events to store in any case.
    pub events: Vec<Event>,
    /// Those to store where a hook answers them.
    pub meta: Vec<Event>,
    /// When it ends.
    pub finished_at: DateTime<Utc>,
}

/// What is kept of a stage run that ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finished {
    /// The log of its last record.
    pub log: Option<LogId>,
    /// Of [`StageEnd::meta`], the events that no hook answers, of which none is kept.
    pub unanswered: Vec<EventId>,
}

/// The end, with the arguments from `$28` on: the run, its owner, and what is
/// set.
macro_rules! end_run {
    () => {
        "UPDATE stage_runs SET status = $30, verdict = $31, metadata = $32, warnings = $33,
                               finished_at = $34
         WHERE id = $28 AND owner = $29 AND status = 'running' "
    };
}

/// The record of one hook, if this server still runs the stage.
macro_rules! insert_of_run {
    () => {
        concat!(
            insert_into!(),
            "SELECT ",
            parameters!(),
            " FROM stage_runs WHERE id = $28 AND owner = $29 AND status = 'running' RETURNING id"
        )
    };
}

/// Ends the run and adds the last record, in one round trip: most of what a
/// stage run costs the store.
const END_WITH_RECORD: Sql = Sql::Differs {
    sqlite: concat!(insert_of_run!(), "; ", end_run!()),
    postgres: concat!(
        "WITH ended AS (",
        end_run!(),
        "RETURNING id) ",
        insert_into!(),
        "SELECT ",
        parameters!(),
        " FROM ended RETURNING id"
    ),
};

async fn finish(
    connection: &mut Connection,
    id: StageRunId,
    owner: NodeId,
    end: &StageEnd,
) -> Result<Finished> {
    let log = if let Some(record) = &end.last_record {
        Some(end_with_record(connection, id, owner, end, record).await?)
    } else {
        end_alone(connection, id, owner, end).await?;
        None
    };
    if let Some(halt) = &end.halt
        && jobs::halt(connection, id, &halt.reason).await?
    {
        events::insert(connection, &halt.events.iter().collect::<Vec<_>>()).await?;
    }
    events::insert(connection, &end.events.iter().collect::<Vec<_>>()).await?;
    let meta: Vec<&Event> = end.meta.iter().collect();
    let unanswered = events::insert_if_answered(connection, &meta).await?;
    Ok(Finished { log, unanswered })
}

async fn end_with_record(
    connection: &mut Connection,
    id: StageRunId,
    owner: NodeId,
    end: &StageEnd,
    record: &ExecutionRecord,
) -> Result<LogId> {
    let mut arguments = logs::args_of(record)?;
    arguments.extend([
        id.get().into(),
        owner.get().into(),
        end.status.as_str().into(),
        end.verdict.map(Verdict::as_str).into(),
        end.metadata
            .as_ref()
            .map(document::write)
            .transpose()?
            .into(),
        document::write(&end.warnings)?.into(),
        end.finished_at.into(),
    ]);
    // All rows, because SQLite stops at the first one asked for, and has the
    // second statement still to run.
    let rows: Vec<(i64,)> = connection.all(END_WITH_RECORD, &arguments).await?;
    rows.first()
        .map(|(log,)| LogId::new(*log))
        .ok_or(StoreError::RunLost { id })
}

async fn end_alone(
    connection: &mut Connection,
    id: StageRunId,
    owner: NodeId,
    end: &StageEnd,
) -> Result<()> {
    let metadata = end.metadata.as_ref().map(document::write).transpose()?;
    let ended = connection
        .execute(
            "UPDATE stage_runs SET status = $3, verdict = $4, metadata = $5, warnings = $6,
                                   finished_at = $7
             WHERE id = $1 AND owner = $2 AND status = 'running'",
            args![
                id.get(),
                owner.get(),
                end.status.as_str(),
                end.verdict.map(Verdict::as_str),
                metadata,
                document::write(&end.warnings)?,
                end.finished_at
            ],
        )
        .await?;
    if ended == 1 {
        Ok(())
    } else {
        Err(StoreError::RunLost { id })
    }
}

impl Store {
    /// Commits the record of one hook of a stage run that goes on.
    ///
    /// # Errors
    /// [`StoreError::RunLost`] when this server runs it no more.
    pub async fn record_step(
        &self,
        run: StageRunId,
        owner: NodeId,
        record: &ExecutionRecord,
    ) -> Result<LogId> {
        let record = record.clone();
        self.write_one(move |connection| {
            Box::pin(async move {
                let mut arguments = logs::args_of(&record)?;
                arguments.extend([run.get().into(), owner.get().into()]);
                let row: Option<(i64,)> = connection.optional(insert_of_run!(), &arguments).await?;
                row.map(|(log,)| LogId::new(log))
                    .ok_or(StoreError::RunLost { id: run })
            })
        })
        .await
    }

    /// Ends a stage run: the last record, the verdict, the halt of the job and
    /// the events, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::RunLost`] when this server runs it no more.
    pub async fn finish_stage_run(
        &self,
        id: StageRunId,
        owner: NodeId,
        end: StageEnd,
    ) -> Result<Finished> {
        if end.halt.is_none() && end.events.is_empty() && end.meta.is_empty() {
            return self
                .write_one(move |connection| {
                    Box::pin(async move { finish(connection, id, owner, &end).await })
                })
                .await;
        }
        self.write(move |connection| {
            Box::pin(async move { finish(connection, id, owner, &end).await })
        })
        .await
    }
}
