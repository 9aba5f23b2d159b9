//! Finding records of the execution log. REQ-API-1

use crate::contract;
use crate::fixture::{Fixture, start};
use crate::samples::{answering, everything, record, spec};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use serde_json::value::RawValue;
use stagehook_core::config::HookType;
use stagehook_core::contract::HookResult;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{ExecutionId, LogId};
use stagehook_core::log::{ExecutionRecord, LeftOut};
use stagehook_core::page::PageRequest;
use stagehook_core::trigger::HookPoint;
use stagehook_store::{LOOKED_AT_BYTES_MAX, LOOKED_AT_MAX, LogFilter, PAGE_BYTES_MAX};

contract![
    records_are_found_by_what_ran,
    records_are_found_by_when_they_began,
    records_are_found_by_what_they_say,
    a_rare_one_is_found_however_far_back,
    nobody_is_found_by_what_excludes_itself,
    a_search_ends_after_so_many_bytes,
    a_page_ends_before_it_is_too_large,
    a_list_in_brief_leaves_out_what_is_large,
];

async fn ids(f: &Fixture, filter: LogFilter) -> Vec<LogId> {
    let page = f.store.list_logs(&filter, everything()).await.unwrap();
    assert_eq!(page.next_cursor, None);
    page.items.iter().map(|log| log.id).collect()
}

async fn records_are_found_by_what_ran(f: &Fixture) {
    let stage = f.hook(&spec("grade", json!({}))).await;
    let event = f.hook(&answering("tell", "job_*")).await;
    let at_stage = record(&stage, ExecutionStatus::Passed);
    let at_stage = f.store.append_log(&at_stage).await.unwrap();
    let of_event = ExecutionRecord {
        hook_type: HookType::Webhook,
        hook_point: None,
        event: Some("job_failed".to_owned()),
        is_test: false,
        ..record(&event, ExecutionStatus::Skipped)
    };
    let of_event = f.store.append_log(&of_event).await.unwrap();
    let any = LogFilter::default;
    let hook_point = Some(HookPoint::PostSegment);
    for (filter, found) in [
        (any(), vec![of_event, at_stage]),
        (
            LogFilter {
                hook_type: Some(HookType::Webhook),
                ..any()
            },
            vec![of_event],
        ),
        (
            LogFilter {
                hook_type: Some(HookType::Wasm),
                ..any()
            },
            vec![],
        ),
        (
            LogFilter {
                hook_point,
                ..any()
            },
            vec![at_stage],
        ),
        (
            LogFilter {
                event: Some("job_failed".to_owned()),
                ..any()
            },
            vec![of_event],
        ),
        (
            LogFilter {
                event: Some("job_*".to_owned()),
                ..any()
            },
            vec![],
        ),
        (
            LogFilter {
                status: Some(ExecutionStatus::Skipped),
                ..any()
            },
            vec![of_event],
        ),
        (
            LogFilter {
                status: Some(ExecutionStatus::Passed),
                ..any()
            },
            vec![at_stage],
        ),
        (
            LogFilter {
                is_test: Some(true),
                ..any()
            },
            vec![at_stage],
        ),
        (
            LogFilter {
                is_test: Some(false),
                ..any()
            },
            vec![of_event],
        ),
        (
            LogFilter {
                hook_id: Some(stage.id),
                hook_point,
                ..any()
            },
            vec![at_stage],
        ),
        (
            LogFilter {
                hook_id: Some(event.id),
                hook_point,
                ..any()
            },
            vec![],
        ),
    ] {
        assert_eq!(ids(f, filter.clone()).await, found, "{filter:?}");
    }
}

fn at(minutes: i64) -> DateTime<Utc> {
    start() + TimeDelta::minutes(minutes)
}

/// Found a page at a time.
async fn one_by_one(f: &Fixture, filter: &LogFilter) -> Vec<LogId> {
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = PageRequest { limit: 1, cursor };
        let page = f.store.list_logs(filter, page).await.unwrap();
        found.extend(page.items.iter().map(|log| log.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return found;
        }
    }
}

async fn records_are_found_by_when_they_began(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let other = f.hook(&spec("mark", json!({}))).await;
    let mut stored = Vec::new();
    // The one that took longest began first and is stored last; two at once.
    for (hook, minute) in [
        (&hook, 10),
        (&other, 20),
        (&hook, 30),
        (&other, 30),
        (&hook, 5),
    ] {
        let record = ExecutionRecord {
            executed_at: at(minute),
            ..record(hook, ExecutionStatus::Passed)
        };
        stored.push(f.store.append_log(&record).await.unwrap());
    }
    let [ten, twenty, thirty, also_thirty, five] = stored[..] else {
        panic!("{stored:?}");
    };
    let any = LogFilter::default;
    let (since, until) = (Some(at(10)), Some(at(30)));
    let hook_id = Some(hook.id);
    for (filter, found) in [
        (any(), vec![five, also_thirty, thirty, twenty, ten]),
        (
            LogFilter { since, ..any() },
            vec![also_thirty, thirty, twenty, ten],
        ),
        (LogFilter { until, ..any() }, vec![twenty, ten, five]),
        (
            LogFilter {
                since,
                until,
                ..any()
            },
            vec![twenty, ten],
        ),
        (
            LogFilter {
                since: until,
                until: since,
                ..any()
            },
            vec![],
        ),
        // Of one hook as they were stored.
        (
            LogFilter {
                hook_id,
                until,
                ..any()
            },
            vec![five, ten],
        ),
        (
            LogFilter {
                hook_id,
                since,
                ..any()
            },
            vec![thirty, ten],
        ),
        (
            LogFilter {
                hook_id,
                since: Some(at(31)),
                ..any()
            },
            vec![],
        ),
        (
            LogFilter {
                until,
                success: Some(false),
                ..any()
            },
            vec![],
        ),
        (
            LogFilter {
                until,
                success: Some(true),
                ..any()
            },
            vec![twenty, ten, five],
        ),
    ] {
        assert_eq!(ids(f, filter.clone()).await, found, "{filter:?}");
        assert_eq!(one_by_one(f, &filter).await, found, "{filter:?}");
    }
}

async fn records_are_found_by_what_they_say(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let says = async |stdout: &str, stderr: &str, error: Option<&str>| {
        let record = ExecutionRecord {
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
            error: error.map(str::to_owned),
            ..record(&hook, ExecutionStatus::Passed)
        };
        f.store.append_log(&record).await.unwrap()
    };
    let stdout = says("shot_010: 100% graded", "", None).await;
    let stderr = says("", "shot_011: no LUT", None).await;
    let error = says("", "", Some("exited with status 3: no LUT")).await;
    let nothing = says("", "", None).await;
    let found = async |text: &str| {
        let contains = Some(text.to_owned());
        ids(
            f,
            LogFilter {
                contains,
                ..LogFilter::default()
            },
        )
        .await
    };
    assert_eq!(found("no LUT").await, [error, stderr]);
    assert_eq!(found("shot_01").await, [stderr, stdout]);
    // No pattern, and no statement.
    assert_eq!(found("%").await, [stdout]);
    assert_eq!(found("shotX010").await, []);
    assert_eq!(found("' OR 1 = 1 --").await, []);
    assert_eq!(found("no lut").await, []);
    let hook_id = Some(hook.id);
    assert_eq!(
        ids(
            f,
            LogFilter {
                hook_id,
                ..LogFilter::default()
            }
        )
        .await,
        [nothing, error, stderr, stdout]
    );
}

/// Of more records than are looked at for a page, one says what is looked for:
/// pages without it come first, and each says where to go on.
async fn a_rare_one_is_found_however_far_back(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let rare = ExecutionRecord {
        stdout: "the one".to_owned(),
        is_test: false,
        ..record(&hook, ExecutionStatus::Passed)
    };
    let rare = f.store.append_log(&rare).await.unwrap();
    others_like(f, rare, 2 * i64::from(LOOKED_AT_MAX) + 5, "''").await;
    let any = LogFilter::default;
    let contains = Some("the one".to_owned());
    for filter in [
        LogFilter {
            contains: contains.clone(),
            ..any()
        },
        LogFilter {
            hook_id: Some(hook.id),
            contains: contains.clone(),
            ..any()
        },
        LogFilter {
            until: Some(at(1)),
            contains,
            ..any()
        },
    ] {
        let pages = pages(f, &filter, 50).await;
        assert_eq!(pages, [vec![], vec![], vec![rare]], "{filter:?}");
    }
}

/// So many records more like this one, but for what they printed (SQL).
async fn others_like(f: &Fixture, log: LogId, others: i64, stdout: &str) {
    let series = if f.is_sqlite() {
        format!(
            "(WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {others}) SELECT i FROM n)"
        )
    } else {
        format!("(SELECT i FROM generate_series(1, {others}) AS g(i))")
    };
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
                failure_mode, attempt, is_test, status, success, {stdout}, stderr, duration_ms,
                usage_json, executed_at
         FROM hook_execution_logs, {series} series WHERE id = {log}"
    ))
    .await
    .unwrap();
}

/// SQL for a text of so many MiB.
fn mebibytes(f: &Fixture, mebibytes: i64) -> String {
    let bytes = mebibytes << 20;
    if f.is_sqlite() {
        format!("replace(hex(zeroblob({bytes} / 2)), '0', 'x')")
    } else {
        format!("repeat('x', {bytes})")
    }
}

/// The pages of a listing.
async fn pages(f: &Fixture, filter: &LogFilter, limit: u32) -> Vec<Vec<LogId>> {
    let mut pages = Vec::new();
    let mut cursor = None;
    loop {
        let page = PageRequest { limit, cursor };
        let page = f.store.list_logs(filter, page).await.unwrap();
        pages.push(page.items.iter().map(|log| log.id).collect());
        cursor = page.next_cursor;
        if cursor.is_none() {
            return pages;
        }
    }
}

/// A search reads what hooks printed: few large outputs are as much work as many
/// small ones.
async fn a_search_ends_after_so_many_bytes(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let rare = ExecutionRecord {
        stdout: "the one".to_owned(),
        is_test: false,
        ..record(&hook, ExecutionStatus::Passed)
    };
    let rare = f.store.append_log(&rare).await.unwrap();
    let others = 2 * (LOOKED_AT_BYTES_MAX >> 23) + 1;
    others_like(f, rare, others, &mebibytes(f, 8)).await;
    let any = LogFilter::default;
    let contains = Some("the one".to_owned());
    for filter in [
        LogFilter {
            contains: contains.clone(),
            ..any()
        },
        LogFilter {
            since: Some(at(0)),
            contains: contains.clone(),
            is_test: Some(false),
            ..any()
        },
    ] {
        let pages = pages(f, &filter, 50).await;
        assert_eq!(pages, [vec![], vec![], vec![rare]], "{filter:?}");
    }
    // What is found does not lengthen the way, nor does it count twice.
    let every = LogFilter {
        contains: Some("x".to_owned()),
        ..any()
    };
    let found = pages(f, &every, 2).await;
    let counts: Vec<usize> = found.iter().map(Vec::len).collect();
    assert_eq!(
        counts,
        [vec![2; usize::try_from(others / 2).unwrap()], vec![1]].concat()
    );
    // What is not searched does not count.
    let hook_point = LogFilter {
        hook_point: Some(HookPoint::PreSegment),
        ..any()
    };
    assert_eq!(pages(f, &hook_point, 50).await, [vec![]]);
}

async fn a_page_ends_before_it_is_too_large(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let first = record(&hook, ExecutionStatus::Passed);
    let first = f.store.append_log(&first).await.unwrap();
    let larger_than_a_page = (PAGE_BYTES_MAX >> 20) + 1;
    others_like(f, first, 2, &mebibytes(f, larger_than_a_page)).await;
    others_like(f, first, 5, &mebibytes(f, PAGE_BYTES_MAX >> 22)).await;
    let any = LogFilter::default();
    let pages = pages(f, &any, 200).await;
    // The newest, a quarter of a page each, and then those that exceed one.
    let counts: Vec<usize> = pages.iter().map(Vec::len).collect();
    assert_eq!(counts, [4, 1, 1, 1, 1]);
    assert_eq!(pages.concat().len(), 8);
    assert!(pages.concat().is_sorted_by(|newer, older| newer > older));
    // In brief there is nothing large.
    let brief = f
        .store
        .list_logs_in_brief(&any, everything())
        .await
        .unwrap();
    assert_eq!(brief.next_cursor, None);
    let listed: Vec<LogId> = brief.items.iter().map(|brief| brief.log.id).collect();
    assert_eq!(listed, pages.concat());
}

async fn a_list_in_brief_leaves_out_what_is_large(f: &Fixture) {
    const KEPT: usize = 8_192;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let input = |bytes: usize| RawValue::from_string(format!("\"{}\"", "é".repeat(bytes / 2 - 1)));
    let result = |bytes: usize| {
        let message = "m".repeat(bytes - r#"{"status":"pass","message":""}"#.len());
        HookResult {
            message: Some(message),
            ..HookResult::default()
        }
    };
    let small = ExecutionRecord {
        input: Some(input(KEPT).unwrap()),
        result: Some(result(KEPT)),
        error: Some("é".repeat(300)),
        ..record(&hook, ExecutionStatus::Failed)
    };
    let large = ExecutionRecord {
        execution_id: ExecutionId::generate(),
        input: Some(input(KEPT + 2).unwrap()),
        result: Some(result(KEPT + 1)),
        stdout: "é".to_owned(),
        stderr: "no LUT".to_owned(),
        error: Some("é".repeat(301)),
        ..small.clone()
    };
    for record in [&small, &large] {
        f.store.append_log(record).await.unwrap();
    }
    let filter = LogFilter {
        success: Some(false),
        ..LogFilter::default()
    };
    let page = f
        .store
        .list_logs_in_brief(&filter, everything())
        .await
        .unwrap();
    let [of_large, of_small] = &page.items[..] else {
        panic!("{page:?}");
    };
    let kept = ExecutionRecord {
        input: None,
        result: None,
        stdout: String::new(),
        stderr: String::new(),
        error: small.error.clone(),
        ..large.clone()
    };
    assert_eq!(format!("{:?}", of_large.log.record), format!("{kept:?}"));
    assert_eq!(
        of_large.left_out,
        LeftOut {
            stdout: Some(2),
            stderr: Some(6),
            input: Some(KEPT as u64 + 2),
            result: Some(KEPT as u64 + 1),
            error: Some(602),
        }
    );
    assert_eq!(format!("{:?}", of_small.log.record), format!("{small:?}"));
    assert_eq!(of_small.left_out, LeftOut::default());
}

async fn nobody_is_found_by_what_excludes_itself(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    for status in [ExecutionStatus::Passed, ExecutionStatus::Failed] {
        f.store.append_log(&record(&hook, status)).await.unwrap();
    }
    for (status, success) in [
        (ExecutionStatus::Passed, false),
        (ExecutionStatus::Failed, true),
    ] {
        for hook_id in [None, Some(hook.id)] {
            let filter = LogFilter {
                hook_id,
                status: Some(status),
                success: Some(success),
                ..LogFilter::default()
            };
            assert_eq!(ids(f, filter).await, []);
        }
    }
}
