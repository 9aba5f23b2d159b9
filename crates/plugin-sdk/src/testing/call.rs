//! Calls as the host makes them, with settings as JSON.

use serde_json::Value;

use super::InputBuilder;
use crate::adapter::Adapter;
use crate::bindings::exports::stagehook::hook::handler::Guest;
use crate::{Failure, Manifest, Outcome, Plugin, Problem};

/// Runs a plugin with settings as they stand in a hook's configuration:
/// `run::<MyPlugin>(testing::input(json!({…})))`.
///
/// # Errors
///
/// What the plugin answers, and settings that are not of its type.
pub fn run<P: Plugin>(input: InputBuilder<Value>) -> Result<Outcome, Failure> {
    let input = input.build();
    Adapter::<P>::run(
        input.context,
        input.metadata.to_string(),
        input.scene_context.to_string(),
        input.settings.to_string(),
    )
}

/// What the plugin says about itself, with the schema of its settings.
pub fn describe<P: Plugin>() -> Manifest {
    Adapter::<P>::describe()
}

/// Has the plugin check settings as they stand in a hook's configuration.
///
/// # Errors
///
/// Everything that is wrong with them.
pub fn check_settings<P: Plugin>(settings: &Value) -> Result<(), Vec<Problem>> {
    Adapter::<P>::check_settings(settings.to_string())
}
