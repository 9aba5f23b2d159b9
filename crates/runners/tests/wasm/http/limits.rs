//! Each bound of HTTP is told by its name, with what was used and what is
//! allowed. REQ-WASM-2

use super::stage;
use serde_json::{Value, json};
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_runners::Secrets;
use stagehook_test_support::receiver::Receiver;
use tokio::io::AsyncWriteExt as _;

const MIB: u64 = 1 << 20;

async fn run(receiver: &Receiver, settings: Value) -> Execution {
    let host = receiver.authority();
    stage(Secrets::default())
        .await
        .run(json!({"settings": settings, "grants": {"http": [host]}}))
        .await
}

#[track_caller]
fn assert_exceeded(execution: &Execution, told: &str) {
    assert_eq!(
        execution.status,
        ExecutionStatus::LimitExceeded,
        "{execution:?}"
    );
    let error = execution.error.as_deref().unwrap();
    assert!(error.contains(told), "{error}");
    assert_eq!(execution.result, None);
}

#[tokio::test]
async fn requests_are_counted() {
    let receiver = Receiver::empty().await;
    let requests = json!([{"authority": receiver.authority(), "times": 101}]);
    let execution = run(&receiver, json!({"requests": requests})).await;
    assert_exceeded(&execution, "HTTP requests: 101, where 100 are allowed");
    assert_eq!(execution.usage.http_requests, Some(101));

    let requests = json!([{"authority": receiver.authority(), "times": 100}]);
    let execution = run(&receiver, json!({"requests": requests})).await;
    assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
}

#[tokio::test]
async fn requests_at_the_same_time_are_counted() {
    let receiver = Receiver::empty().await;
    let requests = json!([{"authority": receiver.authority(), "times": 9}]);
    let settings = json!({"requests": requests, "at_once": true});
    let execution = run(&receiver, settings).await;
    assert_exceeded(
        &execution,
        "HTTP requests at the same time: 9, where 8 are allowed",
    );
}

#[tokio::test]
async fn what_is_sent_is_bounded() {
    let receiver = Receiver::with(|mut stream| async move {
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await;
    let requests = json!([{
        "authority": receiver.authority(), "method": "POST", "body_bytes": 11 * MIB,
    }]);
    let execution = run(&receiver, json!({"requests": requests})).await;
    assert_exceeded(&execution, "bytes sent over HTTP: ");
    assert_exceeded(&execution, "where 10485760 are allowed");
}

#[tokio::test]
async fn what_is_received_is_bounded() {
    let receiver = Receiver::with(|mut stream| async move {
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let _ = stream.write_all(head).await;
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        // Ten gigabytes, if anybody takes them.
        for _ in 0..160_000 {
            if stream.write_all(chunk.as_bytes()).await.is_err() {
                break;
            }
        }
    })
    .await;
    let requests = json!([{"authority": receiver.authority()}]);
    let execution = run(&receiver, json!({"requests": requests})).await;
    assert_exceeded(&execution, "bytes received over HTTP: ");
    assert_exceeded(&execution, "where 52428800 are allowed");
    assert!(execution.usage.http_bytes_received.unwrap() < 52 * MIB);
}
