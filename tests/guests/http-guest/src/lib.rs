//! A plugin that sends the HTTP requests that its settings ask for, part by
//! part, so that nothing stands between a test and `wasi:http`. What came of
//! each is answered in the patch, as `{"status", "headers", "body"}` or as
//! `{"error": "…"}`.

#[cfg(target_family = "wasm")]
mod sending;

use serde::Deserialize;
use stagehook_plugin_sdk::{
    Capability, Failure, Input, JsonSchema, Manifest, Outcome, Plugin, Value, export, json,
    manifest,
};

/// The plugin itself.
#[derive(Debug)]
pub struct HttpGuest;

/// What to send.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// One after the other, or all before the first answer is looked at.
    requests: Vec<Request>,
    #[serde(default)]
    at_once: bool,
}

/// One request, in the parts that the interface knows.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    not(target_family = "wasm"),
    expect(dead_code, reason = "read in the sandbox")
)]
pub struct Request {
    #[serde(default = "get")]
    method: String,
    #[serde(default = "http")]
    scheme: String,
    authority: String,
    #[serde(default = "root")]
    path: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// A body of this text, or of this many bytes.
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    body_bytes: Option<usize>,
    #[serde(default)]
    first_byte_ms: Option<u64>,
    #[serde(default)]
    between_bytes_ms: Option<u64>,
    /// How often to send it.
    #[serde(default = "once")]
    times: usize,
}

fn get() -> String {
    "GET".to_owned()
}

fn http() -> String {
    "http".to_owned()
}

fn root() -> String {
    "/".to_owned()
}

fn once() -> usize {
    1
}

impl Plugin for HttpGuest {
    type Settings = Settings;

    fn manifest() -> Manifest {
        manifest!()
            .description("Sends HTTP requests.")
            .wants(Capability::Http, "to send the requests that are asked for")
    }

    fn run(input: Input<Settings>) -> Result<Outcome, Failure> {
        let answers = answers(&input.settings);
        Ok(Outcome::pass().patch(&json!({"answers": answers})))
    }
}

#[cfg(target_family = "wasm")]
fn answers(settings: &Settings) -> Vec<Value> {
    let requests = settings
        .requests
        .iter()
        .flat_map(|request| std::iter::repeat_n(request, request.times));
    if settings.at_once {
        let sent: Vec<_> = requests.map(sending::send).collect();
        sent.into_iter().map(sending::answered).collect()
    } else {
        requests
            .map(|request| sending::answered(sending::send(request)))
            .collect()
    }
}

#[cfg(not(target_family = "wasm"))]
fn answers(settings: &Settings) -> Vec<Value> {
    let outside = json!({"error": "only in the sandbox"});
    vec![outside; settings.requests.len() + usize::from(settings.at_once)]
}

export!(HttpGuest);
