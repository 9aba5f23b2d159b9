//! Requests in native tests.

#![cfg(feature = "http")]

use stagehook_plugin_sdk::http::{Error, Request, Response};
use stagehook_plugin_sdk::testing::Host;
use stagehook_plugin_sdk::{Failure, json};

fn note(url: &str) -> Result<u64, Failure> {
    let response = Request::post(url)
        .header("authorization", "Bearer {{secret:tracker_token}}")
        .json(&json!({"text": "rendered"}))
        .send()?
        .error_for_status()?;
    let answer: stagehook_plugin_sdk::Value = response.json()?;
    answer["id"].as_u64().ok_or_else(|| Failure::new("no id"))
}

#[test]
fn a_request_is_answered_and_recorded() {
    let host = Host::new().on_request(|request| {
        assert_eq!(request.method(), "POST");
        Ok(Response::new(201)
            .with_header("Content-Type", "application/json")
            .with_body(r#"{"id": 7}"#))
    });
    assert_eq!(note("https://tracker.example.com/notes"), Ok(7));
    let requests = host.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].url(), "https://tracker.example.com/notes");
    assert_eq!(requests[0].body_bytes(), br#"{"text":"rendered"}"#);
    assert_eq!(
        requests[0].headers(),
        [
            ("authorization", "Bearer {{secret:tracker_token}}"),
            ("content-type", "application/json")
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[test]
fn what_may_be_tried_again_says_so_and_nothing_leaks() {
    let url = "https://user:hunter2@tracker.example.com:8443/notes?token=hunter2#hunter2";
    let target = "POST https://tracker.example.com:8443/notes";

    let denied = note(url).unwrap_err();
    assert!(!denied.retryable);
    assert!(
        denied
            .message
            .starts_with(&format!("{target}: the request was denied"))
    );

    for (status, retryable) in [(503, true), (429, true), (404, false), (302, false)] {
        let _host = Host::new().on_request(move |_| Ok(Response::new(status)));
        let failure = note(url).unwrap_err();
        assert_eq!(failure.message, format!("{target}: answered with {status}"));
        assert_eq!(failure.retryable, retryable, "{status}");
    }

    let _host = Host::new().on_request(|_| {
        Err(Error::Failed {
            target: "POST https://tracker.example.com".to_owned(),
            detail: "connection-refused".to_owned(),
            retryable: true,
        })
    });
    assert!(note(url).unwrap_err().retryable);
}

#[test]
fn a_body_that_is_no_json_is_not_sent() {
    let host = Host::new();
    let keys = std::collections::BTreeMap::from([((1, 2), 3)]);
    let error = Request::put("https://tracker.example.com/")
        .json(&keys)
        .send()
        .unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error}");
    assert_eq!(host.requests(), []);
}
