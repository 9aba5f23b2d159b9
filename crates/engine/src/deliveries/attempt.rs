//! One attempt at one delivery.

use crate::engine::Engine;
use crate::input::{hook_config, hook_ref, job_ref, millis, scene_context};
use crate::meta::hook_executed;
use crate::record::{Belongs, record};
use serde_json::{Map, Value};
use stagehook_core::contract::{HookInput, SCHEMA, TriggerRef};
use stagehook_core::delivery::{Outcome, is_counted, outcome};
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_core::hook::Hook;
use stagehook_core::ids::ExecutionId;
use stagehook_core::job::Job;
use stagehook_store::{AfterAttempt, Attempt, ClaimedDelivery};

/// What an attempt came to.
#[derive(Debug)]
pub(super) struct Attempted {
    pub(super) attempt: Attempt,
    /// The receiver will not come back.
    pub(super) is_gone: bool,
}

impl Engine {
    /// Attempts a delivery once.
    pub(super) async fn attempt(&self, hook: &Hook, claimed: ClaimedDelivery) -> Attempted {
        let ClaimedDelivery {
            delivery,
            event,
            claim,
        } = claimed;
        let job = match event.job_id {
            Some(id) => self.store.get_job(id).await.map(Some),
            None => Ok(None),
        };
        let executed_at = self.settings.clock.now();
        let timeout = self.timeout_of(&hook.spec.config);
        let number = delivery.attempts + 1;
        let input = HookInput {
            schema: SCHEMA.to_owned(),
            execution_id: ExecutionId::generate(),
            hook: hook_ref(hook, delivery.source),
            job: job.as_ref().ok().and_then(Option::as_ref).map(job_ref),
            trigger: TriggerRef::Event {
                event: event.event_name.clone(),
                event_id: event.id,
            },
            segment_path: None,
            metadata: Map::new(),
            scene_context: scene_of(job.as_ref().ok().and_then(Option::as_ref)),
            hook_config: hook_config(hook),
            data: Some(Value::Object(event.data.clone())),
            attempt: number,
            deadline_ms: millis(timeout),
            dry_run: false,
            previous_results: Vec::new(),
            inherited: None,
        };
        let input_json = serde_json::to_string(&input).unwrap_or_default();
        let mut execution = match job {
            Ok(_) => {
                let cancel = self.ending.child_token();
                self.execute(hook, &input, &input_json, timeout, &cancel)
                    .await
            }
            Err(error) => {
                tracing::warn!(delivery = %delivery.id, %error, "the job of an event could not be read");
                let why = "the server could not read the job that the event is about";
                Execution::not_run(ExecutionStatus::HostError, why)
            }
        };
        if execution.status == ExecutionStatus::Cancelled && self.is_ending() {
            execution.status = ExecutionStatus::Interrupted;
            execution.error = Some("the server stopped".to_owned());
        }
        self.metrics.executed(&hook.spec.config, &execution);
        let ended_at = self.settings.clock.now();
        let policy = hook.spec.config.delivery();
        let jitter = rand::random_range(0.0..1.0);
        let outcome = outcome(policy, &execution, number, ended_at, jitter);
        let after = match outcome {
            _ if !is_counted(execution.status) => AfterAttempt::Again,
            Outcome::Succeeded => AfterAttempt::Succeeded,
            Outcome::Retry(at) => AfterAttempt::Retry(at),
            Outcome::Exhausted | Outcome::Gone => AfterAttempt::Exhausted,
        };
        let record = record(
            hook,
            delivery.source,
            Belongs::Delivery(delivery.id, event.job_id),
            &input,
            input_json,
            execution,
            executed_at,
        );
        Attempted {
            is_gone: outcome == Outcome::Gone,
            attempt: Attempt {
                delivery: delivery.id,
                claim,
                order_key: delivery.order_key,
                executed: hook_executed(&record, Some(&event), ended_at),
                record,
                after,
                ended_at,
            },
        }
    }
}

fn scene_of(job: Option<&Job>) -> Map<String, Value> {
    job.map(|job| scene_context(&Map::new(), job))
        .unwrap_or_default()
}
