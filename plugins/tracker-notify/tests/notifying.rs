//! What the tracker is told, and what its answers lead to.

use rstest::rstest;
use stagehook_plugin_sdk::http::{Error, Response};
use stagehook_plugin_sdk::testing::{self, Host, InputBuilder};
use stagehook_plugin_sdk::{ExecutionStatus, Outcome, Status, Value, json};
use tracker_notify::TrackerNotify;

const URL: &str = "https://tracker.example.com/api/shots/{external_ref}/{trigger}?job={job_id}";

fn input(settings: Value) -> InputBuilder<Value> {
    testing::input(settings).metadata(json!({"media": {"duration_seconds": 5.28}}))
}

fn patch(outcome: &Outcome) -> Value {
    outcome.metadata.as_deref().unwrap().parse().unwrap()
}

#[test]
fn the_tracker_is_told_and_its_answer_is_kept() {
    let host = Host::new()
        .on_request(|_| Ok(Response::new(201).with_body(r#"{"version": 7, "token": "x"}"#)));
    let settings = json!({
        "url": URL,
        "headers": {"x-studio": "stagehook"},
        "fields": {"duration": "/media/duration_seconds", "absent": "/nothing"},
        "keep": {"version": "/version"},
    });
    let call = input(settings)
        .segment("/segment/seg_003.mp4")
        .previous(testing::previous(
            "loudness",
            ExecutionStatus::Failed,
            Outcome::fail("-9 LUFS"),
        ))
        .previous(testing::previous(
            "naming",
            ExecutionStatus::Passed,
            Outcome::pass(),
        ));
    let outcome = testing::run::<TrackerNotify>(call).unwrap();
    assert_eq!(outcome.status, Status::Pass);
    assert_eq!(
        patch(&outcome),
        json!({"tracker": {"status": 201, "version": 7}})
    );

    let requests = host.requests();
    let [request] = requests.as_slice() else {
        panic!("{requests:?}")
    };
    assert_eq!(request.method(), "POST");
    assert_eq!(
        request.url(),
        "https://tracker.example.com/api/shots/shot_010/post_segment?job=42"
    );
    let header = |name: &str| {
        let mut values = request.headers().iter().filter(|(own, _)| own == name);
        values.next().map(|(_, value)| value.clone())
    };
    // The plugin writes where the token goes, and never has it.
    assert_eq!(
        header("authorization").unwrap(),
        "Bearer {{secret:tracker_token}}"
    );
    assert_eq!(header("x-studio").unwrap(), "stagehook");
    let body: Value = serde_json(request.body_bytes());
    assert_eq!(header("idempotency-key").unwrap(), body["execution_id"]);
    assert_eq!(
        body,
        json!({
            "execution_id": body["execution_id"],
            "trigger": {"hook_point": "post_segment"},
            "job": {"id": 42, "project_id": 1, "external_ref": "shot_010"},
            "segment": "seg_003.mp4",
            "status": "failed",
            "hooks": [
                {"name": "loudness", "status": "failed", "message": "-9 LUFS"},
                {"name": "naming", "status": "passed", "message": null},
            ],
            "fields": {"duration": 5.28},
        })
    );
}

fn serde_json(bytes: &[u8]) -> Value {
    stagehook_plugin_sdk::serde_json::from_slice(bytes).unwrap()
}

#[test]
fn an_event_is_told_with_its_data() {
    let host = Host::new().on_request(|_| Ok(Response::new(204)));
    let settings = json!({"url": "https://tracker.example.com/{trigger}", "method": "PUT", "authorization": null});
    let call = input(settings).event("job_failed", &json!({"reason": "peak"}));
    testing::run::<TrackerNotify>(call).unwrap();
    let request = &host.requests()[0];
    assert_eq!(request.method(), "PUT");
    assert_eq!(request.url(), "https://tracker.example.com/job_failed");
    assert!(
        !request
            .headers()
            .iter()
            .any(|(name, _)| name == "authorization")
    );
    let body = serde_json(request.body_bytes());
    assert_eq!(body["data"], json!({"reason": "peak"}));
    // A retry of the same event is known by its key.
    let key = request
        .headers()
        .iter()
        .find(|(name, _)| name == "idempotency-key");
    assert_eq!(key.unwrap().1, body["trigger"]["event_id"]);
}

#[rstest]
#[case::broken(500, true)]
#[case::not_implemented(501, true)]
#[case::busy(429, true)]
#[case::slow(408, true)]
#[case::moved(302, false)]
#[case::unauthorized(401, false)]
#[case::unknown(404, false)]
fn a_refusal_is_a_failure(#[case] status: u16, #[case] retryable: bool) {
    let _host = Host::new()
        .on_request(move |_| Ok(Response::new(status).with_body("no such shot".repeat(1_000))));
    let failure = testing::run::<TrackerNotify>(input(json!({"url": URL}))).unwrap_err();
    assert_eq!(failure.retryable, retryable);
    assert!(failure.message.contains(&status.to_string()), "{failure:?}");
    assert!(failure.message.contains("no such shot"), "{failure:?}");
    assert!(!failure.message.contains("?job="), "{failure:?}");
    assert!(failure.message.len() < 600, "{failure:?}");
}

#[test]
fn a_timeout_may_be_tried_again_and_a_denial_not() {
    for retryable in [true, false] {
        let _host = Host::new().on_request(move |request| {
            Err(Error::Failed {
                target: request.url().to_owned(),
                detail: "the time was over".to_owned(),
                retryable,
            })
        });
        let failure = testing::run::<TrackerNotify>(input(json!({"url": URL}))).unwrap_err();
        assert_eq!(failure.retryable, retryable);
    }
    let _host = Host::new();
    let failure = testing::run::<TrackerNotify>(input(json!({"url": URL}))).unwrap_err();
    assert!(!failure.retryable);
    assert!(failure.message.contains("denied"), "{failure:?}");
}

#[test]
fn a_dry_run_sends_nothing() {
    let host = Host::new().on_request(|_| Ok(Response::new(200)));
    let outcome = testing::run::<TrackerNotify>(input(json!({"url": URL})).dry_run()).unwrap();
    assert_eq!(outcome.status, Status::Skip);
    assert_eq!(host.requests(), []);
}

#[rstest]
#[case::encoded("sh 010/ü", Some("https://t.example.com/sh%20010%2F%C3%BC"))]
#[case::another_host("@evil.example.com", Some("https://t.example.com/%40evil.example.com"))]
#[case::up("..", None)]
#[case::empty("", None)]
fn values_stay_within_their_step_of_the_path(#[case] name: &str, #[case] expected: Option<&str>) {
    let host = Host::new().on_request(|_| Ok(Response::new(200)));
    let name = name.to_owned();
    let call = input(json!({"url": "https://t.example.com/{external_ref}"}))
        .context(|context| context.job.as_mut().unwrap().external_ref = Some(name));
    let answer = testing::run::<TrackerNotify>(call);
    if let Some(url) = expected {
        answer.unwrap();
        assert_eq!(host.requests()[0].url(), url);
    } else {
        let failure = answer.unwrap_err();
        assert!(failure.message.contains("no external_ref"), "{failure:?}");
        assert_eq!(host.requests(), []);
    }
}

#[test]
fn what_a_call_lacks_is_told() {
    let call = input(json!({"url": "https://t.example.com/{segment}"}));
    let failure = testing::run::<TrackerNotify>(call).unwrap_err();
    assert!(
        failure.message.contains("\"segment\": \"read\""),
        "{failure:?}"
    );
}

#[rstest]
#[case::fine(json!({"url": URL}), &[])]
#[case::no_url(json!({}), &[""])]
#[case::no_scheme(json!({"url": "tracker.example.com"}), &["/url"])]
#[case::another_scheme(json!({"url": "ftp://tracker.example.com"}), &["/url"])]
#[case::host_from_metadata(json!({"url": "https://{external_ref}/x"}), &["/url"])]
#[case::credentials(json!({"url": "https://me:pw@tracker.example.com/"}), &["/url"])]
#[case::unknown_place(json!({"url": "https://t.example.com/{token}"}), &["/url"])]
#[case::open_place(json!({"url": "https://t.example.com/{job_id"}), &["/url"])]
#[case::own_header(json!({"url": URL, "headers": {"Host": "x"}}), &["/headers/Host"])]
#[case::pointers(
    json!({"url": URL, "fields": {"a/b": "media"}, "keep": {"v": "v"}}),
    &["/fields/a~1b", "/keep/v"]
)]
#[case::timeout(json!({"url": URL, "timeout_seconds": 0}), &["/timeout_seconds"])]
fn wrong_settings_are_told_with_their_place(#[case] settings: Value, #[case] expected: &[&str]) {
    let problems = testing::check_settings::<TrackerNotify>(&settings)
        .err()
        .unwrap_or_default();
    let pointers: Vec<_> = problems
        .iter()
        .map(|problem| &problem.pointer[..])
        .collect();
    assert_eq!(pointers, expected, "{problems:?}");
}

#[test]
fn the_manifest_says_what_it_wants() {
    let manifest = testing::describe::<TrackerNotify>();
    assert_eq!(manifest.name, "tracker-notify");
    assert_eq!(manifest.capabilities.len(), 1);
    let schema: Value = manifest.settings_schema.unwrap().parse().unwrap();
    assert_eq!(schema["required"], json!(["url"]));
}
