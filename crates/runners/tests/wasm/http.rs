//! A plugin's way out, from the guest to a socket. REQ-WASM-1, REQ-WASM-2

mod deny;
mod ending;
mod limits;
mod secrets;

use crate::stage::{Stage, found};
use serde_json::{Value, json};
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_runners::wasm::WasmSettings;
use stagehook_runners::{Egress, NetworkPolicy, Secrets};
use stagehook_test_support::receiver::Receiver;

/// A stage whose plugins may reach this machine, where it is granted.
async fn stage(secrets: Secrets) -> Stage {
    stage_in(
        NetworkPolicy {
            allow_private: true,
        },
        secrets,
    )
    .await
}

async fn stage_in(network: NetworkPolicy, secrets: Secrets) -> Stage {
    let settings = WasmSettings {
        egress: Some(Egress::new(network, "stagehook/test").unwrap()),
        ..WasmSettings::default()
    };
    Stage::with("http_guest", settings, secrets).await
}

/// Sends requests, each with an `authority`, to the granted hosts.
async fn send(stage: &Stage, hosts: &[&str], requests: Value) -> Execution {
    stage
        .run(json!({"settings": {"requests": requests}, "grants": {"http": hosts}}))
        .await
}

fn answers(execution: &Execution) -> &Vec<Value> {
    found(execution)["answers"].as_array().unwrap()
}

/// The code that the guest was given for its only request.
#[track_caller]
fn code(execution: &Execution) -> &str {
    assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
    let answer = &answers(execution)[0];
    answer["error"]
        .as_str()
        .unwrap_or_else(|| panic!("no error: {answer}"))
}

#[tokio::test]
async fn a_granted_host_is_asked_and_its_answer_read() {
    let mut receiver = Receiver::answering(
        "HTTP/1.1 201 Created\r\nx-seen: yes\r\ncontent-length: 5\r\n\r\nhello",
    )
    .await;
    let stage = stage(Secrets::default()).await;
    let execution = send(
        &stage,
        &[receiver.authority()],
        json!([{
            "method": "POST", "authority": receiver.authority(), "path": "/jobs?id=7",
            "headers": [["x-shot", "010"], ["content-type", "text/plain"]], "body": "graded",
        }]),
    )
    .await;
    let answer = &answers(&execution)[0];
    assert_eq!(answer["status"], 201, "{execution:?}");
    assert_eq!(answer["headers"]["x-seen"], "yes");
    assert_eq!(answer["body"], "hello");

    let request = receiver.request();
    assert_eq!(request.line, "POST /jobs?id=7 HTTP/1.1");
    assert_eq!(request.body, "graded");
    assert_eq!(request.headers["host"], receiver.authority());
    assert_eq!(request.headers["x-shot"], "010");
    assert_eq!(request.headers["user-agent"], "stagehook/test");
    assert!(!request.headers.contains_key("accept-encoding"));

    let usage = &execution.usage;
    assert_eq!(usage.http_requests, Some(1));
    assert_eq!(usage.http_bytes_sent, Some(6));
    assert_eq!(usage.http_bytes_received, Some(5));
}

#[tokio::test]
async fn a_dry_run_is_sent_as_any_other() {
    let mut receiver = Receiver::empty().await;
    let stage = stage(Secrets::default()).await;
    let mut input = crate::stage::input();
    input.dry_run = true;
    let config = json!({
        "settings": {"requests": [{"authority": receiver.authority()}]},
        "grants": {"http": [receiver.authority()]},
    });
    let execution = stage.run_on(config, &input).await;
    assert_eq!(answers(&execution)[0]["status"], 200, "{execution:?}");
    assert_eq!(receiver.request().line, "GET / HTTP/1.1");
}

#[tokio::test]
async fn what_is_compressed_stays_compressed() {
    let mut answer =
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 10\r\n\r\n".to_vec();
    answer.extend_from_slice(b"\x1f\x8b\x08\0\0\0\0\0\0\x03");
    let receiver = Receiver::answering(answer).await;
    let stage = stage(Secrets::default()).await;
    let requests = json!([{"authority": receiver.authority()}]);
    let execution = send(&stage, &[receiver.authority()], requests).await;
    let answer = &answers(&execution)[0];
    assert_eq!(answer["headers"]["content-encoding"], "gzip");
    assert_eq!(answer["length"], 10);
}

#[tokio::test]
async fn what_breaks_off_is_told_by_its_kind() {
    let stage = stage(Secrets::default()).await;
    for (answer, expected) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this",
            "incomplete HTTP response",
        ),
        ("SSH-2.0-OpenSSH_9.6\r\n", "HttpProtocolError"),
    ] {
        let receiver = Receiver::answering(answer).await;
        let requests = json!([{"authority": receiver.authority()}]);
        let execution = send(&stage, &[receiver.authority()], requests).await;
        assert_eq!(code(&execution), expected, "{answer}");
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    drop(listener);
    let requests = json!([{"authority": authority}]);
    let execution = send(&stage, &[&authority], requests).await;
    assert_eq!(code(&execution), "ConnectionRefused");

    let requests = json!([{"scheme": "https", "authority": "no-such-host.invalid"}]);
    let execution = send(&stage, &["no-such-host.invalid"], requests).await;
    assert_eq!(code(&execution), "DnsError");
}
