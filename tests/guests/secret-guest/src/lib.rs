//! A plugin that imports secrets, for tests of that grant. Answers, and prints,
//! the secret that its settings name.

use serde::Deserialize;
use stagehook_plugin_sdk::{
    Capability, Failure, Input, JsonSchema, Manifest, Outcome, Plugin, export, info, json,
    manifest, secret,
};

/// The plugin itself.
#[derive(Debug)]
pub struct SecretGuest;

/// Which secret to read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    name: String,
}

impl Plugin for SecretGuest {
    type Settings = Settings;

    fn manifest() -> Manifest {
        manifest!()
            .description("Reads a secret.")
            .wants(Capability::Secrets, "to read the secret that is asked for")
    }

    fn run(input: Input<Settings>) -> Result<Outcome, Failure> {
        let value = secret(&input.settings.name)
            .map_err(|error| Failure::new(format!("{}: {error}", input.settings.name)))?;
        info(&format!("the secret is {value}"));
        Ok(Outcome::pass().patch(&json!({"length": value.len()})))
    }
}

export!(SecretGuest);
