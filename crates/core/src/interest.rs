//! Which live events a listener wants to hear.

use crate::event_pattern::EventPattern;
use crate::ids::{ExecutionId, HookId, JobId};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;

/// Which live events a listener wants: those that fit everything that is said
/// here. REQ-EVT-10
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Interest {
    /// Those whose type matches this name or pattern, such as `hook_output` or
    /// `job_*`.
    pub event: Option<EventPattern>,
    /// Those of one execution.
    pub execution_id: Option<ExecutionId>,
    /// Those of one hook.
    pub hook_id: Option<HookId>,
    /// Those of one job.
    pub job_id: Option<JobId>,
}

impl Interest {
    /// Whether it wants this event, which is about that job, if it is about one.
    pub fn wants(
        &self,
        event_name: &str,
        job_id: Option<JobId>,
        data: &Map<String, Value>,
    ) -> bool {
        let is = |key: &str, wanted: Option<Value>| {
            wanted.is_none_or(|wanted| data.get(key) == Some(&wanted))
        };
        self.event
            .as_ref()
            .is_none_or(|wanted| wanted.matches(event_name))
            && is("execution_id", self.execution_id.map(|id| json!(id)))
            && is("hook_id", self.hook_id.map(|id| json!(id)))
            // Who publishes an event says its job beside the data.
            && ((self.job_id.is_some() && self.job_id == job_id)
                || is("job_id", self.job_id.map(|id| json!(id))))
    }
}
