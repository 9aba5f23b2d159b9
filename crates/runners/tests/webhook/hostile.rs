//! Receivers that would hold, flood or misuse their sender.

use crate::stage::{LONG, runner, send, send_cancellable, send_to, send_with, stage};
use rstest::rstest;
use serde_json::json;
use stagehook_core::execution::ExecutionStatus;
use stagehook_runners::Secrets;
use stagehook_runners::webhook::{WebhookRunner, WebhookSettings};
use stagehook_test_support::receiver::Receiver;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const SHORT: Duration = Duration::from_millis(300);

#[rstest]
#[tokio::test]
async fn no_redirect_is_followed(#[values(301, 302, 303, 307, 308)] status: u16) {
    let mut elsewhere = Receiver::status(200).await;
    let receiver = Receiver::answering(format!(
        "HTTP/1.1 {status} x\r\nlocation: {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        elsewhere.url()
    ))
    .await;
    let execution = send_to(&receiver.url()).await;
    assert_eq!(execution.usage.http_status, Some(status));
    // A gate that answers with the way to its login page has not decided.
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert!(
        execution
            .error
            .unwrap()
            .contains("redirects are not followed")
    );
    assert!(elsewhere.is_left_alone());
}

/// Sends `first`, then one byte of `rest` every few milliseconds for ever.
async fn dripping(first: &'static str) -> Receiver {
    Receiver::with(move |mut stream| async move {
        let _ = stream.write_all(first.as_bytes()).await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}

#[rstest]
#[case::nothing_is_said("")]
#[case::in_the_head("HTTP/1.1 200 OK\r\nx-header: ")]
#[case::in_the_body("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")]
#[tokio::test]
async fn an_answer_that_drips_ends_by_the_deadline_of_the_attempt(#[case] first: &'static str) {
    let receiver = if first.is_empty() {
        Receiver::with(|stream| async move {
            tokio::time::sleep(LONG * 2).await;
            drop(stream);
        })
        .await
    } else {
        dripping(first).await
    };
    let execution = send_with(
        &runner(&[]),
        json!({"url": receiver.url()}),
        &stage(),
        SHORT,
    )
    .await;
    assert_eq!(execution.status, ExecutionStatus::TimedOut);
    assert_eq!(
        execution.error.as_deref(),
        Some("no complete answer within 0.3 s")
    );
    assert!(execution.retryable);
    assert!(execution.duration < LONG);
}

#[tokio::test]
async fn a_receiver_that_never_reads_ends_by_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut input = stage();
    input
        .metadata
        .insert("blob".to_owned(), "x".repeat(20_000_000).into());
    let config = json!({"url": format!("http://{}/", listener.local_addr().unwrap())});
    let execution = send_with(&runner(&[]), config, &input, SHORT).await;
    assert_eq!(execution.status, ExecutionStatus::TimedOut);
}

#[tokio::test]
async fn a_cancel_in_the_middle_ends_it() {
    let receiver = dripping("HTTP/1.1 200 OK\r\n\r\n").await;
    let cancel = CancellationToken::new();
    let runner = runner(&[]);
    let input = stage();
    let (execution, ()) = tokio::join!(
        send_cancellable(
            &runner,
            json!({"url": receiver.url()}),
            &input,
            LONG * 10,
            &cancel
        ),
        async {
            tokio::task::yield_now().await;
            cancel.cancel();
        }
    );
    assert_eq!(execution.status, ExecutionStatus::Cancelled);
    assert!(!execution.retryable);
}

#[tokio::test]
async fn of_a_body_without_end_a_megabyte_is_read_and_the_connection_closed() {
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let receiver = Receiver::with(move |mut stream| {
        let counted = Arc::clone(&counted);
        async move {
            let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n";
            let _ = stream.write_all(head).await;
            let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
            // Ten gigabytes, if anybody takes them.
            for _ in 0..160_000 {
                if stream.write_all(chunk.as_bytes()).await.is_err() {
                    break;
                }
                counted.fetch_add(0x10000, Ordering::SeqCst);
            }
        }
    })
    .await;
    let execution = send_to(&receiver.url()).await;
    assert_eq!(execution.status, ExecutionStatus::Passed);
    assert!(execution.stdout.len() < 300 * 1024);
    assert!(execution.stdout.contains("bytes dropped"));
    assert!(execution.usage.stdout_dropped_bytes.unwrap() >= 786_432);
    // What is more was in the buffers of the two sockets.
    assert!(sent.load(Ordering::SeqCst) < 64 << 20);
}

#[tokio::test]
async fn a_result_too_large_to_be_read_is_a_failure() {
    let body = format!(r#"{{"status":"fail","message":"{}"}}"#, "x".repeat(2 << 20));
    let receiver = Receiver::json(&body).await;
    let execution = send_to(&receiver.url()).await;
    assert_eq!(execution.status, ExecutionStatus::InvalidResult);
    assert!(execution.error.unwrap().contains(&body.len().to_string()));
}

#[tokio::test]
async fn what_is_compressed_stays_compressed() {
    // The head of a gzip member, and a promise of much more.
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-encoding: gzip\r\ncontent-length: 10\r\nconnection: close\r\n\r\n".to_vec();
    answer.extend_from_slice(b"\x1f\x8b\x08\0\0\0\0\0\0\x03");
    let mut receiver = Receiver::answering(answer).await;
    let execution = send_to(&receiver.url()).await;
    assert_eq!(execution.status, ExecutionStatus::Passed);
    assert!(execution.stdout.starts_with("\x1f\u{fffd}\x08"));
    assert!(!receiver.request().headers.contains_key("accept-encoding"));
}

#[rstest]
#[case::cut_off(
    "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this",
    "the connection ended in the middle of the answer"
)]
#[case::no_http(
    "SSH-2.0-OpenSSH_9.6\r\n",
    "did not answer with HTTP, or closed the connection"
)]
#[case::nothing("", "did not answer")]
#[tokio::test]
async fn an_answer_that_breaks_off_is_a_failure_that_may_be_tried_again(
    #[case] answer: &str,
    #[case] why: &str,
) {
    let receiver = Receiver::answering(answer).await;
    let execution = send_to(&receiver.url()).await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    let error = execution.error.unwrap();
    assert!(error.contains(why), "{error}");
    assert!(execution.retryable);
}

#[tokio::test]
async fn a_connection_that_fails_names_the_host_and_nothing_more_of_the_url() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let execution = send_to(&format!("http://{address}/path-token?key=query-token")).await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert_eq!(
        execution.error,
        Some(format!(
            "could not connect to {address}: connection refused"
        ))
    );
    assert!(execution.retryable);

    let execution = send_to("https://no-such-host.invalid/path-token").await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert_eq!(
        execution.error.as_deref(),
        Some("the name no-such-host.invalid could not be resolved")
    );
    assert!(execution.retryable);
}

#[tokio::test]
async fn a_receiver_that_speaks_no_tls_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        // Held open until the other side gives up.
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    });
    let execution = send_to(&format!("https://{address}/")).await;
    let error = execution.error.unwrap();
    assert!(
        error.starts_with(&format!("could not connect to {address}: TLS: ")),
        "{error}"
    );
    answer.await.unwrap();
}

#[rstest]
#[tokio::test]
async fn no_byte_goes_to_a_private_address_unless_it_is_allowed(
    #[values(
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
        "localhost",
        "localhost."
    )]
    host: &str,
) {
    let mut receiver = Receiver::status(200).await;
    let port = receiver.url().rsplit(':').next().unwrap().to_owned();
    let url = format!("http://{host}:{port}");
    let closed = WebhookRunner::new(WebhookSettings::new(Arc::new(Secrets::default()))).unwrap();
    let execution = send_with(&closed, json!({"url": url}), &stage(), LONG).await;
    assert_eq!(execution.status, ExecutionStatus::Refused, "{execution:?}");
    let error = execution.error.unwrap();
    assert!(error.contains("--allow-private-network"), "{error}");
    assert!(!execution.retryable);
    assert!(receiver.is_left_alone());
}

#[tokio::test]
async fn metadata_services_are_never_reached() {
    let execution = send(json!({"url": "http://169.254.169.254/latest/meta-data/"})).await;
    assert_eq!(execution.status, ExecutionStatus::Refused);
    assert_eq!(
        execution.error.as_deref(),
        Some(
            "169.254.169.254 is at a link-local, metadata, multicast or reserved address, which is never reached"
        )
    );
}
