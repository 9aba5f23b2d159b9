//! Closes the stage runs that a server left behind. REQ-RUN-6
//!
//! The first planned hook without a log is the one that was cut off: it gets a
//! log that says so, and its failure mode decides about the job.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::halt::{halt_of, hook_blocked};
use crate::meta::hook_executed;
use crate::record::{cut_off, reason};
use stagehook_core::answer::applied;
use stagehook_core::event::Event;
use stagehook_core::ids::StageRunId;
use stagehook_core::patch;
use stagehook_core::stage_run::{StageRun, StageRunStatus};
use stagehook_core::verdict::{Consequence, Verdict, consequence};
use stagehook_store::{StageEnd, StoreError};

/// Most runs that are closed in one go.
const BATCH: u32 = 100;

/// Why a hook is cut off by the end of its server.
pub(crate) const STOPPED: &str = "interrupted: the server stopped before this hook had ended";
/// Why a hook is cut off although its server goes on.
const BROKE: &str = "interrupted: what became of this hook could not be recorded";

/// Whose runs are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those of servers that show no sign of life, and those that this server
    /// left behind when it stopped.
    DeadAndOwn,
    /// Those of servers that show no sign of life.
    Dead,
}

impl Engine {
    /// Closes what was left behind; returns how many runs that were.
    pub async fn recover(&self, whose: Whose) -> Result<usize, EngineError> {
        let mut closed = 0;
        loop {
            let runs = self
                .store
                .abandoned_runs(
                    self.settings.node,
                    self.settings.clock.now(),
                    whose == Whose::DeadAndOwn,
                    BATCH,
                )
                .await?;
            if runs.is_empty() {
                return Ok(closed);
            }
            let mut adopted = 0;
            for run in runs {
                if self
                    .store
                    .adopt_stage_run(run.id, run.owner, self.settings.node)
                    .await?
                {
                    let id = run.id;
                    match self.close_interrupted(run, STOPPED).await {
                        Ok(()) => adopted += 1,
                        // It is ours now, and nobody else will look for it.
                        Err(error) => {
                            tracing::warn!(stage_run = %id, %error, "could not close a stage run that was cut off yet");
                            self.leave_to_recovery(id);
                        }
                    }
                }
            }
            closed += adopted;
            // Other servers are closing the rest, or it cannot be closed yet.
            if adopted == 0 {
                return Ok(closed);
            }
        }
    }

    /// Closes one run that this server owns and that nothing works on any more.
    async fn close_interrupted(&self, run: StageRun, why: &str) -> Result<(), EngineError> {
        let now = self.settings.clock.now();
        let logs = self.store.stage_run_logs(run.id).await?;
        let mut metadata = run.input.metadata.clone();
        let mut warnings = Vec::new();
        for log in &logs {
            if consequence(log.record.status, log.record.failure_mode) == Consequence::Warn {
                warnings.push(reason(&log.record));
            }
            if let Some(result) = applied(log.record.status, log.record.result.as_ref()) {
                patch::apply(&mut metadata, &result.metadata);
            }
        }
        let record = run
            .plan
            .get(logs.len())
            .map(|planned| cut_off(&run, logs.len(), planned, why, now));
        let mut verdict = None;
        let mut halt = None;
        let mut events = Vec::new();
        if let Some(record) = &record {
            match consequence(record.status, record.failure_mode) {
                Consequence::Halt => {
                    let job = self.store.get_job(run.job_id).await?;
                    verdict = Some(Verdict::Halt);
                    events.push(hook_blocked(&job, run.id, record, now));
                    halt = Some(halt_of(&job, run.id, record, now));
                }
                Consequence::Warn => warnings.push(reason(record)),
                Consequence::Continue => {}
            }
        }
        let records = logs.iter().map(|log| &log.record).chain(&record);
        let meta = records.filter_map(|record| hook_executed(record, None, now));
        let meta: Vec<Event> = meta.collect();
        let end = StageEnd {
            meta: meta.clone(),
            status: StageRunStatus::Interrupted,
            verdict,
            metadata: Some(metadata),
            warnings,
            last_record: record,
            halt,
            events,
            finished_at: now,
        };
        match self
            .store
            .finish_stage_run(run.id, self.settings.node, end)
            .await
        {
            Ok(finished) => {
                self.progress().tell_unkept(meta, &finished.unanswered);
                Ok(())
            }
            // Somebody else closed it first: it is closed.
            Err(StoreError::RunLost { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Closes a run whose task broke, or whose end could not be recorded.
    pub(crate) async fn close_broken(&self, id: StageRunId) {
        let closed = match self.store.get_stage_run(id).await {
            Ok(run) if run.status == StageRunStatus::Running => {
                self.close_interrupted(run, BROKE).await
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = closed {
            tracing::warn!(stage_run = %id, %error, "could not close a broken stage run yet");
            self.leave_to_recovery(id);
        }
    }
}
