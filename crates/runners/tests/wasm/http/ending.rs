//! When a run ends, its requests end: in time, and with nothing left.

use super::{code, stage};
use rstest::rstest;
use serde_json::json;
use stagehook_core::execution::ExecutionStatus;
use stagehook_runners::Secrets;
use stagehook_test_support::receiver::Receiver;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Nothing here takes this long unless something hangs.
const LONG: Duration = Duration::from_secs(30);
const NOTHING: &str = "";
const HEAD: &str = "HTTP/1.1 200 OK\r\nx-header: ";
const BODY: &str = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n";

/// Says `first`, then nothing, until the other side is gone; then says so.
async fn holding(first: &'static str) -> (Receiver, mpsc::UnboundedReceiver<&'static str>) {
    let (sender, happened) = mpsc::unbounded_channel();
    let receiver = Receiver::with(move |mut stream| {
        let sender = sender.clone();
        async move {
            let _ = stream.write_all(first.as_bytes()).await;
            let _ = sender.send("asked");
            while stream.read_u8().await.is_ok() {}
            let _ = sender.send("gone");
        }
    })
    .await;
    (receiver, happened)
}

async fn next(happened: &mut mpsc::UnboundedReceiver<&'static str>) -> &'static str {
    let next = tokio::time::timeout(LONG, happened.recv()).await;
    next.expect("hangs").expect("a receiver")
}

#[rstest]
#[case::nothing_is_said(NOTHING)]
#[case::in_the_head(HEAD)]
#[case::in_the_body(BODY)]
#[tokio::test]
async fn a_run_that_is_out_of_time_leaves_no_connection(#[case] first: &'static str) {
    let (receiver, mut happened) = holding(first).await;
    let stage = stage(Secrets::default()).await;
    let host = receiver.authority();
    let started = Instant::now();
    let execution = stage
        .run(json!({
            "settings": {"requests": [{"authority": host}]},
            "grants": {"http": [host]},
            "limits": {"timeout_seconds": 1},
        }))
        .await;
    assert_eq!(execution.status, ExecutionStatus::TimedOut, "{execution:?}");
    assert_eq!(execution.usage.http_requests, Some(1));
    assert!(execution.usage.host_call_ms.unwrap() > 500.0);
    assert!(started.elapsed() < LONG);
    assert_eq!(next(&mut happened).await, "asked");
    assert_eq!(next(&mut happened).await, "gone");
}

#[rstest]
#[case::nothing_is_said(NOTHING)]
#[case::in_the_head(HEAD)]
#[case::in_the_body(BODY)]
#[tokio::test]
async fn a_run_that_is_cancelled_leaves_no_connection(#[case] first: &'static str) {
    let (receiver, mut happened) = holding(first).await;
    let stage = stage(Secrets::default()).await;
    let host = receiver.authority();
    let config = json!({
        "settings": {"requests": [{"authority": host}]},
        "grants": {"http": [host]},
    });
    let cancel = CancellationToken::new();
    let input = crate::stage::input();
    let (execution, ()) = tokio::join!(stage.run_until(config, &input, &cancel), async {
        assert_eq!(next(&mut happened).await, "asked");
        cancel.cancel();
    });
    assert_eq!(execution.status, ExecutionStatus::Cancelled);
    assert_eq!(next(&mut happened).await, "gone");
}

/// The guest's own patience.
#[rstest]
#[case::nothing_is_said(NOTHING, "ConnectionReadTimeout")]
#[case::in_the_head(HEAD, "ConnectionReadTimeout")]
// Errors of streams reach a guest as text.
#[case::in_the_body(BODY, "connection read timeout")]
#[tokio::test]
async fn a_guest_may_wait_for_less(#[case] first: &'static str, #[case] expected: &str) {
    let (receiver, mut happened) = holding(first).await;
    let stage = stage(Secrets::default()).await;
    let host = receiver.authority();
    let execution = stage
        .run(json!({
            "settings": {"requests": [
                {"authority": host, "first_byte_ms": 200, "between_bytes_ms": 200},
            ]},
            "grants": {"http": [host]},
        }))
        .await;
    assert_eq!(code(&execution), expected);
    assert_eq!(next(&mut happened).await, "asked");
    assert_eq!(next(&mut happened).await, "gone");
}
