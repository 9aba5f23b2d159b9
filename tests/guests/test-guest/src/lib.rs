//! The plugin that the tests make behave and misbehave.
//!
//! The hook's settings say what to do: `{"do": "sleep", "ms": 60000}`. Every way
//! is a [`Behaviour`], and what was found is answered as the patch.

mod behaviour;
mod hostile;
mod reach;

use stagehook_plugin_sdk::{Failure, Input, Manifest, Outcome, Plugin, Problem, export, json};

pub use behaviour::Behaviour;

/// The plugin itself.
#[derive(Debug)]
pub struct TestGuest;

impl Plugin for TestGuest {
    type Settings = Behaviour;

    fn manifest() -> Manifest {
        Manifest::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
            .description("Behaves and misbehaves as its settings say.")
            .settings_schema(&json!({
                "type": "object",
                "properties": {"do": {"type": "string"}},
                "required": ["do"]
            }))
    }

    fn run(input: Input<Behaviour>) -> Result<Outcome, Failure> {
        input.settings.clone().act(&input)
    }

    fn check_settings(settings: &Behaviour) -> Vec<Problem> {
        settings.check()
    }
}

export!(TestGuest);
