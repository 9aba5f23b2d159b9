//! What a receiver gets. REQ-EVT-5

use crate::stage::{LONG, event, runner, send_with, stage};
use serde_json::{Value, json};
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::EventId;
use stagehook_core::webhook_signature::Key;
use stagehook_test_support::receiver::Receiver;

#[tokio::test]
async fn a_stage_sends_the_hooks_input() {
    let mut receiver = Receiver::status(204).await;
    let input = stage();
    let execution = send_with(
        &runner(&[]),
        json!({"url": receiver.url(), "headers": {"X-Studio": "north", "Accept": "application/json"}}),
        &input,
        LONG,
    )
    .await;
    assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
    assert_eq!(execution.usage.http_status, Some(204));

    let mut request = receiver.request();
    assert_eq!(request.line, "POST /hook HTTP/1.1");
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body, serde_json::to_value(&input).unwrap());
    let id = input.execution_id.to_string();
    let timestamp = request.headers.remove("webhook-timestamp").unwrap();
    assert!(timestamp.parse::<u64>().unwrap() > 1_700_000_000);
    request.headers.remove("content-length");
    request.headers.remove("host");
    let expected = [
        ("accept", "application/json"),
        ("content-type", "application/json"),
        (
            "user-agent",
            concat!("stagehook/", env!("CARGO_PKG_VERSION")),
        ),
        ("webhook-id", &id),
        ("x-stagehook-execution-id", &id),
        ("x-stagehook-hook-point", "post_delivery"),
        ("x-studio", "north"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(request.headers, expected.into());
}

#[tokio::test]
async fn an_event_sends_the_same_message_in_every_attempt() {
    let mut receiver = Receiver::status(200).await;
    let id: EventId = "019a2b3c-4d5e-7000-8000-000000000001".parse().unwrap();
    let runner = runner(&[]);
    let config = json!({"url": receiver.url(), "method": "PUT"});
    let data = json!({"job_id": 42, "reason": "too dark"});
    for _ in 0..2 {
        let input = event(id, data.clone());
        send_with(&runner, config.clone(), &input, LONG).await;
    }
    let (first, second) = (receiver.request(), receiver.request());
    assert_eq!(first.line, "PUT /hook HTTP/1.1");
    assert_eq!(
        serde_json::from_str::<Value>(&first.body).unwrap(),
        json!({
            "event_name": "job_failed", "version": 1, "timestamp": "2025-10-28T14:32:43.614Z",
            "data": data, "id": id,
        })
    );
    assert_eq!(first.body, second.body);
    assert_eq!(first.headers["x-stagehook-event"], "job_failed");
    assert_eq!(first.headers["webhook-id"], id.to_string());
    assert_eq!(second.headers["webhook-id"], id.to_string());
    assert!(!first.headers.contains_key("x-stagehook-hook-point"));
    assert!(!first.headers.contains_key("x-stagehook-signature"));
}

#[tokio::test]
async fn a_secret_signs_what_is_sent() {
    let mut receiver = Receiver::status(200).await;
    let runner = runner(&[("SIGNING", "whsec_c3RhZ2Vob29rIHRlc3Qga2V5")]);
    let config = json!({"url": receiver.url(), "secret": "signing"});
    send_with(&runner, config, &stage(), LONG).await;
    let request = receiver.request();
    let key = Key::of_secret("whsec_c3RhZ2Vob29rIHRlc3Qga2V5").unwrap();
    let body = request.body.as_bytes();
    assert!(key.verify(body, &request.headers["x-stagehook-signature"]));
    assert!(key.verify_message(
        &request.headers["webhook-id"],
        request.headers["webhook-timestamp"].parse().unwrap(),
        body,
        &request.headers["webhook-signature"],
    ));
}

#[tokio::test]
async fn each_way_to_authenticate_takes_its_secret_by_name() {
    let mut receiver = Receiver::status(200).await;
    let runner = runner(&[("TRACKER_TOKEN", "t0ken")]);
    let cases = [
        (
            json!({"type": "bearer", "secret": "tracker_token"}),
            "authorization",
            "Bearer t0ken",
        ),
        (
            json!({"type": "basic", "username": "ada", "secret": "tracker-token"}),
            "authorization",
            "Basic YWRhOnQwa2Vu",
        ),
        (
            json!({"type": "header", "name": "X-Api-Key", "secret": "tracker_token"}),
            "x-api-key",
            "t0ken",
        ),
    ];
    for (auth, header, value) in cases {
        let config = json!({"url": receiver.url(), "auth": auth});
        send_with(&runner, config, &stage(), LONG).await;
        assert_eq!(receiver.request().headers[header], value);
    }
}

#[tokio::test]
async fn a_secret_that_is_missing_or_unusable_is_refused_before_anything_is_sent() {
    let mut receiver = Receiver::status(200).await;
    let runner = runner(&[("LINES", "a\nb"), ("BROKEN", "whsec_***")]);
    let bearer =
        |name: &str| json!({"url": receiver.url(), "auth": {"type": "bearer", "secret": name}});
    let cases = [
        (
            bearer("absent"),
            "the secret absent does not exist on this server: store one (`stagehook secret set absent`), or set STAGEHOOK_SECRET_ABSENT in the server's environment",
        ),
        (
            json!({"url": receiver.url(), "secret": "absent"}),
            "the secret absent does not exist on this server: store one (`stagehook secret set absent`), or set STAGEHOOK_SECRET_ABSENT in the server's environment",
        ),
        (
            bearer("lines"),
            "the secret lines holds characters that no header may hold",
        ),
        (
            json!({"url": receiver.url(), "secret": "broken"}),
            "the secret broken begins with whsec_, but what follows is no base64",
        ),
    ];
    for (config, error) in cases {
        let execution = send_with(&runner, config, &stage(), LONG).await;
        assert_eq!(execution.status, ExecutionStatus::Refused);
        assert_eq!(execution.error.as_deref(), Some(error));
        assert!(!execution.retryable);
    }
    assert!(receiver.is_left_alone());
}

#[tokio::test]
async fn connections_are_used_again() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let receiver = Receiver::with(move |mut stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            let ok = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            let mut buffer = vec![0; 64 * 1024];
            // The first request has been read; answer it and what follows.
            while stream.write_all(ok).await.is_ok() {
                match stream.read(&mut buffer).await {
                    Ok(read) if read > 0 => {}
                    _ => break,
                }
            }
        }
    })
    .await;
    let runner = runner(&[]);
    for _ in 0..5 {
        let execution = send_with(&runner, json!({"url": receiver.url()}), &stage(), LONG).await;
        assert_eq!(execution.status, ExecutionStatus::Passed);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
