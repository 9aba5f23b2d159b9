//! The run itself: hook after hook, each on record before the next begins.

use super::plan::Step;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::halt::{halt_of, hook_blocked};
use crate::input::{Previous, StageStep};
use crate::meta::{hook_executed, stage_run_completed};
use crate::record::{Belongs, reason, record};
use crate::recovery::STOPPED;
use serde_json::{Map, Value};
use stagehook_core::answer::{ExecutionAnswer, StageAnswer, applied};
use stagehook_core::contract::PreviousResult;
use stagehook_core::event::Event;
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_core::ids::{ExecutionId, LogId};
use stagehook_core::job::Job;
use stagehook_core::log::{ExecutionLog, ExecutionRecord};
use stagehook_core::patch;
use stagehook_core::stage_run::StageRunStatus;
use stagehook_core::verdict::{Consequence, Verdict, consequence};
use stagehook_store::{Finished, NewStageRun, StageEnd, StoreError};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long a record is offered to a database that does not answer.
const RECORD_PATIENCE: Duration = Duration::from_secs(90);

/// A stage run at work.
pub(super) struct StageExecution {
    engine: Arc<Engine>,
    job: Job,
    run: NewStageRun,
    steps: Vec<Step>,
    cancel: CancellationToken,
    metadata: Map<String, Value>,
    warnings: Vec<String>,
    previous: Previous,
    executions: Vec<ExecutionAnswer>,
    /// The events that say which hooks ran, where they are told to anybody.
    meta: Option<Vec<Event>>,
    /// Whether hooks may answer those.
    is_answered: bool,
}

/// How a run ended.
struct End {
    status: StageRunStatus,
    verdict: Option<Verdict>,
    /// Whether the job is halted.
    halts: bool,
}

impl End {
    const PROCEED: Self = Self {
        status: StageRunStatus::Completed,
        verdict: Some(Verdict::Proceed),
        halts: false,
    };
    const CANCELLED: Self = Self {
        status: StageRunStatus::Cancelled,
        verdict: None,
        halts: false,
    };

    /// What a hook that was run to its end (`Completed`), or cut off by the
    /// server's stop (`Interrupted`), does by halting the job.
    const fn halt(status: StageRunStatus) -> Self {
        Self {
            status,
            verdict: Some(Verdict::Halt),
            halts: true,
        }
    }

    const INTERRUPTED: Self = Self {
        status: StageRunStatus::Interrupted,
        verdict: None,
        halts: false,
    };
}

impl StageExecution {
    pub(super) fn new(
        engine: Arc<Engine>,
        job: Job,
        run: NewStageRun,
        steps: Vec<Step>,
        is_answered: bool,
        cancel: CancellationToken,
    ) -> Self {
        let metadata = run.input.metadata.clone();
        let is_told = is_answered || engine.progress().has_listeners();
        Self {
            engine,
            job,
            run,
            executions: Vec::with_capacity(steps.len()),
            steps,
            cancel,
            metadata,
            warnings: Vec::new(),
            previous: Previous::default(),
            meta: is_told.then(Vec::new),
            is_answered,
        }
    }

    /// Runs the hooks to the verdict.
    pub(super) async fn run(mut self) -> Result<StageAnswer, EngineError> {
        let began = Instant::now();
        let steps = std::mem::take(&mut self.steps);
        for (position, step) in steps.iter().enumerate() {
            if self.cancel.is_cancelled() {
                let end = if self.engine.is_ending() {
                    End::INTERRUPTED
                } else {
                    End::CANCELLED
                };
                return self.finish(None, end).await;
            }
            let left = self
                .engine
                .settings
                .stage_deadline
                .saturating_sub(began.elapsed());
            let record = self.step(position, step, left).await;
            let end = self.judge(step, &record);
            match end {
                Some(end) => return self.finish(Some(record), end).await,
                None if position + 1 == steps.len() => {
                    return self.finish(Some(record), End::PROCEED).await;
                }
                None => {
                    let id = self
                        .keep(
                            || async {
                                self.engine
                                    .store
                                    .record_step(self.run.id, self.run.owner, &record)
                                    .await
                            },
                            || self.logged(record.execution_id),
                        )
                        .await?;
                    self.executions.push(answered(id, record));
                }
            }
        }
        // Nothing applies here.
        self.finish(None, End::PROCEED).await
    }

    /// Runs one hook.
    async fn step(&self, position: usize, step: &Step, left: Duration) -> ExecutionRecord {
        let hook = &step.hook;
        let executed_at = self.engine.settings.clock.now();
        let timeout = self.engine.timeout_of(&hook.spec.config).min(left);
        let input = StageStep {
            hook,
            hook_ref: crate::input::hook_ref(hook, step.source),
            job: &self.job,
            point: self.run.hook_point,
            stage: &self.run.input,
            metadata: &self.metadata,
            timeout,
            previous: &self.previous,
            extends_previous: step.extends_previous,
        }
        .input();
        let input_json = serde_json::to_string(&input).unwrap_or_default();
        let mut execution = if left.is_zero() {
            Execution::not_run(
                ExecutionStatus::TimedOut,
                "the deadline of the whole stage run passed before this hook began",
            )
        } else {
            self.engine
                .execute(hook, &input, &input_json, timeout, &self.cancel)
                .await
        };
        // Nobody asked for it: the server stops and the hook's time is up.
        if execution.status == ExecutionStatus::Cancelled && self.engine.is_ending() {
            execution.status = ExecutionStatus::Interrupted;
            execution.error = Some(STOPPED.to_owned());
        }
        self.engine.metrics.executed(&hook.spec.config, &execution);
        record(
            hook,
            step.source,
            Belongs::Stage(
                self.run.id,
                self.job.id,
                i64::try_from(position).unwrap_or(i64::MAX),
            ),
            &input,
            input_json,
            execution,
            executed_at,
        )
    }

    /// What an execution does to the run: its patch, its warning, its end.
    fn judge(&mut self, step: &Step, record: &ExecutionRecord) -> Option<End> {
        if let Some(meta) = &mut self.meta {
            meta.extend(hook_executed(
                record,
                None,
                self.engine.settings.clock.now(),
            ));
        }
        if let Some(result) = applied(record.status, record.result.as_ref()) {
            patch::apply(&mut self.metadata, &result.metadata);
        }
        self.previous.push(PreviousResult {
            hook: crate::input::hook_ref(&step.hook, step.source),
            status: record.status,
            result: record.result.clone(),
        });
        if record.status == ExecutionStatus::Cancelled && self.cancel.is_cancelled() {
            return Some(End::CANCELLED);
        }
        let interrupted = record.status == ExecutionStatus::Interrupted;
        match consequence(record.status, record.failure_mode) {
            Consequence::Halt if interrupted => Some(End::halt(StageRunStatus::Interrupted)),
            Consequence::Halt => Some(End::halt(StageRunStatus::Completed)),
            Consequence::Warn => {
                self.warnings.push(reason(record));
                interrupted.then_some(End::INTERRUPTED)
            }
            Consequence::Continue => interrupted.then_some(End::INTERRUPTED),
        }
    }

    /// Commits the last log, the verdict and what follows from it, at once.
    async fn finish(
        mut self,
        last: Option<ExecutionRecord>,
        end: End,
    ) -> Result<StageAnswer, EngineError> {
        let finished_at = self.engine.settings.clock.now();
        let blocking = last.as_ref().filter(|_| end.halts);
        let (job, run) = (&self.job, self.run.id);
        let halt = blocking.map(|record| halt_of(job, run, record, finished_at));
        let events = blocking
            .map(|record| hook_blocked(job, run, record, finished_at))
            .into_iter()
            .collect();
        let mut meta = self.meta.take();
        if let Some(meta) = &mut meta {
            let point = self.run.hook_point;
            let (status, verdict) = (end.status, end.verdict);
            let completed = stage_run_completed(run, job, point, status, verdict, finished_at);
            meta.push(completed);
        }
        let meta = meta.unwrap_or_default();
        let stage_end = StageEnd {
            meta: if self.is_answered {
                meta.clone()
            } else {
                Vec::new()
            },
            status: end.status,
            verdict: end.verdict,
            metadata: Some(self.metadata.clone()),
            warnings: self.warnings.clone(),
            last_record: last,
            halt,
            events,
            finished_at,
        };
        let finished = self
            .keep(
                || async {
                    self.engine
                        .store
                        .finish_stage_run(self.run.id, self.run.owner, stage_end.clone())
                        .await
                },
                || self.ended(&stage_end),
            )
            .await?;
        let unanswered = if self.is_answered {
            finished.unanswered
        } else {
            meta.iter().map(|event| event.id).collect()
        };
        self.engine.progress().tell_unkept(meta, &unanswered);
        if let (Some(id), Some(record)) = (finished.log, stage_end.last_record) {
            self.executions.push(answered(id, record));
        }
        self.engine
            .metrics
            .stage_run_ended(self.run.hook_point, end.status, end.verdict);
        let not_run = self
            .run
            .plan
            .iter()
            .skip(self.executions.len())
            .map(|planned| planned.hook.clone())
            .collect();
        Ok(StageAnswer {
            id: self.run.id,
            job_id: self.job.id,
            hook_point: self.run.hook_point,
            status: end.status,
            verdict: end.verdict,
            metadata: self.metadata,
            warnings: self.warnings,
            executions: self.executions,
            not_run,
            started_at: self.run.started_at,
            finished_at: Some(finished_at),
        })
    }

    /// The log of an execution of this run, if it is kept.
    async fn logged(&self, execution: ExecutionId) -> Result<Option<LogId>, StoreError> {
        let logs = self.engine.store.stage_run_logs(self.run.id).await?;
        Ok(logs
            .into_iter()
            .find(|log| log.record.execution_id == execution)
            .map(|log| log.id))
    }

    /// What is kept of this run, if it ended as it was to end; which events were
    /// stored is not looked for.
    async fn ended(&self, end: &StageEnd) -> Result<Option<Finished>, StoreError> {
        let run = self.engine.store.get_stage_run(self.run.id).await?;
        if run.status != end.status {
            return Ok(None);
        }
        let finished = |log| Finished {
            log,
            unanswered: Vec::new(),
        };
        match &end.last_record {
            Some(record) => Ok(self
                .logged(record.execution_id)
                .await?
                .map(|log| finished(Some(log)))),
            None => Ok(Some(finished(None))),
        }
    }

    /// Offers something to the store until it is kept: what a hook did must not
    /// be lost because the database was away for a moment. When patience ends,
    /// the run is left to recovery, which closes it as interrupted.
    ///
    /// A write may have been committed although its answer was lost, so that
    /// writing again fails: `kept` finds what is there.
    async fn keep<T, F, K>(
        &self,
        write: impl Fn() -> F,
        kept: impl Fn() -> K,
    ) -> Result<T, EngineError>
    where
        F: Future<Output = Result<T, StoreError>>,
        K: Future<Output = Result<Option<T>, StoreError>>,
    {
        let began = Instant::now();
        let mut pause = Duration::from_millis(50);
        loop {
            let written = write().await;
            if written.is_err()
                && let Ok(Some(value)) = kept().await
            {
                return Ok(value);
            }
            match written {
                Err(error)
                    if matches!(error, StoreError::Unavailable(_))
                        && began.elapsed() < RECORD_PATIENCE =>
                {
                    tracing::warn!(stage_run = %self.run.id, %error, "the database does not take a record, trying again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
                Err(error) => {
                    self.engine.leave_to_recovery(self.run.id);
                    return Err(error.into());
                }
                Ok(value) => return Ok(value),
            }
        }
    }
}

fn answered(id: LogId, record: ExecutionRecord) -> ExecutionAnswer {
    ExecutionAnswer::from(ExecutionLog { id, record })
}
