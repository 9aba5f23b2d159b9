//! Runs one hook with a sample input. REQ-API-2
//!
//! The execution is logged as a test; no job, no metadata and no stage run is
//! touched, and the hook is told that it is a dry run.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::input::{hook_config, hook_ref, job_ref, millis, scene_context};
use crate::record::{Belongs, record};
use serde::Deserialize;
use serde_json::{Map, Value};
use stagehook_core::contract::{HookInput, SCHEMA, TriggerRef};
use stagehook_core::event_pattern::is_event_name;
use stagehook_core::ids::{EventId, ExecutionId, HookId, JobId};
use stagehook_core::invalid::Invalid;
use stagehook_core::log::ExecutionLog;
use stagehook_core::trigger::Trigger;
use stagehook_store::StoreError;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

/// A sample input; every part is optional.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SampleInput {
    /// Path of the file at hand.
    pub segment_path: Option<String>,
    /// What is known so far.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// The scene.
    #[schema(value_type = Object)]
    pub scene_context: Map<String, Value>,
    /// A job that the hook is told it runs for.
    pub job_id: Option<JobId>,
    /// For an event hook: the event's name; the hook's own pattern when it has
    /// no `*`, otherwise `test`.
    pub event: Option<String>,
    /// For an event hook: the event's data.
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
}

impl Engine {
    /// Runs one hook with a sample input, and logs it as a test. It ends when
    /// its own timeout passes or when the server stops.
    pub async fn test_hook(
        self: &Arc<Self>,
        id: HookId,
        sample: SampleInput,
    ) -> Result<ExecutionLog, EngineError> {
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
            execution_id: ExecutionId::generate(),
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
        let engine = Arc::clone(self);
        let cancel = self.stopping.child_token();
        // In a task of its own: whoever asked may go away, the log is kept all
        // the same.
        let test = self.tasks.spawn(async move {
            let log = engine
                .run_test(hook, job.map(|job| job.id), input, &cancel)
                .await;
            drop(turn);
            log
        });
        test.await.map_err(|panic| {
            tracing::error!(hook = %id, %panic, "a test broke");
            EngineError::Broken
        })?
    }

    async fn run_test(
        &self,
        hook: stagehook_core::hook::Hook,
        job: Option<JobId>,
        input: HookInput,
        cancel: &CancellationToken,
    ) -> Result<ExecutionLog, EngineError> {
        let executed_at = self.settings.clock.now();
        let input_json = serde_json::to_string(&input).unwrap_or_default();
        let timeout = self.timeout_of(&hook.spec.config);
        let execution = self
            .execute(&hook, &input, &input_json, timeout, cancel)
            .await;
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
        let id = self.store.append_log(&record).await?;
        Ok(ExecutionLog { id, record })
    }
}
