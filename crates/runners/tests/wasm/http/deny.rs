//! What is not granted is not asked, whatever it is called.

use super::{answers, code, send, stage, stage_in};
use crate::stage::Stage;
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::config::{HookConfig, HookType};
use stagehook_runners::wasm::WasmSettings;
use stagehook_runners::{NetworkPolicy, Secrets};
use stagehook_test_support::receiver::Receiver;

#[tokio::test]
async fn without_a_grant_each_request_is_denied_and_the_log_says_what_to_grant() {
    let mut receiver = Receiver::empty().await;
    let stage = stage(Secrets::default()).await;
    let requests = json!([{"authority": receiver.authority()}]);
    let execution = send(&stage, &[], requests).await;
    assert_eq!(code(&execution), "HttpRequestDenied");
    let advice = format!(
        "add \"{}\" to grants.http of the hook",
        receiver.authority()
    );
    assert!(execution.stderr.contains(&advice), "{}", execution.stderr);
    assert_eq!(execution.usage.http_requests, Some(1));
    assert!(receiver.is_left_alone());
}

#[tokio::test]
async fn a_server_without_a_way_out_has_none_for_plugins() {
    let mut receiver = Receiver::empty().await;
    let stage = Stage::with("http_guest", WasmSettings::default(), Secrets::default()).await;
    let requests = json!([{"authority": receiver.authority()}]);
    let execution = send(&stage, &[receiver.authority()], requests).await;
    assert_eq!(code(&execution), "HttpRequestDenied");
    assert!(execution.stderr.contains("no network"), "{execution:?}");
    assert!(receiver.is_left_alone());
}

/// Other ways to write an address, and other ports, against a grant of
/// `tracker.example.com` and of a host beside the receiver.
#[rstest]
#[case::another_port("127.0.0.1")]
#[case::decimal("2130706433:PORT")]
#[case::hexadecimal("0x7f.1:PORT")]
#[case::octal("0177.0.0.1:PORT")]
#[case::short("127.1:PORT")]
#[case::ipv6("[::1]:PORT")]
#[case::mapped("[::ffff:127.0.0.1]:PORT")]
#[case::localhost("localhost:PORT")]
#[case::dot_at_the_end("127.0.0.1.:PORT")]
#[case::user("tracker.example.com@127.0.0.1:PORT")]
#[case::user_and_password("u:p@127.0.0.1:PORT")]
#[case::suffix("tracker.example.com.127.0.0.1.nip.invalid:PORT")]
#[case::prefix("evil-tracker.example.com:PORT")]
#[case::idn("\u{ff54}racker.example.com:PORT")]
#[tokio::test]
async fn no_other_way_to_write_a_host_is_let_through(#[case] authority: &str) {
    let mut receiver = Receiver::empty().await;
    let authority = authority.replace("PORT", &receiver.port().to_string());
    let hosts = [
        "tracker.example.com".to_owned(),
        format!("tracker.example.com:{}", receiver.port()),
        format!("127.0.0.2:{}", receiver.port()),
    ];
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let stage = stage(Secrets::default()).await;
    let execution = send(&stage, &hosts, json!([{"authority": authority}])).await;
    let code = code(&execution);
    let is_refused = [
        "HttpRequestDenied",
        "HttpRequestUriInvalid",
        "authority refused",
    ];
    assert!(is_refused.contains(&code), "{authority}: {code}");
    assert!(receiver.is_left_alone());
}

/// Written otherwise, a granted address is the same address.
#[rstest]
#[case("2130706433")]
#[case("0x7f.1")]
#[tokio::test]
async fn a_granted_host_is_recognized_as_what_is_connected_to(#[case] host: &str) {
    let mut receiver = Receiver::empty().await;
    let stage = stage(Secrets::default()).await;
    let authority = format!("{host}:{}", receiver.port());
    let execution = send(
        &stage,
        &[receiver.authority()],
        json!([{"authority": authority}]),
    )
    .await;
    assert_eq!(answers(&execution)[0]["status"], 200, "{execution:?}");
    assert_eq!(receiver.request().headers["host"], receiver.authority());
}

#[tokio::test]
async fn upper_case_and_subdomains_are_what_they_are() {
    let mut receiver = Receiver::empty().await;
    let stage = stage(Secrets::default()).await;
    let port = receiver.port();
    for (granted, asked, reaches) in [
        (
            format!("localhost:{port}"),
            format!("LocalHost:{port}"),
            true,
        ),
        (
            format!("*.localhost:{port}"),
            format!("a.b.localhost:{port}"),
            true,
        ),
        (
            format!("*.localhost:{port}"),
            format!("localhost:{port}"),
            false,
        ),
        (
            format!("*.localhost:{port}"),
            format!("evillocalhost:{port}"),
            false,
        ),
    ] {
        let execution = send(&stage, &[&granted], json!([{"authority": asked}])).await;
        let answer = &answers(&execution)[0];
        let is_denied = answer["error"] == "HttpRequestDenied";
        assert_eq!(!is_denied, reaches, "{granted} {asked}: {answer}");
        if reaches && answer["status"] == 200 {
            receiver.request();
        }
        assert!(receiver.is_left_alone());
    }
}

#[rstest]
#[case::absolute_form(json!({"path": "http://127.0.0.1/elsewhere"}), "path refused")]
#[case::network_path(json!({"path": "//elsewhere.example.com/"}), "")]
#[case::host_header(json!({"headers": [["Host", "elsewhere.example.com"]]}), "header Host: HeaderError::Forbidden")]
#[case::connection(json!({"headers": [["connection", "upgrade"]]}), "header connection: HeaderError::Forbidden")]
#[case::chunked(json!({"headers": [["transfer-encoding", "chunked"]]}), "header transfer-encoding: HeaderError::Forbidden")]
#[case::proxy(json!({"headers": [["proxy-authorization", "x"]]}), "header proxy-authorization: HeaderError::Forbidden")]
#[case::te(json!({"headers": [["te", "trailers"]]}), "header te: HeaderError::Forbidden")]
#[case::expect(json!({"headers": [["expect", "100-continue"]]}), "header expect: HeaderError::Forbidden")]
#[case::line_break(json!({"headers": [["x", "a\r\nhost: evil"]]}), "header x: HeaderError::InvalidSyntax")]
#[case::tunnel(json!({"method": "CONNECT"}), "HttpRequestMethodInvalid")]
#[case::trace(json!({"method": "TRACE"}), "HttpRequestMethodInvalid")]
#[case::method(json!({"method": "GET / HTTP/1.1\r\nhost: evil\r\n\r\n"}), "method refused")]
#[case::ftp(json!({"scheme": "ftp"}), "HttpProtocolError")]
#[case::file(json!({"scheme": "file"}), "HttpProtocolError")]
#[tokio::test]
async fn no_part_of_a_request_says_who_else_is_asked(#[case] more: Value, #[case] expected: &str) {
    let mut receiver = Receiver::empty().await;
    let mut request = json!({"authority": receiver.authority()});
    let parts = request.as_object_mut().unwrap();
    parts.extend(more.as_object().unwrap().clone());
    let stage = stage(Secrets::default()).await;
    let execution = send(&stage, &[receiver.authority()], json!([request])).await;
    if expected.is_empty() {
        // A path is a path: it goes to the host that was granted.
        assert_eq!(answers(&execution)[0]["status"], 200, "{execution:?}");
        let received = receiver.request();
        assert_eq!(received.line, "GET //elsewhere.example.com/ HTTP/1.1");
        assert_eq!(received.headers["host"], receiver.authority());
    } else {
        assert_eq!(code(&execution), expected, "{request}");
    }
    assert!(receiver.is_left_alone());
}

#[rstest]
#[tokio::test]
async fn a_redirect_is_an_answer_and_where_it_leads_is_judged_again(
    #[values(301, 302, 303, 307, 308)] status: u16,
) {
    let mut elsewhere = Receiver::empty().await;
    let receiver = Receiver::answering(format!(
        "HTTP/1.1 {status} x\r\nlocation: http://{}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        elsewhere.authority()
    ))
    .await;
    let stage = stage(Secrets::default()).await;
    let requests = json!([
        {"authority": receiver.authority()},
        {"authority": elsewhere.authority()},
    ]);
    let execution = send(&stage, &[receiver.authority()], requests).await;
    let answers = answers(&execution);
    assert_eq!(answers[0]["status"], status);
    assert_eq!(
        answers[0]["headers"]["location"],
        format!("http://{}/", elsewhere.authority())
    );
    assert_eq!(answers[1]["error"], "HttpRequestDenied");
    assert!(elsewhere.is_left_alone());
}

#[rstest]
#[case("127.0.0.1")]
#[case("localhost")]
#[tokio::test]
async fn a_grant_does_not_open_what_the_operator_keeps_closed(#[case] host: &str) {
    let mut receiver = Receiver::empty().await;
    let stage = stage_in(NetworkPolicy::default(), Secrets::default()).await;
    let authority = format!("{host}:{}", receiver.port());
    let execution = send(&stage, &[&authority], json!([{"authority": authority}])).await;
    assert_eq!(code(&execution), "DestinationIpProhibited");
    assert!(
        execution.stderr.contains("--allow-private-network"),
        "{}",
        execution.stderr
    );
    assert!(receiver.is_left_alone());
}

#[tokio::test]
async fn metadata_services_are_never_reached() {
    let stage = stage(Secrets::default()).await;
    let requests = json!([{"authority": "169.254.169.254", "path": "/latest/meta-data/"}]);
    let execution = send(&stage, &["169.254.169.254"], requests).await;
    assert_eq!(code(&execution), "DestinationIpProhibited");
}

#[tokio::test]
async fn a_grant_that_can_never_be_given_is_seen_when_the_hook_is_saved() {
    let config = json!({"plugin": "p@1.0.0", "grants": {"http": [
        "tracker.example.com", "127.0.0.1:80", "169.254.169.254", "localhost:8080", "*.studio.lan",
    ]}});
    let HookConfig::Wasm(config) = HookConfig::parse(HookType::Wasm, config).unwrap() else {
        unreachable!()
    };
    let pointers = |stage: &Stage| -> Vec<String> {
        let found = stage.runner.check_grants(&config.grants);
        found.map_or_else(
            |invalid| invalid.0.into_iter().map(|error| error.pointer).collect(),
            |()| Vec::new(),
        )
    };
    let http = |i: usize| format!("/config/grants/http/{i}");
    let closed = stage_in(NetworkPolicy::default(), Secrets::default()).await;
    assert_eq!(pointers(&closed), [http(1), http(2), http(3)]);
    assert_eq!(pointers(&stage(Secrets::default()).await), [http(2)]);
    let none = Stage::with("http_guest", WasmSettings::default(), Secrets::default()).await;
    assert_eq!(pointers(&none).len(), 5);
}
