//! Runs the hooks of a stage, one after the other, and comes to a verdict.

mod disconnect;
mod execute;
mod plan;

pub use disconnect::OnDisconnect;

use crate::engine::{Engine, Turn};
use crate::error::EngineError;
use crate::input::scene_context;
use execute::StageExecution;
use futures_util::FutureExt as _;
use stagehook_core::answer::StageAnswer;
use stagehook_core::contract::StageInput;
use stagehook_core::digest::Digest;
use stagehook_core::ids::{JobId, StageRunId};
use stagehook_core::job::JobStatus;
use stagehook_core::page::{Page, PageRequest};
use stagehook_core::stage_run::StageRunStatus;
use stagehook_core::trigger::HookPoint;
use stagehook_store::{NewStageRun, StageRunFilter, StartOutcome};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;

/// How often a run that another server owns is looked at while a repeated call
/// waits for it.
const REPLAY_POLL: Duration = Duration::from_millis(250);

/// What the pipeline asks.
#[derive(Debug, Clone)]
pub struct StageRequest {
    /// The job.
    pub job_id: JobId,
    /// Where in the pipeline.
    pub hook_point: HookPoint,
    /// What it hands in.
    pub input: StageInput,
    /// Makes a repeated call return the first answer. REQ-RUN-8
    pub idempotency_key: Option<String>,
    /// Who asks.
    pub actor: String,
    /// What becomes of the run if nobody waits for its answer any more.
    pub on_disconnect: OnDisconnect,
}

/// A stage run that was accepted.
#[derive(Debug)]
pub struct StageTicket {
    /// The run.
    pub id: StageRunId,
    answer: Pending,
    /// Where the run ends with its caller: dropped before the answer is there,
    /// it cancels the run. Of a call that was repeated the first one decides.
    caller: Option<DropGuard>,
}

#[derive(Debug)]
enum Pending {
    /// Its hooks run in a task of their own.
    Here(JoinHandle<Result<StageAnswer, EngineError>>),
    /// It is the answer to an earlier call with the same key.
    Earlier,
}

impl Engine {
    /// Accepts a stage run: its plan is committed and its hooks begin to run.
    ///
    /// They go on when the caller goes away, unless it asked for something else;
    /// [`StageTicket::answer`] waits for them.
    pub async fn start_stage(
        self: &Arc<Self>,
        request: StageRequest,
    ) -> Result<StageTicket, EngineError> {
        let turn = self.turn().await?;
        let engine = Arc::clone(self);
        // In a task of its own: a caller that goes away while the plan is being
        // committed must not leave a run behind that nobody works on.
        let accepted = self.tasks.spawn(engine.accept(request, turn));
        accepted.await.unwrap_or_else(|panic| {
            tracing::error!(%panic, "a stage run could not be begun");
            Err(EngineError::Broken)
        })
    }

    async fn accept(
        self: Arc<Self>,
        request: StageRequest,
        turn: Turn,
    ) -> Result<StageTicket, EngineError> {
        let subject = self
            .store
            .stage_subject(request.job_id)
            .await?
            .ok_or(EngineError::NoSuchJob(request.job_id))?;
        if subject.project_deleted {
            return Err(EngineError::ProjectDeleted(request.job_id));
        }
        // A call that is repeated is answered also when its job has halted since.
        let request_digest = digest(request.hook_point, &request.input);
        if subject.job.status != JobStatus::Running {
            return self
                .repeated(&request, request_digest, subject.job.status)
                .await;
        }
        let set = self
            .effective
            .of_stage(
                &self.store,
                subject.job.lineage(),
                request.hook_point,
                subject.hook_generation,
            )
            .await?;
        let is_answered = self
            .meta_answered
            .is_answered(&self.store, subject.hook_generation)
            .await?;
        let (steps, plan) = plan::of(&set);
        let mut input = request.input;
        input.scene_context = scene_context(&input.scene_context, &subject.job);
        let run = NewStageRun {
            id: StageRunId::generate(),
            job_id: request.job_id,
            hook_point: request.hook_point,
            plan,
            input,
            idempotency_key: request.idempotency_key,
            request_digest,
            actor: request.actor,
            owner: self.settings.node,
            started_at: self.settings.clock.now(),
        };
        match self.store.start_stage_run(run.clone()).await? {
            StartOutcome::Started => {}
            StartOutcome::Replayed { id } => return Ok(StageTicket::earlier(id)),
            StartOutcome::KeyReused => return Err(EngineError::KeyReused),
        }
        let id = run.id;
        let cancel = self.ending.child_token();
        let place = self.running.enter(id, cancel.clone());
        let (caller, gone) = request.on_disconnect.thread();
        let actor = run.actor.clone();
        let engine = Arc::clone(&self);
        let execution = StageExecution::new(engine, subject.job, run, steps, is_answered, cancel);
        let engine = Arc::clone(&self);
        let handle = self.tasks.spawn(async move {
            let run = async {
                tokio::select! {
                    biased;
                    answer = Box::pin(execution.run()) => answer,
                    never = engine.cancel_once(gone, id, &actor) => match never {},
                }
            };
            // Nobody may be waiting any more: what breaks is closed here.
            let answer = AssertUnwindSafe(run).catch_unwind().await;
            let answer = if let Ok(answer) = answer {
                answer
            } else {
                tracing::error!(stage_run = %id, "a stage run broke");
                engine.close_broken(id).await;
                Err(EngineError::Broken)
            };
            drop(place);
            drop(turn);
            answer
        });
        Ok(StageTicket {
            id,
            answer: Pending::Here(handle),
            caller,
        })
    }

    /// The first answer to a repeated call whose job does not run any more.
    async fn repeated(
        &self,
        request: &StageRequest,
        request_digest: Digest,
        status: JobStatus,
    ) -> Result<StageTicket, EngineError> {
        let earlier = match &request.idempotency_key {
            Some(key) => {
                self.store
                    .find_stage_run(request.job_id, request.hook_point, key, &request_digest)
                    .await?
            }
            None => None,
        };
        match earlier {
            Some(StartOutcome::Replayed { id }) => Ok(StageTicket::earlier(id)),
            Some(StartOutcome::KeyReused) => Err(EngineError::KeyReused),
            Some(StartOutcome::Started) | None => Err(EngineError::JobNotRunning {
                job: request.job_id,
                status,
            }),
        }
    }

    /// A stage run as it stands.
    pub async fn stage_answer(&self, id: StageRunId) -> Result<StageAnswer, EngineError> {
        let run = self.store.get_stage_run(id).await?;
        let logs = self.store.stage_run_logs(id).await?;
        Ok(StageAnswer::from_kept(run, logs))
    }

    /// The stage runs of a job, newest first.
    pub async fn stage_answers_of(
        &self,
        job: JobId,
        page: PageRequest,
    ) -> Result<Page<StageAnswer>, EngineError> {
        self.store.get_job(job).await?;
        let filter = StageRunFilter { job_id: Some(job) };
        let runs = self.store.list_stage_runs(&filter, page).await?;
        let mut items = Vec::with_capacity(runs.items.len());
        for run in runs.items {
            let logs = self.store.stage_run_logs(run.id).await?;
            items.push(StageAnswer::from_kept(run, logs));
        }
        Ok(Page {
            items,
            next_cursor: runs.next_cursor,
        })
    }

    /// Asks a stage run to end: the hook at work is ended at once, wherever it
    /// runs, and no further one begins. REQ-RUN-9
    pub async fn cancel_stage(&self, id: StageRunId, actor: &str) -> Result<(), EngineError> {
        if self.store.request_cancel(actor, id).await? != StageRunStatus::Running {
            return Err(EngineError::AlreadyEnded(id));
        }
        // Where another server owns it, that one finds the request itself.
        self.running.cancel(id);
        Ok(())
    }

    async fn ended_answer(&self, id: StageRunId) -> Result<StageAnswer, EngineError> {
        loop {
            let here = self.running.wait(id).await;
            let answer = self.stage_answer(id).await?;
            if answer.status != StageRunStatus::Running {
                return Ok(answer);
            }
            if here {
                return Err(EngineError::Closed(id));
            }
            if self.stopping.is_cancelled() {
                return Err(EngineError::ShuttingDown);
            }
            tokio::time::sleep(REPLAY_POLL).await;
        }
    }
}

impl StageTicket {
    fn earlier(id: StageRunId) -> Self {
        Self {
            id,
            answer: Pending::Earlier,
            caller: None,
        }
    }

    /// Waits for the run's answer. When this is given up, the run goes on, or
    /// is cancelled, as its caller asked.
    pub async fn answer(self, engine: &Engine) -> Result<StageAnswer, EngineError> {
        let Self { id, answer, caller } = self;
        let answer = match answer {
            Pending::Here(handle) => handle.await.unwrap_or(Err(EngineError::Closed(id))),
            Pending::Earlier => engine.ended_answer(id).await,
        };
        drop(caller);
        answer
    }
}

/// What makes two requests with one idempotency key the same.
fn digest(point: HookPoint, input: &StageInput) -> Digest {
    let json = serde_json::to_vec(&(point, input)).unwrap_or_default();
    Digest::of(&json)
}
