//! The engine itself: what its parts share, its start and its end.

use crate::deliveries::Claims;
use crate::effective::EffectiveSets;
use crate::error::EngineError;
use crate::events::EventTypes;
use crate::meta::MetaAnswered;
use crate::metrics::{Metrics, Now};
use crate::overview::{InTurn, Overview};
use crate::plugins::PinnedPlugins;
use crate::progress::Progress;
use crate::recovery::Whose;
use crate::running::Running;
use crate::scripts::Contents;
use crate::secrets::Loaded;
use crate::settings::EngineSettings;
use stagehook_core::config::HookConfig;
use stagehook_core::contract::HookInput;
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_core::hook::Hook;
use stagehook_core::ids::{ExecutionId, StageRunId};
use stagehook_runners::process::{ConfinementLevel, MemoryLimit};
use stagehook_runners::{Invocation, Runners, Secrets};
use stagehook_store::Store;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Runs hooks for whoever asks, and keeps what came of it.
#[derive(Debug)]
pub struct Engine {
    pub(crate) store: Store,
    pub(crate) runners: Runners,
    pub(crate) settings: EngineSettings,
    pub(crate) effective: EffectiveSets,
    pub(crate) pinned: PinnedPlugins,
    pub(crate) script_contents: Contents,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) loaded_secrets: Loaded,
    pub(crate) running: Arc<Running<StageRunId>>,
    pub(crate) tests: Arc<Running<ExecutionId>>,
    pub(crate) metrics: Metrics,
    pub(crate) overviews: InTurn<u32, Overview>,
    /// A Python hook could not be started: perhaps its environment is missing.
    pub(crate) environment_missed: AtomicBool,
    pub(crate) event_types: EventTypes,
    pub(crate) meta_answered: MetaAnswered,
    progress: Progress,
    pub(crate) tasks: TaskTracker,
    /// Deliveries that are being attempted, or wait for their turn.
    pub(crate) attempts: TaskTracker,
    pub(crate) claims: Claims,
    /// Turns of the event hooks that run on this machine.
    pub(crate) local_work: Semaphore,
    /// No new work is taken any more.
    pub(crate) stopping: CancellationToken,
    /// What runs is ended.
    pub(crate) ending: CancellationToken,
    /// The lease is given up.
    pub(crate) lease_ends: CancellationToken,
    /// Runs whose end could not be recorded.
    left_behind: Mutex<Vec<StageRunId>>,
    at_work: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

/// The right to run hooks now; given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _at_work: OwnedSemaphorePermit,
    _admitted: OwnedSemaphorePermit,
}

impl Engine {
    /// Starts an engine: takes its lease, closes what it left behind when it
    /// stopped the last time, and looks after its lease from then on.
    pub async fn start(
        store: Store,
        runners: Runners,
        secrets: Arc<Secrets>,
        progress: Progress,
        settings: EngineSettings,
    ) -> Result<Arc<Self>, EngineError> {
        let engine = Arc::new(Self {
            store,
            runners,
            effective: EffectiveSets::default(),
            pinned: PinnedPlugins::default(),
            script_contents: Contents::default(),
            secrets,
            loaded_secrets: Loaded::default(),
            running: Arc::new(Running::default()),
            tests: Arc::new(Running::default()),
            metrics: Metrics::default(),
            overviews: InTurn::new(),
            environment_missed: AtomicBool::default(),
            event_types: EventTypes::default(),
            meta_answered: MetaAnswered::default(),
            progress,
            tasks: TaskTracker::new(),
            attempts: TaskTracker::new(),
            claims: Claims::default(),
            local_work: Semaphore::new(settings.concurrent_events),
            stopping: CancellationToken::new(),
            ending: CancellationToken::new(),
            lease_ends: CancellationToken::new(),
            left_behind: Mutex::default(),
            at_work: Arc::new(Semaphore::new(settings.concurrent_runs)),
            admitted: Arc::new(Semaphore::new(
                settings.concurrent_runs + settings.waiting_runs,
            )),
            settings,
        });
        engine.renew_lease().await?;
        let closed = engine.recover(Whose::DeadAndOwn).await?;
        if closed > 0 {
            tracing::warn!(closed, "closed stage runs that were cut off");
        }
        let now = engine.settings.clock.now();
        let node = engine.settings.node;
        let before = engine.store.own_claims(node).await?;
        let recovered = engine.store.recover_deliveries(node, before, now).await?;
        if recovered > 0 {
            tracing::warn!(recovered, "took up deliveries that were cut off");
        }
        engine.store.forget_tests(node, true, now).await?;
        engine.open_secrets().await?;
        engine.tasks.spawn(Arc::clone(&engine).keep_lease());
        engine.tasks.spawn(Arc::clone(&engine).keep_secrets_fresh());
        engine.tasks.spawn(Arc::clone(&engine).dispatch());
        // Before anybody can listen.
        let told = engine.store.last_event().await?;
        engine.tasks.spawn(Arc::clone(&engine).tell_events(told));
        engine.tasks.spawn(Arc::clone(&engine).keep_plugins_hot());
        engine.tasks.spawn(Arc::clone(&engine).delete_what_is_old());
        engine
            .tasks
            .spawn(Arc::clone(&engine).keep_environments_built());
        engine
            .tasks
            .spawn(Arc::clone(&engine).collect_environments());
        Ok(engine)
    }

    /// Stops: takes no new work, lets what runs finish for a while, then
    /// cancels it. Every run has its verdict or its cancellation on record
    /// when this returns.
    pub async fn shutdown(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.attempts.close();
        // Every run holds a permit; having all of them means that none is left.
        let all = u32::try_from(self.settings.concurrent_runs).unwrap_or(u32::MAX);
        let idle = || async {
            let _all = self.at_work.acquire_many(all).await;
            self.attempts.wait().await;
        };
        if tokio::time::timeout(self.settings.shutdown_grace, idle())
            .await
            .is_err()
        {
            self.ending.cancel();
            let _ = tokio::time::timeout(self.settings.shutdown_grace, idle()).await;
        }
        self.lease_ends.cancel();
        self.tasks.wait().await;
    }

    /// The store, for what needs no engine: projects, listings, reviews.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// How it is set up.
    pub fn settings(&self) -> &EngineSettings {
        &self.settings
    }

    /// Whether it has begun to stop.
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Whether what still runs is being ended because the server stops.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.is_cancelled()
    }

    /// Becomes cancelled when it begins to stop.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// How scripts are confined here.
    pub fn confinement(&self) -> ConfinementLevel {
        self.runners.process.confinement()
    }

    /// What holds scripts to their memory here.
    pub fn memory_limit(&self) -> MemoryLimit {
        self.runners.process.memory_limit()
    }

    /// What hooks do, as they do it.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// What this server counts, as `OpenMetrics` text. REQ-API-6
    pub fn metrics(&self) -> String {
        let EngineSettings {
            concurrent_runs,
            waiting_runs,
            ..
        } = self.settings;
        let taken = |all: usize, left: &Semaphore| all.saturating_sub(left.available_permits());
        let runs_at_work = taken(concurrent_runs, &self.at_work);
        let admitted = taken(concurrent_runs + waiting_runs, &self.admitted);
        self.metrics.text(Now {
            runs_at_work,
            runs_waiting: admitted.saturating_sub(runs_at_work),
            plugins: self.runners.wasm.counts(),
        })
    }

    /// Waits for the right to run hooks.
    pub(crate) async fn turn(&self) -> Result<Turn, EngineError> {
        if self.stopping.is_cancelled() {
            return Err(EngineError::ShuttingDown);
        }
        let admitted = Arc::clone(&self.admitted)
            .try_acquire_owned()
            .map_err(|_| EngineError::Overloaded)?;
        let at_work = tokio::select! {
            () = self.stopping.cancelled() => return Err(EngineError::ShuttingDown),
            permit = Arc::clone(&self.at_work).acquire_owned() => permit,
        };
        Ok(Turn {
            _at_work: at_work.map_err(|_| EngineError::ShuttingDown)?,
            _admitted: admitted,
        })
    }

    /// How long a hook may take on this server.
    pub(crate) fn timeout_of(&self, config: &HookConfig) -> Duration {
        match config {
            HookConfig::Wasm(config) => config
                .limits
                .within(&self.settings.limits)
                .map_or(self.settings.limits.maximum.timeout, |limits| {
                    limits.timeout
                }),
            config => config.timeout(),
        }
    }

    /// Runs one hook once.
    pub(crate) async fn execute(
        &self,
        hook: &Hook,
        input: &HookInput,
        input_json: &str,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Execution {
        let config = &hook.spec.config;
        let brought = match self.bring(config).await {
            Ok(brought) => brought,
            Err(execution) => return *execution,
        };
        let invocation = Invocation {
            input,
            input_json,
            timeout,
            cancel,
        };
        match self
            .runners
            .run(config, brought.as_brought(), invocation)
            .await
        {
            Ok(execution) => {
                if execution.status == ExecutionStatus::HostError
                    && matches!(config, HookConfig::Python(_))
                {
                    self.environment_missed.store(true, Ordering::Relaxed);
                }
                execution
            }
            Err(broken) => {
                tracing::error!(
                    hook = %hook.id,
                    error = &broken as &dyn std::error::Error,
                    "a hook could not be run"
                );
                Execution::not_run(ExecutionStatus::HostError, broken.to_string())
            }
        }
    }

    /// Notes a run whose end could not be recorded; it is closed later.
    pub(crate) fn leave_to_recovery(&self, id: StageRunId) {
        self.left_behind
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(id);
    }

    pub(crate) fn take_left_behind(&self) -> Vec<StageRunId> {
        std::mem::take(
            &mut *self
                .left_behind
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}
