//! Events about what Stagehook itself did. REQ-EVT-8

use crate::error::EngineError;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use stagehook_core::event::{Event, name};
use stagehook_core::ids::{EventId, StageRunId};
use stagehook_core::job::Job;
use stagehook_core::log::ExecutionRecord;
use stagehook_core::scope::Scope;
use stagehook_core::stage_run::StageRunStatus;
use stagehook_core::trigger::HookPoint;
use stagehook_core::verdict::Verdict;
use stagehook_store::Store;
use std::sync::{Mutex, PoisonError};

/// Whether any hook answers such events, by generation of hooks: there is one for
/// each hook that runs, and mostly nobody asks.
#[derive(Debug, Default)]
pub(crate) struct MetaAnswered(Mutex<Option<(i64, bool)>>);

impl MetaAnswered {
    fn known(&self) -> Option<(i64, bool)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As of `generation` of hooks or later.
    pub(crate) async fn is_answered(
        &self,
        store: &Store,
        generation: i64,
    ) -> Result<bool, EngineError> {
        if let Some((known, answered)) = self.known()
            && known == generation
        {
            return Ok(answered);
        }
        let patterns = store.event_patterns().await?;
        let answered = patterns.iter().any(|pattern| {
            pattern.matches(name::HOOK_EXECUTED) || pattern.matches(name::STAGE_RUN_COMPLETED)
        });
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none_or(|(known, _)| known < generation) {
            *known = Some((generation, answered));
        }
        Ok(answered)
    }
}

/// The event that a stage run came to its end.
pub(crate) fn stage_run_completed(
    run: StageRunId,
    job: &Job,
    hook_point: HookPoint,
    status: StageRunStatus,
    verdict: Option<Verdict>,
    now: DateTime<Utc>,
) -> Event {
    let data = [
        ("stage_run_id", json!(run)),
        ("job_id", json!(job.id)),
        ("project_id", json!(job.project_id)),
        ("hook_point", json!(hook_point)),
        ("status", json!(status)),
        ("verdict", json!(verdict)),
    ];
    let data = data.map(|(key, value)| (key.to_owned(), value));
    Event {
        id: EventId::generate(),
        event_name: name::STAGE_RUN_COMPLETED.to_owned(),
        data: data.into_iter().collect(),
        job_id: Some(job.id),
        scope: Scope::Studio,
        created_at: now,
    }
}

/// The event that a hook ran. None about a hook that answered such an event, so
/// that none can cause itself, over whatever detour.
pub(crate) fn hook_executed(
    record: &ExecutionRecord,
    answered: Option<&Event>,
    now: DateTime<Utc>,
) -> Option<Event> {
    if answered.is_some_and(|event| event.event_name == name::HOOK_EXECUTED) {
        return None;
    }
    let data = json!({
        "execution_id": record.execution_id,
        "hook_id": record.hook_id,
        "hook_name": record.hook_name,
        "hook_version": record.hook_version,
        "hook_type": record.hook_type,
        "hook_point": record.hook_point,
        "event": answered.map(|event| &event.event_name),
        "event_id": answered.map(|event| event.id),
        "job_id": record.job_id,
        "stage_run_id": record.stage_run_id,
        "delivery_id": record.delivery_id,
        "attempt": record.attempt,
        "status": record.status,
        "success": record.status.is_success(),
        "duration_ms": record.duration_ms,
    });
    let Value::Object(data) = data else {
        return None;
    };
    Some(Event {
        id: EventId::generate(),
        event_name: name::HOOK_EXECUTED.to_owned(),
        data,
        job_id: record.job_id,
        scope: answered.map_or(Scope::Studio, |event| {
            if event.job_id.is_some() {
                Scope::Studio
            } else {
                event.scope
            }
        }),
        created_at: now,
    })
}
