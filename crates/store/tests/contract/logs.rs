//! The execution log.

use crate::contract;
use crate::fixture::Fixture;
use crate::samples::{everything, record, spec, step};
use serde_json::json;
use serde_json::value::RawValue;
use stagehook_core::contract::HookResult;
use stagehook_core::execution::{ExecutionStatus, Usage};
use stagehook_core::ids::{HookId, LogId, NodeId};
use stagehook_core::log::ExecutionRecord;
use stagehook_store::{Entity, LogFilter, StoreError};

contract![
    a_record_comes_back_as_it_was,
    a_nul_in_the_output_is_kept_as_a_replacement_character,
    every_status_can_be_kept,
    records_are_listed_newest_first_by_what_they_are,
    a_record_of_no_hook_is_refused,
];

async fn a_record_comes_back_as_it_was(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    // Keys out of order, a NUL, a number that no f64 holds: exactly as sent.
    let input = r#"{"z":1,"a":"\u0000 é","big":12345678901234567890.000}"#;
    let given = ExecutionRecord {
        input: Some(RawValue::from_string(input.to_owned()).unwrap()),
        stdout: "graded\n\u{1F3AC}".to_owned(),
        stderr: "warning".to_owned(),
        result: Some(
            HookResult::parse(
                br#"{"status":"fail","message":"no","metadata":{"z":"\u0000","a":null}}"#,
            )
            .unwrap(),
        ),
        exit_code: Some(-3),
        error: Some("exited with status -3".to_owned()),
        usage: Usage {
            fuel_used: Some(u64::MAX),
            host_call_ms: Some(0.25),
            http_status: Some(502),
            ..Usage::default()
        },
        attempt: 3,
        ..record(&hook, ExecutionStatus::Failed)
    };
    let id = f.store.append_log(&given).await.unwrap();
    let kept = f.store.get_log(id).await.unwrap();
    assert_eq!(kept.id, id);
    assert_eq!(kept.record.input.as_deref().map(RawValue::get), Some(input));
    assert_eq!(format!("{:?}", kept.record), format!("{given:?}"));
    let error = f.store.get_log(LogId::new(99)).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::NotFound {
                what: Entity::Log,
                ..
            }
        ),
        "{error:?}"
    );
}

async fn a_nul_in_the_output_is_kept_as_a_replacement_character(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let given = ExecutionRecord {
        stdout: "a\0b".to_owned(),
        stderr: "\0".to_owned(),
        error: Some("c\0".to_owned()),
        ..record(&hook, ExecutionStatus::Failed)
    };
    let id = f.store.append_log(&given).await.unwrap();
    let kept = f.store.get_log(id).await.unwrap().record;
    assert_eq!(kept.stdout, "a\u{FFFD}b");
    assert_eq!(kept.stderr, "\u{FFFD}");
    assert_eq!(kept.error.as_deref(), Some("c\u{FFFD}"));
}

async fn every_status_can_be_kept(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    for status in ExecutionStatus::ALL {
        let id = f.store.append_log(&record(&hook, *status)).await.unwrap();
        assert_eq!(f.store.get_log(id).await.unwrap().record.status, *status);
    }
}

async fn records_are_listed_newest_first_by_what_they_are(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let other = f.hook(&spec("mark", json!({}))).await;
    let node = NodeId::generate();
    let run = f.run(job.id, &hook, node).await;
    let test = f
        .store
        .append_log(&record(&hook, ExecutionStatus::Passed))
        .await
        .unwrap();
    let failed = step(&hook, job.id, run, 0, ExecutionStatus::TimedOut);
    let failed = f.store.record_step(run, node, &failed).await.unwrap();
    let skipped = step(&other, job.id, run, 1, ExecutionStatus::Skipped);
    let skipped = f.store.record_step(run, node, &skipped).await.unwrap();
    let ids = async |filter: LogFilter| {
        let page = f.store.list_logs(&filter, everything()).await.unwrap();
        page.items.iter().map(|log| log.id).collect::<Vec<_>>()
    };
    let any = LogFilter::default;
    assert_eq!(ids(any()).await, [skipped, failed, test]);
    assert_eq!(
        ids(LogFilter {
            hook_id: Some(hook.id),
            ..any()
        })
        .await,
        [failed, test]
    );
    assert_eq!(
        ids(LogFilter {
            job_id: Some(job.id),
            ..any()
        })
        .await,
        [skipped, failed]
    );
    assert_eq!(
        ids(LogFilter {
            stage_run_id: Some(run),
            ..any()
        })
        .await,
        [skipped, failed]
    );
    assert_eq!(
        ids(LogFilter {
            success: Some(true),
            ..any()
        })
        .await,
        [skipped, test]
    );
    assert_eq!(
        ids(LogFilter {
            success: Some(false),
            ..any()
        })
        .await,
        [failed]
    );
    let timed_out = Some(ExecutionStatus::TimedOut);
    assert_eq!(
        ids(LogFilter {
            status: timed_out,
            ..any()
        })
        .await,
        [failed]
    );
    assert_eq!(
        ids(LogFilter {
            is_test: Some(true),
            ..any()
        })
        .await,
        [test]
    );
    let narrow = LogFilter {
        hook_id: Some(hook.id),
        success: Some(false),
        is_test: Some(true),
        ..any()
    };
    assert_eq!(ids(narrow).await, []);
}

async fn a_record_of_no_hook_is_refused(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let given = ExecutionRecord {
        hook_id: HookId::new(99),
        ..record(&hook, ExecutionStatus::Passed)
    };
    let error = f.store.append_log(&given).await.unwrap_err();
    assert!(matches!(error, StoreError::Database(_)), "{error:?}");
    f.store
        .append_log(&record(&hook, ExecutionStatus::Passed))
        .await
        .unwrap();
}
