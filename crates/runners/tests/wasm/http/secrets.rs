//! Secrets that the host sends and the guest never sees.

use super::{answers, code, stage};
use crate::stage::Stage;
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::execution::Execution;
use stagehook_runners::Secrets;
use stagehook_test_support::receiver::Receiver;

const TOKEN: &str = "tok-7f3a9c";

fn secrets() -> Secrets {
    Secrets::from_env([
        ("STAGEHOOK_SECRET_TRACKER".to_owned(), TOKEN.to_owned()),
        (
            "STAGEHOOK_SECRET_LINES".to_owned(),
            "a\r\nhost: b".to_owned(),
        ),
    ])
}

async fn send(stage: &Stage, grants: Value, request: Value) -> Execution {
    stage
        .run(json!({"settings": {"requests": [request]}, "grants": grants}))
        .await
}

#[tokio::test]
async fn a_secret_is_put_into_headers_and_redacted_where_it_comes_back() {
    let echo = format!(
        "HTTP/1.1 200 OK\r\nx-echo: {TOKEN}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{TOKEN}",
        TOKEN.len()
    );
    let mut receiver = Receiver::answering(echo).await;
    let stage = stage(secrets()).await;
    let host = receiver.authority();
    let execution = send(
        &stage,
        json!({"http": [host], "http_secrets": {"tracker": [host]}}),
        json!({"authority": host, "headers": [
            ["authorization", "Bearer {{secret:tracker}}"],
            ["x-both", "{{secret:tracker}}:{{secret:tracker}}"],
            ["x-plain", "{{tracker}}"],
        ]}),
    )
    .await;
    let answer = answers(&execution)[0].clone();
    let request = receiver.request();
    assert_eq!(request.headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(request.headers["x-both"], format!("{TOKEN}:{TOKEN}"));
    assert_eq!(request.headers["x-plain"], "{{tracker}}");
    // The receiver told the guest; what is kept does not say it.
    assert_eq!(answer["body"], "[redacted]");
    assert_eq!(answer["headers"]["x-echo"], "[redacted]");
    assert!(!format!("{execution:?}").contains(TOKEN));
}

#[rstest]
#[case::to_a_host_that_it_is_not_granted_for("{{secret:tracker}}", "is not granted for")]
#[case::not_granted("{{secret:other}}", "no such secret")]
#[case::not_there("{{secret:absent}}", "does not exist")]
#[case::broken("{{secret:lines}}", "no header may hold")]
#[case::open("{{secret:tracker", "not closed")]
#[tokio::test]
async fn what_cannot_be_filled_in_is_not_sent(#[case] value: &str, #[case] why: &str) {
    let mut receiver = Receiver::empty().await;
    let stage = stage(secrets()).await;
    let host = receiver.authority();
    let elsewhere = "tracker.example.com";
    let grants = json!({
        "http": [host, elsewhere],
        "http_secrets": {"tracker": [elsewhere], "lines": [host], "absent": [host]},
    });
    let request = json!({"authority": host, "headers": [["x-token", value]]});
    let execution = send(&stage, grants, request).await;
    assert_eq!(code(&execution), "HttpRequestDenied");
    assert!(execution.stderr.contains(why), "{}", execution.stderr);
    assert!(!format!("{execution:?}").contains(TOKEN));
    assert!(receiver.is_left_alone());
}

#[tokio::test]
async fn a_secret_in_a_url_is_not_sent() {
    let mut receiver = Receiver::empty().await;
    let stage = stage(secrets()).await;
    let host = receiver.authority();
    let grants = json!({"http": [host], "http_secrets": {"tracker": [host]}});
    let request = json!({"authority": host, "path": "/?key={{secret:tracker}}"});
    let execution = send(&stage, grants, request).await;
    assert!(
        ["HttpRequestDenied", "path refused"].contains(&code(&execution)),
        "{execution:?}"
    );
    assert!(receiver.is_left_alone());
}

/// Private networks are open here: that says who may be reached, and nothing of
/// who listens on the way.
#[tokio::test]
async fn to_other_machines_a_secret_is_not_sent_in_clear() {
    let stage = stage(secrets()).await;
    let headers = json!([["x-token", "{{secret:tracker}}"]]);
    for host in ["tracker.invalid", "10.1.2.3", "localhost"] {
        let grants = json!({"http": [host], "http_secrets": {"tracker": [host]}});
        let clear = json!({"authority": host, "headers": headers});
        let execution = send(&stage, grants, clear).await;
        assert_eq!(code(&execution), "HttpRequestDenied", "{host}");
        assert!(execution.stderr.contains("use https"), "{execution:?}");
    }
    let host = "tracker.invalid";
    let grants = json!({"http": [host], "http_secrets": {"tracker": [host]}});
    let secure = json!({"scheme": "https", "authority": host, "headers": headers});
    let execution = send(&stage, grants, secure).await;
    assert_eq!(code(&execution), "DnsError");
}
