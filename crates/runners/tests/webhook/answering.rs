//! What an answer means. REQ-EVT-6, REQ-RUN-3

use crate::stage::{LONG, event, runner, send_to, send_with, stage};
use rstest::rstest;
use serde_json::json;
use stagehook_core::clock::Clock;
use stagehook_core::contract::RESULT_MAX_BYTES;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::EventId;
use stagehook_test_support::receiver::Receiver;
use std::time::Duration;

#[rstest]
#[case(200, true, false)]
#[case(201, true, false)]
#[case(204, true, false)]
#[case(301, false, false)]
#[case(302, false, false)]
#[case(304, false, false)]
#[case(399, false, false)]
#[case(400, false, false)]
#[case(401, false, false)]
#[case(404, false, false)]
#[case(410, false, false)]
#[case(429, false, true)]
#[case(499, false, false)]
#[case(500, false, true)]
#[case(501, false, false)]
#[case(502, false, true)]
#[case(503, false, true)]
#[case(504, false, true)]
#[case(599, false, false)]
#[tokio::test]
async fn the_status_decides(#[case] status: u16, #[case] success: bool, #[case] retryable: bool) {
    let receiver = Receiver::status(status).await;
    let execution = send_to(&receiver.url()).await;
    assert_eq!(execution.status.is_success(), success);
    assert_eq!(execution.retryable, retryable);
    assert_eq!(execution.usage.http_status, Some(status));
    assert_eq!(execution.exit_code, None);
    if !success {
        assert_eq!(execution.status, ExecutionStatus::Failed);
        let error = execution.error.unwrap();
        assert!(error.starts_with(&format!("answered {status}")), "{error}");
    }
}

#[tokio::test]
async fn a_json_body_of_the_contract_is_the_result() {
    let receiver =
        Receiver::json(r#"{"status":"fail","message":"-9 LUFS","metadata":{"lufs":-9}}"#).await;
    let execution = send_to(&receiver.url()).await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert_eq!(execution.error.as_deref(), Some("-9 LUFS"));
    assert_eq!(execution.result.unwrap().metadata["lufs"], -9);
    assert!(execution.stdout.starts_with(r#"{"status":"fail""#));
    assert!(!execution.retryable);
}

#[rstest]
#[case::another_object(r#"{"ok":true,"ts":"1503435956.000247"}"#)]
#[case::a_list(r#"["status"]"#)]
#[case::empty("")]
#[tokio::test]
async fn any_other_body_is_just_output(#[case] body: &str) {
    let receiver = Receiver::json(body).await;
    let execution = send_to(&receiver.url()).await;
    assert_eq!(execution.status, ExecutionStatus::Passed);
    assert_eq!(execution.result, None);
    assert_eq!(execution.stdout, body);
}

#[tokio::test]
async fn what_is_no_json_is_just_output() {
    let receiver = Receiver::answering(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nthanks".to_owned(),
    )
    .await;
    let execution = send_to(&receiver.url()).await;
    assert_eq!(execution.status, ExecutionStatus::Passed);
    assert_eq!(execution.stdout, "thanks");
}

/// A gate that says something nobody can read has not said `pass`.
#[rstest]
#[case::cut("application/json", "", r#"{"status":"fail","mess"#)]
#[case::encoded(
    "application/json",
    "content-encoding: gzip\r\n",
    r#"{"status":"pass"}"#
)]
#[tokio::test]
async fn what_calls_itself_json_and_cannot_be_read_fails_a_stage(
    #[case] kind: &str,
    #[case] header: &str,
    #[case] body: &str,
) {
    let receiver = Receiver::answering(format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{header}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    ))
    .await;
    let execution = send_to(&receiver.url()).await;
    assert_eq!(execution.status, ExecutionStatus::InvalidResult);
    assert_eq!(execution.stdout, body);
}

#[tokio::test]
async fn a_secret_that_the_receiver_escapes_is_redacted_as_well() {
    let body = r#"{"status":"fail","message":"bad token ab\/cd\u002bef\/gh","metadata":{"ab\/cd+ef\/gh":"ab\/cd+ef\/gh"}}"#;
    let receiver = Receiver::json(body).await;
    let config = json!({"url": receiver.url(), "auth": {"type": "bearer", "secret": "a"}});
    let execution = send_with(&runner(&[("A", "ab/cd+ef/gh")]), config, &stage(), LONG).await;
    assert_eq!(execution.error.as_deref(), Some("bad token [redacted]"));
    let kept = format!("{:?}", execution.result);
    assert!(!kept.contains("cd+ef"), "{kept}");
    assert!(!execution.stdout.contains("cd+ef"), "{}", execution.stdout);
}

/// More than is read; the secret begins everywhere around where that ends.
#[tokio::test]
async fn where_an_answer_is_cut_no_part_of_a_secret_is_left() {
    const SECRET: &str = "QXZWKVJYUH";
    let runner = runner(&[("A", SECRET)]);
    for before in RESULT_MAX_BYTES - SECRET.len() - 1..=RESULT_MAX_BYTES {
        let body = format!("{}{SECRET}{}", ".".repeat(before), ".".repeat(100));
        let receiver = Receiver::answering(format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ))
        .await;
        let config = json!({"url": receiver.url(), "auth": {"type": "bearer", "secret": "A"}});
        let execution = send_with(&runner, config, &stage(), LONG).await;
        assert_eq!(execution.status, ExecutionStatus::Passed);
        let said = execution.stdout.replace("....", "");
        assert!(!said.contains(|letter| SECRET.contains(letter)), "{said}");
    }
}

#[tokio::test]
async fn a_result_that_does_not_follow_the_contract_fails_a_stage_but_not_an_event() {
    let receiver = Receiver::json(r#"{"status":"ok"}"#).await;
    let execution = send_to(&receiver.url()).await;
    assert_eq!(execution.status, ExecutionStatus::InvalidResult);
    let error = execution.error.unwrap();
    assert!(error.contains("/status"), "{error}");

    let input = event(EventId::generate(), json!({}));
    let config = json!({"url": receiver.url()});
    let execution = send_with(&runner(&[]), config, &input, LONG).await;
    assert_eq!(execution.status, ExecutionStatus::Passed);
    assert_eq!(execution.result, None);
    assert_eq!(execution.stdout, r#"{"status":"ok"}"#);
}

#[tokio::test]
async fn a_failed_status_keeps_what_the_receiver_says() {
    let receiver = Receiver::answering(
        "HTTP/1.1 422 x\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{\"status\":\"pass\",\"message\":\"no such shot\"}",
    )
    .await;
    let execution = send_to(&receiver.url()).await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert_eq!(
        execution.error.as_deref(),
        Some("answered 422 Unprocessable Entity: no such shot")
    );
}

#[tokio::test]
async fn no_secret_is_in_what_is_kept_although_the_receiver_echoes_it() {
    let receiver = Receiver::json(
        r#"{"status":"fail","message":"unknown token hunter2-long","metadata":{"auth":"Basic YWRhOmh1bnRlcjItbG9uZw==","json":"hunter\"3"}}"#,
    )
    .await;
    let runner = runner(&[("A", "hunter2-long"), ("B", "hunter\"3")]);
    let config = json!({
        "url": receiver.url(),
        "auth": {"type": "basic", "username": "ada", "secret": "A"},
    });
    let execution = send_with(&runner, config, &stage(), LONG).await;
    assert_eq!(execution.error.as_deref(), Some("unknown token [redacted]"));
    let result = execution.result.clone().unwrap();
    assert_eq!(result.metadata["auth"], "Basic [redacted]");
    assert_eq!(result.metadata["json"], "[redacted]");
    let all = format!("{execution:?}");
    assert!(!all.contains("hunter") && !all.contains("YWRh"), "{all}");
}

/// Whoever only has to hear of something has heard of it, wherever it was sent
/// on to.
#[rstest]
#[case(200, true, false)]
#[case(302, true, false)]
#[case(399, true, false)]
#[case(400, false, false)]
#[case(408, false, false)]
#[case(410, false, false)]
#[case(429, false, true)]
#[case(500, false, true)]
#[case(502, false, true)]
#[case(503, false, true)]
#[case(504, false, true)]
#[tokio::test]
async fn to_an_event_every_status_below_400_is_a_success(
    #[case] status: u16,
    #[case] success: bool,
    #[case] retryable: bool,
) {
    let receiver = Receiver::status(status).await;
    let input = event(EventId::generate(), json!({}));
    let config = json!({"url": receiver.url()});
    let execution = send_with(&runner(&[]), config, &input, LONG).await;
    assert_eq!(execution.status.is_success(), success);
    assert_eq!(execution.retryable, retryable);
    assert_eq!(execution.usage.http_status, Some(status));
    assert_eq!(execution.retry_after, None);
}

fn answer_with(status: u16, headers: &str) -> String {
    format!("HTTP/1.1 {status} x\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n")
}

#[rstest]
#[case::seconds(503, "Retry-After: 120\r\n", Some(120))]
#[case::too_many_requests(429, "retry-after: 7\r\n", Some(7))]
#[case::of_a_failure_for_good(404, "retry-after: 7\r\n", Some(7))]
#[case::unreadable(503, "retry-after: soon\r\n", None)]
#[case::no_text(503, "retry-after: \u{fc}\r\n", None)]
#[case::absent(503, "", None)]
#[tokio::test]
async fn a_receiver_may_ask_to_be_left_alone(
    #[case] status: u16,
    #[case] headers: &str,
    #[case] seconds: Option<u64>,
) {
    let receiver = Receiver::answering(answer_with(status, headers)).await;
    let execution = send_to(&receiver.url()).await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert_eq!(execution.retry_after, seconds.map(Duration::from_secs));
}

#[tokio::test]
async fn a_receiver_may_name_the_time_until_which_it_is_to_be_left_alone() {
    let until = Clock::System.now() + Duration::from_mins(50);
    let date = until.format("%a, %d %b %Y %H:%M:%S GMT");
    let answer = answer_with(503, &format!("retry-after: {date}\r\n"));
    let receiver = Receiver::answering(answer).await;
    let execution = send_to(&receiver.url()).await;
    let wait = execution.retry_after.unwrap().as_secs();
    assert!((2_900..=3_000).contains(&wait), "{wait}");
}

/// The head has said it all.
#[rstest]
#[case(404, false)]
#[case(410, false)]
#[case(503, true)]
#[tokio::test]
async fn an_answer_that_breaks_off_means_what_its_status_says(
    #[case] status: u16,
    #[case] retryable: bool,
) {
    let receiver = Receiver::answering(format!(
        "HTTP/1.1 {status} x\r\ncontent-length: 100\r\n\r\nonly this"
    ))
    .await;
    let execution = send_to(&receiver.url()).await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert_eq!(execution.usage.http_status, Some(status));
    assert_eq!(execution.retryable, retryable);
}
