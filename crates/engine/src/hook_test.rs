//! Runs one hook with a sample input. REQ-API-2
//!
//! The execution is logged as a test; no job, no metadata and no stage run is
//! touched, and the hook is told that it is a dry run.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::input::{hook_config, hook_ref, job_ref, millis, scene_context};
use crate::record::{Belongs, record};
use crate::stage::OnDisconnect;
use serde_json::Value;
use stagehook_core::contract::{HookInput, SCHEMA, TriggerRef};
use stagehook_core::event_pattern::is_event_name;
use stagehook_core::ids::{EventId, ExecutionId, HookId, JobId};
use stagehook_core::invalid::Invalid;
use stagehook_core::log::ExecutionLog;
use stagehook_core::test_case::SampleInput;
use stagehook_core::trigger::Trigger;
use stagehook_store::StoreError;
use std::convert::Infallible;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A test of a hook.
#[derive(Debug, Clone)]
pub struct HookTest {
    /// The hook.
    pub hook: HookId,
    /// What it is told.
    pub input: SampleInput,
    /// The execution's id, where whoever asks chose one.
    pub execution_id: Option<ExecutionId>,
    /// What becomes of it if nobody waits for its answer any more.
    pub on_disconnect: OnDisconnect,
}

impl Engine {
    /// Runs one hook with a sample input, and logs it as a test. It ends when
    /// its own timeout passes, when it is cancelled, or when the server stops.
    pub async fn test_hook(self: &Arc<Self>, test: HookTest) -> Result<ExecutionLog, EngineError> {
        let (id, sample) = (test.hook, test.input);
        if test.execution_id.is_some_and(|id| !id.may_be_chosen()) {
            return Err(Invalid::one(
                "/execution_id",
                "must not be a UUID of version 7, which are the server's own: choose a random one \
                 (version 4), or none",
            )
            .into());
        }
        let turn = self.turn().await?;
        let hook = self.store.get_hook(id).await?;
        let job = match sample.job_id {
            Some(id) => match self.store.get_job(id).await {
                Ok(job) => Some(job),
                Err(error @ StoreError::NotFound { .. }) => {
                    return Err(Invalid::one("/input/job_id", error.to_string()).into());
                }
                Err(error) => return Err(error.into()),
            },
            None => None,
        };
        let event_name = sample.event.clone();
        let trigger = match (&hook.spec.trigger, event_name) {
            (Trigger::Stage(_), Some(_)) => {
                return Err(Invalid::one(
                    "/input/event",
                    "must be absent: this hook is triggered by a stage",
                )
                .into());
            }
            (Trigger::Stage(point), None) => TriggerRef::Stage { hook_point: *point },
            (Trigger::Event(pattern), named) => {
                let event = named.unwrap_or_else(|| {
                    if is_event_name(pattern.as_str()) {
                        pattern.as_str().to_owned()
                    } else {
                        "test".to_owned()
                    }
                });
                if !is_event_name(&event) {
                    return Err(Invalid::one("/input/event", "is no event name").into());
                }
                TriggerRef::Event {
                    event,
                    event_id: EventId::generate(),
                }
            }
        };
        let data =
            matches!(trigger, TriggerRef::Event { .. }).then_some(Value::Object(sample.data));
        let source = hook.spec.scope.scope_type();
        let timeout = self.timeout_of(&hook.spec.config);
        let input = HookInput {
            schema: SCHEMA.to_owned(),
            execution_id: test.execution_id.unwrap_or_else(ExecutionId::generate),
            hook: hook_ref(&hook, source),
            job: job.as_ref().map(job_ref),
            trigger,
            segment_path: sample.segment_path,
            metadata: sample.metadata,
            scene_context: match &job {
                Some(job) => scene_context(&sample.scene_context, job),
                None => sample.scene_context,
            },
            hook_config: hook_config(&hook),
            data,
            attempt: 1,
            deadline_ms: millis(timeout),
            dry_run: true,
            previous_results: Vec::new(),
            inherited: None,
        };
        let (caller, gone) = test.on_disconnect.thread();
        let engine = Arc::clone(self);
        // In a task of its own: whoever asked may go away, the log is kept all
        // the same.
        let test = self.tasks.spawn(async move {
            let log = engine
                .run_test(hook, job.map(|job| job.id), input, gone)
                .await;
            drop(turn);
            log
        });
        let log = test.await;
        drop(caller);
        match log {
            Ok(log) => log,
            Err(panic) => {
                tracing::error!(hook = %id, %panic, "a test broke");
                Err(EngineError::Broken)
            }
        }
    }

    /// Ends a test, wherever it runs: there at once, or as soon as that server
    /// looks.
    pub async fn cancel_test(&self, id: ExecutionId) -> Result<(), EngineError> {
        if self.tests.cancel(id) || self.store.request_test_cancel(id).await? {
            Ok(())
        } else {
            Err(EngineError::NoSuchTest(id))
        }
    }

    /// Frees the ids of tests that this server began and is not at any more:
    /// what became of them could not be recorded.
    pub(crate) async fn abandon_tests(&self) -> Result<(), EngineError> {
        let node = self.settings.node;
        // In this order: a test whose id is taken was entered before, so one that
        // is not at work then has ended.
        let begun = self.store.own_tests(node).await?;
        for id in begun.into_iter().filter(|id| !self.tests.has(*id)) {
            if self.store.abandon_test(id, node).await? {
                tracing::warn!(execution = %id, "a test left no record");
            }
        }
        Ok(())
    }

    async fn run_test(
        &self,
        hook: stagehook_core::hook::Hook,
        job: Option<JobId>,
        input: HookInput,
        gone: CancellationToken,
    ) -> Result<ExecutionLog, EngineError> {
        let id = input.execution_id;
        let cancel = self.stopping.child_token();
        // Before its id is taken: whose is not at work has ended.
        let Some(_place) = self.tests.enter_once(id, cancel.clone()) else {
            return Err(StoreError::ExecutionIdUsed { id }.into());
        };
        self.store.begin_test(id, self.settings.node).await?;
        let executed_at = self.settings.clock.now();
        let input_json = serde_json::to_string(&input).unwrap_or_default();
        let timeout = self.timeout_of(&hook.spec.config);
        let cancelled_once_gone = async {
            gone.cancelled().await;
            cancel.cancel();
            std::future::pending::<Infallible>().await
        };
        let execution = tokio::select! {
            biased;
            execution = self.execute(&hook, &input, &input_json, timeout, &cancel) => execution,
            never = cancelled_once_gone => match never {},
        };
        self.metrics.executed(&hook.spec.config, &execution);
        let record = record(
            &hook,
            hook.spec.scope.scope_type(),
            Belongs::Test(job),
            &input,
            input_json,
            execution,
            executed_at,
        );
        let id = self.store.end_test(&record).await?;
        Ok(ExecutionLog { id, record })
    }
}
