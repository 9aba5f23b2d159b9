//! How hooks fared lately, and what goes on.

use crate::contract;
use crate::fixture::{Fixture, start};
use crate::samples::{ANNA, answering, event, new_run, proceed, record, spec, step};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use stagehook_core::config::HookType;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::hook::Hook;
use stagehook_core::ids::{HookId, LogId, NodeId, StageRunId};
use stagehook_core::log::ExecutionRecord;
use stagehook_core::verdict::Verdict;
use stagehook_core::window::Window;
use stagehook_store::{Executions, HookLabel, StageEnd};

contract![
    the_last_executions_of_hooks_are_read_at_once,
    executions_are_counted_part_by_part,
    what_is_too_much_to_count_is_estimated,
    what_was_stored_late_distorts_no_estimate,
    stage_runs_and_events_are_counted,
    hooks_that_are_held_up_are_named,
    hooks_are_labelled,
];

async fn ran(
    f: &Fixture,
    hook: &Hook,
    status: ExecutionStatus,
    at: DateTime<Utc>,
    ms: i64,
) -> LogId {
    let record = ExecutionRecord {
        is_test: false,
        duration_ms: ms,
        executed_at: at,
        ..record(hook, status)
    };
    f.store.append_log(&record).await.unwrap()
}

async fn the_last_executions_of_hooks_are_read_at_once(f: &Fixture) {
    let busy = f.hook(&spec("busy", json!({}))).await;
    let rare = f.hook(&spec("rare", json!({}))).await;
    let never = f.hook(&spec("never", json!({}))).await;
    let mut of_busy = Vec::new();
    for number in 0..130 {
        let status = if number % 10 == 0 {
            ExecutionStatus::TimedOut
        } else {
            ExecutionStatus::Passed
        };
        of_busy.push(ran(f, &busy, status, start(), number).await);
    }
    let of_rare = ran(f, &rare, ExecutionStatus::Skipped, start(), 7).await;
    for _ in 0..3 {
        let test = record(&rare, ExecutionStatus::Failed);
        f.store.append_log(&test).await.unwrap();
    }
    let asked = [never.id, busy.id, HookId::new(999), rare.id];
    let activity = f.store.hook_activity(&asked).await.unwrap();
    let hooks: Vec<HookId> = activity.iter().map(|activity| activity.hook_id).collect();
    assert_eq!(hooks, asked);
    let shown = |index: usize| {
        activity[index]
            .runs
            .iter()
            .map(|run| run.log_id)
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(0), []);
    assert_eq!(shown(1), of_busy[110..]);
    assert_eq!((activity[1].failed_of_last, activity[1].of_last), (10, 100));
    assert_eq!(
        (activity[1].p50_ms, activity[1].p95_ms),
        (Some(79), Some(124))
    );
    assert_eq!(shown(2), []);
    assert_eq!(shown(3), [of_rare], "tests are left out");
    assert_eq!(activity[3].runs[0].status, ExecutionStatus::Skipped);
    assert!(activity[3].runs[0].success);
    assert_eq!(f.store.hook_activity(&[]).await.unwrap(), []);
}

async fn executions_are_counted_part_by_part(f: &Fixture) {
    let grade = f.hook(&spec("grade", json!({}))).await;
    let mark = f.hook(&spec("mark", json!({}))).await;
    let window = Window::of_hours(1, start());
    let minute = |number: i32| window.since() + window.length() * number;
    let before = window.since() - TimeDelta::microseconds(1);
    ran(f, &grade, ExecutionStatus::Failed, before, 1).await;
    ran(f, &grade, ExecutionStatus::Passed, minute(0), 10).await;
    ran(f, &mark, ExecutionStatus::Failed, minute(0), 20).await;
    ran(f, &grade, ExecutionStatus::Skipped, minute(1), 30).await;
    let last = window.until() - TimeDelta::microseconds(1);
    ran(f, &grade, ExecutionStatus::NeedsReview, last, 40).await;
    ran(f, &grade, ExecutionStatus::Failed, window.until(), 50).await;
    // A test.
    f.store
        .append_log(&record(&grade, ExecutionStatus::Failed))
        .await
        .unwrap();

    let throughput = f.store.throughput(&window).await.unwrap();
    assert!(!throughput.is_approximate);
    let mut parts = vec![Executions::default(); 60];
    parts[0] = Executions {
        executions: 2,
        failed: 1,
    };
    parts[1] = Executions {
        executions: 1,
        failed: 0,
    };
    parts[59] = Executions {
        executions: 1,
        failed: 1,
    };
    assert_eq!(throughput.parts, parts);
    let of_grade = throughput.hooks[&grade.id];
    assert_eq!(
        of_grade.executions,
        Executions {
            executions: 3,
            failed: 1
        }
    );
    assert_eq!(of_grade.duration_ms, 80);
    assert_eq!(throughput.hooks[&mark.id].duration_ms, 20);
    assert_eq!(throughput.hooks.len(), 2);
}

/// Stores all records once more, so many times.
async fn doubled(f: &Fixture, times: usize) {
    for _ in 0..times {
        let id = if f.is_sqlite() {
            "randomblob(16)"
        } else {
            "gen_random_uuid()"
        };
        f.raw(&format!(
            "INSERT INTO hook_execution_logs (
                 execution_id, hook_id, hook_name, hook_version, hook_type, source, hook_point,
                 failure_mode, attempt, is_test, status, success, stdout, stderr, duration_ms,
                 usage_json, executed_at)
             SELECT {id}, hook_id, hook_name, hook_version, hook_type, source, hook_point,
                    failure_mode, attempt, is_test, status, success, stdout, stderr, duration_ms,
                    usage_json, executed_at
             FROM hook_execution_logs ORDER BY id"
        ))
        .await
        .unwrap();
    }
}

/// Two thirds of the executions of one minute are of one hook, and fail.
async fn what_is_too_much_to_count_is_estimated(f: &Fixture) {
    let grade = f.hook(&spec("grade", json!({}))).await;
    let mark = f.hook(&spec("mark", json!({}))).await;
    let window = Window::of_hours(1, start());
    let minute = |number: i32| window.since() + window.length() * number;
    ran(f, &grade, ExecutionStatus::Failed, minute(3), 10).await;
    ran(f, &grade, ExecutionStatus::Failed, minute(3), 10).await;
    ran(f, &mark, ExecutionStatus::Passed, minute(3), 20).await;
    doubled(f, 11).await;
    ran(f, &mark, ExecutionStatus::Passed, minute(5), 20).await;
    let throughput = f.store.throughput(&window).await.unwrap();
    assert!(throughput.is_approximate);
    let all = 3 << 11;
    assert_eq!(
        throughput.parts[5],
        Executions {
            executions: 1,
            failed: 0
        }
    );
    let Executions { executions, failed } = throughput.parts[3];
    assert!((executions - all).abs() <= 2, "{executions} of {all}");
    assert!((failed - all * 2 / 3).abs() <= 4, "{failed} of {all}");
    let of_mark = throughput.hooks[&mark.id];
    assert!(
        (of_mark.executions.executions - all / 3).abs() <= 4,
        "{of_mark:?}"
    );
    assert!((of_mark.duration_ms / of_mark.executions.executions - 20).abs() <= 1);
}

/// The first ones to begin in a minute, and in the one after it, took so long that
/// they were stored after everything else.
async fn what_was_stored_late_distorts_no_estimate(f: &Fixture) {
    let grade = f.hook(&spec("grade", json!({}))).await;
    let window = Window::of_hours(1, start());
    let minute = |number: i32| window.since() + window.length() * number;
    let soon = TimeDelta::seconds(1);
    let passed = async |at: DateTime<Utc>| {
        ran(f, &grade, ExecutionStatus::Passed, at, 10).await;
    };
    for _ in 0..3 {
        passed(minute(3) + soon).await;
    }
    doubled(f, 10).await;
    let all = 3 << 10;
    for _ in 0..3 {
        passed(minute(4) + soon).await;
    }
    for _ in 0..400 {
        passed(minute(20)).await;
    }
    passed(minute(3)).await;
    passed(minute(4)).await;
    let throughput = f.store.throughput(&window).await.unwrap();
    assert!(throughput.is_approximate);
    let counted = |part: usize| throughput.parts[part].executions;
    assert!((counted(3) - all).abs() <= 2, "{} of {all}", counted(3));
    assert_eq!((counted(4), counted(20)), (4, 400));
}

async fn stage_runs_and_events_are_counted(f: &Fixture) {
    let window = Window::of_hours(24, start());
    let nothing = f.store.happened(&window).await.unwrap();
    assert_eq!(
        (nothing.stage_runs, nothing.halted, nothing.events),
        (0, 0, 0)
    );
    assert_eq!(f.store.count_jobs_to_review().await.unwrap(), 0);
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let node = NodeId::generate();
    let run_at = async |at: DateTime<Utc>, verdict| {
        let millis = u64::try_from(at.timestamp_millis()).unwrap();
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid();
        let mut run = new_run(job.id, &hook, node);
        run.id = StageRunId::new(id);
        run.started_at = at;
        let id = run.id;
        f.store.start_stage_run(run).await.unwrap();
        let record = step(&hook, job.id, id, 0, ExecutionStatus::Passed);
        let end = StageEnd {
            verdict: Some(verdict),
            ..proceed(Some(record))
        };
        f.store.finish_stage_run(id, node, end).await.unwrap();
    };
    run_at(window.since() - TimeDelta::milliseconds(1), Verdict::Halt).await;
    run_at(window.since(), Verdict::Halt).await;
    run_at(start(), Verdict::Proceed).await;
    let happened = f.store.happened(&window).await.unwrap();
    assert_eq!((happened.stage_runs, happened.halted), (2, 1));
    assert!(!happened.is_approximate);
    let before = happened.events;
    let new = vec![event("segment_completed", None)];
    f.store.publish_events(new, None).await.unwrap();
    let happened = f.store.happened(&window).await.unwrap();
    assert_eq!(happened.events, before + 1);
    let later = Window::of_hours(1, start() + TimeDelta::hours(30));
    assert_eq!(f.store.happened(&later).await.unwrap().events, 0);
}

async fn hooks_that_are_held_up_are_named(f: &Fixture) {
    assert_eq!(f.store.hooks_held_up().await.unwrap(), (0, Vec::new()));
    let paused = f.hook(&answering("paused", "*")).await;
    let gone = f.hook(&answering("gone", "*")).await;
    let deleted = f.hook(&answering("deleted", "*")).await;
    let resumed = f.hook(&answering("resumed", "*")).await;
    for hook in [&paused, &deleted, &resumed] {
        f.store.pause_deliveries(ANNA, hook.id, true).await.unwrap();
    }
    f.store
        .pause_deliveries(ANNA, resumed.id, false)
        .await
        .unwrap();
    f.store.delete_hook(ANNA, deleted.id).await.unwrap();
    assert!(f.store.disable_failing_hook(gone.id, true).await.unwrap());
    let (count, shown) = f.store.hooks_held_up().await.unwrap();
    assert_eq!(count, 2);
    let names: Vec<&str> = shown.iter().map(|hook| hook.name.as_str()).collect();
    assert_eq!(names, ["paused", "gone"]);
    assert_eq!(
        (shown[0].paused_at, shown[0].disabled_reason.as_deref()),
        (Some(start()), None)
    );
    assert_eq!(shown[1].paused_at, None);
    assert!(shown[1].disabled_reason.as_deref().unwrap().contains("410"));
}

async fn hooks_are_labelled(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    f.store.delete_hook(ANNA, hook.id).await.unwrap();
    let labels = f
        .store
        .hook_labels(&[hook.id, HookId::new(999)])
        .await
        .unwrap();
    let label = HookLabel {
        name: "grade".to_owned(),
        hook_type: HookType::Shell,
    };
    assert_eq!(labels.into_iter().collect::<Vec<_>>(), [(hook.id, label)]);
    assert!(f.store.hook_labels(&[]).await.unwrap().is_empty());
}
