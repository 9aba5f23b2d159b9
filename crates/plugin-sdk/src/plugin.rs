//! The trait that a plugin implements.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Failure, Input, Manifest, Outcome, Problem};

/// A plugin. Exported with [`export!`](crate::export!).
pub trait Plugin {
    /// The `settings` object of the hook's configuration. Use [`NoSettings`]
    /// where there are none.
    ///
    /// Its JSON Schema, derived, is the manifest's: forms are made from it, and
    /// hooks whose settings do not fit it are refused when they are saved.
    type Settings: DeserializeOwned + JsonSchema;

    /// What the plugin is: [`manifest!`](crate::manifest!) and what it wants.
    /// Must always answer the same.
    fn manifest() -> Manifest;

    /// Runs the hook.
    ///
    /// # Errors
    ///
    /// [`Failure`] where the plugin could not do its work. Media that does not
    /// pass is no error: answer [`Outcome::fail`].
    fn run(input: Input<Self::Settings>) -> Result<Outcome, Failure>;

    /// Checks settings beyond what their type says, when a hook is saved.
    fn check_settings(settings: &Self::Settings) -> Vec<Problem> {
        let _ = settings;
        Vec::new()
    }
}

/// No settings. Any key is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}
