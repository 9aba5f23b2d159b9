//! A plugin that imports secrets, for tests of that grant. Reads the secret that
//! its settings name, and says it as they ask for.

use std::io::Write as _;

use serde::Deserialize;
use stagehook_plugin_sdk::{
    Annotation, AnnotationLevel, Capability, Failure, Input, JsonSchema, Manifest, Outcome, Plugin,
    export, info, json, manifest, progress, secret,
};

/// The plugin itself.
#[derive(Debug)]
pub struct SecretGuest;

/// Which secret to read, and how to say it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    name: String,
    #[serde(default)]
    say: Say,
    /// Dots before it.
    #[serde(default)]
    before: usize,
    /// Dots after it.
    #[serde(default)]
    after: usize,
}

/// Where a secret is said.
#[derive(Debug, Default, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Say {
    /// In a message to the log.
    #[default]
    Log,
    /// On the standard output.
    Print,
    /// In a progress, before time is over.
    Progress,
    /// As why it failed.
    Failure,
    /// As what it found.
    Fail,
    /// In every text of an outcome.
    Outcome,
}

impl Plugin for SecretGuest {
    type Settings = Settings;

    fn manifest() -> Manifest {
        manifest!()
            .description("Reads a secret.")
            .wants(Capability::Secrets, "to read the secret that is asked for")
    }

    fn run(input: Input<Settings>) -> Result<Outcome, Failure> {
        let Settings {
            name,
            say,
            before,
            after,
        } = input.settings;
        let value = secret(&name).map_err(|error| Failure::new(format!("{name}: {error}")))?;
        let said = format!("{}{value}{}", ".".repeat(before), ".".repeat(after));
        match say {
            Say::Log => info(&said),
            Say::Print => std::io::stdout().write_all(said.as_bytes())?,
            Say::Progress => {
                progress(None, Some(&said));
                std::thread::sleep(std::time::Duration::from_mins(1));
            }
            Say::Failure => return Err(Failure::new(said)),
            Say::Fail => return Ok(Outcome::fail(said)),
            Say::Outcome => return Ok(everywhere(&said)),
        }
        Ok(Outcome::pass().patch(&json!({"length": value.len()})))
    }
}

fn everywhere(said: &str) -> Outcome {
    Outcome::pass()
        .message(said)
        .annotate(
            Annotation::new(AnnotationLevel::Info, said)
                .code(said)
                .path(said),
        )
        .patch(&json!({"said": said, "list": [said]}))
        .artifact(said, Some(said))
}

export!(SecretGuest);
