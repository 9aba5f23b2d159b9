//! Output is bounded, and never a reason to end a guest.

use crate::stage::Stage;
use serde_json::json;
use stagehook_core::execution::ExecutionStatus::{Passed, TimedOut};

const FLOOD: usize = 256 << 20;

#[tokio::test]
async fn a_flood_is_cut_in_the_middle_and_the_call_succeeds() {
    let stage = Stage::new().await;
    for (how, is_stdout) in [("print", true), ("print_error", false)] {
        let execution = stage
            .run(json!({
                "settings": {"do": how, "bytes": FLOOD},
                "limits": {"output_kib": 8},
            }))
            .await;
        assert_eq!(execution.status, Passed, "{execution:?}");
        let (text, dropped, other) = if is_stdout {
            let dropped = execution.usage.stdout_dropped_bytes;
            (execution.stdout, dropped, execution.stderr)
        } else {
            let dropped = execution.usage.stderr_dropped_bytes;
            (execution.stderr, dropped, execution.stdout)
        };
        assert!(text.starts_with("<head>ppp"), "{how}");
        assert!(text.ends_with("ppp<tail>\n"), "{how}");
        assert!(text.len() < (8 << 10) + 100, "{how}: {}", text.len());
        let printed = FLOOD + "<head><tail>\n".len();
        assert_eq!(dropped, Some((printed - (8 << 10)) as u64));
        assert!(text.contains(&format!("{} bytes dropped", printed - (8 << 10))));
        assert_eq!(other, "");
    }
}

#[tokio::test]
async fn log_lines_are_bounded_each_and_together() {
    let stage = Stage::new().await;
    let one = stage.act(json!({"do": "log_once", "bytes": 100_000})).await;
    assert_eq!(one.status, Passed, "{one:?}");
    assert!(one.stderr.starts_with("[warn] ooo"), "{}", one.stderr);
    assert!(one.stderr.contains("bytes cut)"), "{}", one.stderr);
    assert!(one.stderr.len() < 10_000);

    let many = stage.act(json!({"do": "log", "bytes": 64 << 20})).await;
    assert_eq!(many.status, Passed, "{many:?}");
    assert!(many.stderr.starts_with("[info] lll"));
    assert!(many.usage.stderr_dropped_bytes.unwrap() > 60 << 20);
}

#[tokio::test]
async fn the_last_progress_is_told_when_time_is_over() {
    let stage = Stage::new().await;
    let quiet = stage.act(json!({"do": "progress", "times": 10_000})).await;
    assert_eq!(quiet.status, Passed, "{quiet:?}");

    let execution = stage
        .run(json!({
            "settings": {"do": "progress_and_sleep", "ms": 60_000},
            "limits": {"timeout_seconds": 1},
        }))
        .await;
    assert_eq!(execution.status, TimedOut);
    let error = execution.error.unwrap();
    assert!(
        error.contains("the last it said was: 40 %, rendering"),
        "{error}"
    );
}
