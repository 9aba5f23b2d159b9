//! Every state is spelt the same in JSON, in SQL and in what people read.

use rstest::rstest;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use stagehook_core::config::HookType;
use stagehook_core::contract::SCHEMA;
use stagehook_core::digest::Digest;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{HookId, ProjectId, SceneTypeId, StageRunId};
use stagehook_core::job::{JobStatus, ReviewDecision};
use stagehook_core::scope::{Lineage, Scope, ScopeType};
use stagehook_core::stage_run::StageRunStatus;
use stagehook_core::trigger::HookPoint;
use stagehook_core::verdict::{FailureMode, Verdict};
use std::fmt::Debug;
use std::str::FromStr;

fn spelt<T>(expected: &[&str], all: &[T], as_str: impl Fn(T) -> &'static str)
where
    T: Copy + Debug + PartialEq + Serialize + DeserializeOwned + FromStr,
    T::Err: std::error::Error,
{
    let names: Vec<_> = all.iter().map(|value| as_str(*value)).collect();
    assert_eq!(names, expected);
    for value in all {
        let name = as_str(*value);
        assert_eq!(serde_json::to_value(value).unwrap(), json!(name));
        assert_eq!(serde_json::from_value::<T>(json!(name)).unwrap(), *value);
        assert_eq!(name.parse::<T>().unwrap(), *value);
        assert!(name.to_uppercase().parse::<T>().is_err());
        assert!(format!(" {name}").parse::<T>().is_err());
    }
}

#[test]
fn hook_points() {
    spelt(
        &[
            "post_variant",
            "pre_segment",
            "post_segment",
            "pre_concatenation",
            "post_delivery",
        ],
        &HookPoint::ALL,
        HookPoint::as_str,
    );
}

#[test]
fn hook_types() {
    spelt(
        &["shell", "python", "webhook", "wasm"],
        &[
            HookType::Shell,
            HookType::Python,
            HookType::Webhook,
            HookType::Wasm,
        ],
        HookType::as_str,
    );
}

#[test]
fn scope_types() {
    spelt(
        &["studio", "project", "scene_type"],
        &[ScopeType::Studio, ScopeType::Project, ScopeType::SceneType],
        ScopeType::as_str,
    );
}

#[test]
fn failure_modes() {
    spelt(
        &["block", "warn", "ignore"],
        &[FailureMode::Block, FailureMode::Warn, FailureMode::Ignore],
        FailureMode::as_str,
    );
    assert_eq!(FailureMode::default(), FailureMode::Warn);
}

#[test]
fn verdicts() {
    spelt(
        &["proceed", "halt"],
        &[Verdict::Proceed, Verdict::Halt],
        Verdict::as_str,
    );
}

#[test]
fn execution_statuses() {
    spelt(
        &[
            "passed",
            "failed",
            "skipped",
            "needs_review",
            "timed_out",
            "killed",
            "out_of_memory",
            "out_of_fuel",
            "limit_exceeded",
            "invalid_result",
            "refused",
            "host_error",
            "cancelled",
            "interrupted",
        ],
        ExecutionStatus::ALL,
        ExecutionStatus::as_str,
    );
}

#[test]
fn statuses_of_jobs_and_stage_runs_and_decisions() {
    spelt(
        &["running", "failed", "completed", "rejected"],
        &[
            JobStatus::Running,
            JobStatus::Failed,
            JobStatus::Completed,
            JobStatus::Rejected,
        ],
        JobStatus::as_str,
    );
    spelt(
        &["running", "completed", "cancelled", "interrupted"],
        &[
            StageRunStatus::Running,
            StageRunStatus::Completed,
            StageRunStatus::Cancelled,
            StageRunStatus::Interrupted,
        ],
        StageRunStatus::as_str,
    );
    spelt(
        &["resume", "reject"],
        &[ReviewDecision::Resume, ReviewDecision::Reject],
        ReviewDecision::as_str,
    );
    assert_eq!(ReviewDecision::Resume.status(), JobStatus::Running);
    assert_eq!(ReviewDecision::Reject.status(), JobStatus::Rejected);
}

#[test]
fn the_contract_has_a_version() {
    assert_eq!(SCHEMA, "hook/1");
}

#[rstest]
#[case(ScopeType::Studio, None, Ok(Scope::Studio))]
#[case(ScopeType::Project, Some(4), Ok(Scope::Project(ProjectId::new(4))))]
#[case(
    ScopeType::SceneType,
    Some(9),
    Ok(Scope::SceneType(SceneTypeId::new(9)))
)]
#[case(
    ScopeType::Studio,
    Some(1),
    Err("must be absent: the studio scope has no id")
)]
#[case(ScopeType::Project, None, Err("is required: the id of a project"))]
#[case(ScopeType::SceneType, None, Err("is required: the id of a scene type"))]
fn a_scope_has_an_id_unless_it_is_the_studio(
    #[case] scope_type: ScopeType,
    #[case] scope_id: Option<i64>,
    #[case] expected: Result<Scope, &str>,
) {
    match (Scope::from_parts(scope_type, scope_id), expected) {
        (Ok(scope), Ok(expected)) => {
            assert_eq!(scope, expected);
            assert_eq!(
                (scope.scope_type(), scope.scope_id()),
                (scope_type, scope_id)
            );
        }
        (Err(invalid), Err(detail)) => {
            assert_eq!(invalid.0.len(), 1);
            assert_eq!(invalid.0[0].pointer, "/scope_id");
            assert_eq!(invalid.0[0].detail, detail);
        }
        (got, expected) => panic!("{got:?} instead of {expected:?}"),
    }
}

#[test]
fn a_lineage_knows_the_levels_above_it() {
    let (project, scene) = (ProjectId::new(1), SceneTypeId::new(2));
    let of_scene = Lineage::SceneType(project, scene);
    assert_eq!(of_scene.level_of(&Scope::Studio), Some(ScopeType::Studio));
    assert_eq!(
        of_scene.level_of(&Scope::Project(project)),
        Some(ScopeType::Project)
    );
    assert_eq!(
        of_scene.level_of(&Scope::SceneType(scene)),
        Some(ScopeType::SceneType)
    );
    // Ids of different kinds never meet, even when the numbers are the same.
    assert_eq!(of_scene.level_of(&Scope::Project(ProjectId::new(2))), None);
    assert_eq!(
        of_scene.level_of(&Scope::SceneType(SceneTypeId::new(1))),
        None
    );
    assert_eq!(
        Lineage::Project(project).level_of(&Scope::SceneType(scene)),
        None
    );
    assert_eq!(Lineage::Studio.level_of(&Scope::Project(project)), None);
}

#[test]
fn digests_are_written_in_one_way_only() {
    let empty = Digest::of(b"");
    let text = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(empty.to_string(), text);
    assert_eq!(text.parse::<Digest>().unwrap(), empty);
    for wrong in [
        text.to_uppercase(),
        text.replace("sha256:", ""),
        text.replace("e3b0", "E3b0"),
        text[..70].to_owned(),
        format!("{text}0"),
        format!("sha256:{}", "é".repeat(32)),
    ] {
        assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
    }
}

#[test]
fn ids_are_written_as_they_are_read() {
    assert_eq!("17".parse::<HookId>().unwrap(), HookId::new(17));
    assert!("x".parse::<HookId>().is_err());
    assert!("99999999999999999999".parse::<HookId>().is_err());
    let run = StageRunId::generate();
    assert_eq!(run.to_string().parse::<StageRunId>().unwrap(), run);
    assert_eq!(run.get().get_version_num(), 7, "ordered by time");
}
