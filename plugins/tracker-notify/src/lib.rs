//! A plugin that tells a production tracker what a job has come to.
//!
//! It sends one request to the URL of its settings, with a JSON body:
//!
//! ```json
//! {
//!   "execution_id": "0199…", "trigger": {"hook_point": "post_segment"},
//!   "job": {"id": 42, "project_id": 1, "external_ref": "shot_010"},
//!   "segment": "seg_003.mp4", "status": "failed",
//!   "hooks": [{"name": "loudness", "status": "failed", "message": "-9 LUFS"}],
//!   "fields": {"duration": 5.28}
//! }
//! ```
//!
//! The token is a secret that the host puts into the header `Authorization` on
//! its way out; the plugin only writes `{{secret:tracker_token}}`.

mod body;
mod settings;
mod url;

pub use settings::{Method, Settings};

use stagehook_plugin_sdk::http::{Error, Request, Response};
use stagehook_plugin_sdk::{
    Capability, Failure, Input, Manifest, Outcome, Plugin, Problem, Trigger, Value, export, json,
    manifest,
};
use std::time::Duration;

/// Most of a refusal's body that is shown, in characters.
const SHOWN_CHARS: usize = 300;
const RESPONSE_MAX_BYTES: usize = 1 << 20;

/// The plugin itself.
#[derive(Debug)]
pub struct TrackerNotify;

impl Plugin for TrackerNotify {
    type Settings = Settings;

    fn manifest() -> Manifest {
        manifest!().wants(
            Capability::Http,
            "to tell the tracker: grant its host, and its token with http_secrets",
        )
    }

    fn run(input: Input<Settings>) -> Result<Outcome, Failure> {
        let settings = &input.settings;
        let url = url::filled(&settings.url, &input)?;
        let body = body::of(&input);
        if input.context.dry_run {
            let method = settings.method.name();
            let target = url.split('?').next().unwrap_or_default();
            return Ok(Outcome::skip(format!(
                "dry run: {method} {target} is not sent"
            )));
        }
        let mut request = Request::new(settings.method.name(), url)
            .header("accept", "application/json")
            // The same for every attempt at one event, so that a tracker that
            // has seen it does nothing twice.
            .header("idempotency-key", idempotency_key(&input))
            .timeout(Duration::from_secs(settings.timeout_seconds))
            .max_response_bytes(RESPONSE_MAX_BYTES)
            .json(&body);
        if let Some(authorization) = &settings.authorization {
            request = request.header("authorization", authorization);
        }
        for (name, value) in &settings.headers {
            request = request.header(name, value);
        }
        let response = request.send()?;
        if !response.is_success() {
            return Err(refused(response));
        }
        Ok(told(&response, settings))
    }

    fn check_settings(settings: &Settings) -> Vec<Problem> {
        settings.problems()
    }
}

fn idempotency_key(input: &Input<Settings>) -> &str {
    match &input.context.trigger {
        Trigger::Event(event) => &event.id,
        Trigger::Stage(_) => &input.context.execution_id,
    }
}

/// Busy and broken trackers are asked again; one that says no is not.
fn refused(response: Response) -> Failure {
    let status = response.status();
    let text: String = response.text().trim().chars().take(SHOWN_CHARS).collect();
    let said = match response.error_for_status() {
        Err(error @ Error::Status { .. }) => error.to_string(),
        _ => format!("answered with {status}"),
    };
    let message = if text.is_empty() {
        said
    } else {
        format!("{said}: {text}")
    };
    Failure {
        message,
        retryable: status >= 500 || status == 429 || status == 408,
    }
}

fn told(response: &Response, settings: &Settings) -> Outcome {
    let status = response.status();
    let mut tracker = json!({"status": status});
    let answer: Value = response.json().unwrap_or_default();
    for (name, pointer) in &settings.keep {
        if let Some(value) = answer.pointer(pointer) {
            tracker[name] = value.clone();
        }
    }
    Outcome::pass()
        .message(format!("the tracker answered with {status}"))
        .patch(&json!({"tracker": tracker}))
        .metric("tracker_status", f64::from(status))
}

export!(TrackerNotify);
