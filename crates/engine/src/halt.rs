//! What a hook that blocks does to the job, and the events that say so.
//! REQ-RUN-4

use crate::record::reason;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use stagehook_core::event::{Event, name};
use stagehook_core::ids::{EventId, StageRunId};
use stagehook_core::job::Job;
use stagehook_core::log::ExecutionRecord;
use stagehook_core::scope::Scope;
use stagehook_store::Halt;

/// The event that a hook blocked its stage.
pub(crate) fn hook_blocked(
    job: &Job,
    run: StageRunId,
    record: &ExecutionRecord,
    now: DateTime<Utc>,
) -> Event {
    let mut data = about(job, run, record);
    data.insert(
        "hook".to_owned(),
        json!({
            "id": record.hook_id,
            "name": record.hook_name,
            "version": record.hook_version,
        }),
    );
    data.insert("status".to_owned(), json!(record.status));
    event(name::HOOK_BLOCKED, job, data, now)
}

/// The halt of the job. Its events are stored only if it is this run that
/// halts it: another may have done so before, or the job may be completed.
pub(crate) fn halt_of(
    job: &Job,
    run: StageRunId,
    record: &ExecutionRecord,
    now: DateTime<Utc>,
) -> Halt {
    let events = [name::JOB_FAILED, name::JOB_REVIEW_REQUESTED]
        .map(|event_name| event(event_name, job, about(job, run, record), now));
    Halt {
        reason: reason(record),
        events: events.into(),
    }
}

fn event(event_name: &str, job: &Job, data: Map<String, Value>, now: DateTime<Utc>) -> Event {
    Event {
        id: EventId::generate(),
        event_name: event_name.to_owned(),
        data,
        job_id: Some(job.id),
        scope: Scope::Studio,
        created_at: now,
    }
}

fn about(job: &Job, run: StageRunId, record: &ExecutionRecord) -> Map<String, Value> {
    [
        ("job_id", json!(job.id)),
        ("project_id", json!(job.project_id)),
        ("scene_type_id", json!(job.scene_type_id)),
        ("external_ref", json!(job.external_ref)),
        ("stage_run_id", json!(run)),
        ("hook_point", json!(record.hook_point)),
        ("reason", json!(reason(record))),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}
