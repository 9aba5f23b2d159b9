//! Things that tests put into the store.

use crate::fixture::{Fixture, start};
use serde_json::{Value, json};
use stagehook_core::contract::{HookRef, HookResult, StageInput};
use stagehook_core::digest::Digest;
use stagehook_core::event::Event;
use stagehook_core::execution::{ExecutionStatus, ScriptRun, ScriptSandbox, Usage};
use stagehook_core::hook::{Hook, HookRequest, HookSpec};
use stagehook_core::ids::{
    EventId, ExecutionId, JobId, NodeId, ProjectId, SceneTypeId, StageRunId,
};
use stagehook_core::job::Job;
use stagehook_core::log::ExecutionRecord;
use stagehook_core::page::PageRequest;
use stagehook_core::scope::{Scope, ScopeType};
use stagehook_core::stage_run::{PlannedHook, StageRunStatus};
use stagehook_core::trigger::HookPoint;
use stagehook_core::verdict::Verdict;
use stagehook_store::{NewJob, NewStageRun, StageEnd, StartOutcome};

pub(crate) const ANNA: &str = "anna";

/// All of a short listing.
pub(crate) fn everything() -> PageRequest {
    PageRequest {
        limit: 200,
        cursor: None,
    }
}

/// A hook as people give it; `change` is laid over a small studio hook.
pub(crate) fn spec(name: &str, change: Value) -> HookSpec {
    let mut request = json!({
        "name": name,
        "hook_type": "shell",
        "hook_point": "post_segment",
        "scope_type": "studio",
        "config": {"script_path": "check.sh"},
    });
    let fields = request.as_object_mut().expect("an object");
    let Value::Object(change) = change else {
        panic!("{change} is no object");
    };
    for (key, value) in change {
        if value.is_null() {
            fields.remove(&key);
        } else {
            fields.insert(key, value);
        }
    }
    serde_json::from_value::<HookRequest>(request)
        .expect("a request")
        .check()
        .expect("a hook without mistakes")
}

pub(crate) fn scoped(name: &str, scope: Scope) -> HookSpec {
    HookSpec {
        scope,
        ..spec(name, json!({}))
    }
}

/// A business event of the studio.
pub(crate) fn event(event_name: &str, job: Option<JobId>) -> Event {
    Event {
        id: EventId::generate(),
        event_name: event_name.to_owned(),
        data: json!({"frame": 7, "note": "50% _done_"})
            .as_object()
            .expect("an object")
            .clone(),
        job_id: job,
        scope: Scope::Studio,
        created_at: start(),
    }
}

/// A hook that answers events.
pub(crate) fn answering(name: &str, pattern: &str) -> HookSpec {
    spec(
        name,
        json!({"hook_point": null, "event": pattern, "failure_mode": "warn"}),
    )
}

impl Fixture {
    pub(crate) async fn project(&self, name: &str) -> ProjectId {
        self.store
            .create_project(ANNA, name)
            .await
            .expect("a project")
            .id
    }

    pub(crate) async fn scene_type(&self, project: ProjectId, name: &str) -> SceneTypeId {
        self.store
            .create_scene_type(ANNA, project, name)
            .await
            .expect("a scene type")
            .id
    }

    pub(crate) async fn job_in(&self, project: ProjectId) -> Job {
        let new = NewJob {
            project_id: project,
            scene_type_id: None,
            external_ref: Some("shot_010".to_owned()),
            workflow: None,
        };
        self.store.create_job(ANNA, new).await.expect("a job")
    }

    /// A job in a project of its own.
    pub(crate) async fn job(&self) -> Job {
        let project = self
            .project(&format!("for a job {}", NodeId::generate()))
            .await;
        self.job_in(project).await
    }

    pub(crate) async fn hook(&self, spec: &HookSpec) -> Hook {
        self.store.create_hook(ANNA, spec).await.expect("a hook")
    }

    /// A running stage run of one hook.
    pub(crate) async fn run(&self, job: JobId, hook: &Hook, owner: NodeId) -> StageRunId {
        let new = new_run(job, hook, owner);
        let id = new.id;
        assert_eq!(
            self.store.start_stage_run(new).await.expect("a run"),
            StartOutcome::Started
        );
        id
    }
}

pub(crate) fn new_run(job: JobId, hook: &Hook, owner: NodeId) -> NewStageRun {
    let input = StageInput {
        segment_path: Some("/media/seg_003.mp4".to_owned()),
        metadata: json!({"z": 1, "a": "\u{0}"})
            .as_object()
            .expect("an object")
            .clone(),
        scene_context: json!({"mood": "night"})
            .as_object()
            .expect("an object")
            .clone(),
    };
    NewStageRun {
        id: StageRunId::generate(),
        job_id: job,
        hook_point: HookPoint::PostSegment,
        plan: vec![PlannedHook {
            hook: HookRef {
                id: hook.id,
                name: hook.spec.name.clone(),
                version: hook.version,
                source: ScopeType::Studio,
            },
            hook_type: hook.spec.config.hook_type(),
            failure_mode: hook.spec.failure_mode,
            extended: false,
        }],
        request_digest: Digest::of(b"a request"),
        input,
        idempotency_key: None,
        actor: ANNA.to_owned(),
        owner,
        started_at: start(),
    }
}

/// A record of a test of the hook.
pub(crate) fn record(hook: &Hook, status: ExecutionStatus) -> ExecutionRecord {
    ExecutionRecord {
        execution_id: ExecutionId::generate(),
        hook_id: hook.id,
        hook_name: hook.spec.name.clone(),
        hook_version: hook.version,
        hook_type: hook.spec.config.hook_type(),
        source: ScopeType::Studio,
        hook_point: Some(HookPoint::PostSegment),
        event: None,
        failure_mode: hook.spec.failure_mode,
        job_id: None,
        stage_run_id: None,
        position: None,
        delivery_id: None,
        attempt: 1,
        is_test: true,
        status,
        input: None,
        stdout: String::new(),
        stderr: String::new(),
        result: Some(HookResult::default()),
        exit_code: Some(0),
        error: None,
        duration_ms: 41,
        usage: Usage::default(),
        script: Some(ScriptRun {
            digest: Digest::of(b"exit 0"),
            sandbox: ScriptSandbox::Bubblewrap,
            warm: true,
        }),
        executed_at: start(),
    }
}

/// A record of one step of a stage run.
pub(crate) fn step(
    hook: &Hook,
    job: JobId,
    run: StageRunId,
    position: i64,
    status: ExecutionStatus,
) -> ExecutionRecord {
    ExecutionRecord {
        job_id: Some(job),
        stage_run_id: Some(run),
        position: Some(position),
        is_test: false,
        ..record(hook, status)
    }
}

/// The end of a stage run that proceeds.
pub(crate) fn proceed(last: Option<ExecutionRecord>) -> StageEnd {
    StageEnd {
        status: StageRunStatus::Completed,
        verdict: Some(Verdict::Proceed),
        metadata: Some(
            json!({"z": 1, "a": 2})
                .as_object()
                .expect("an object")
                .clone(),
        ),
        warnings: vec!["color_grade: exited 3".to_owned()],
        last_record: last,
        halt: None,
        events: Vec::new(),
        meta: Vec::new(),
        finished_at: start(),
    }
}
