//! The trait that a plugin implements.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Failure, Input, Manifest, Outcome, Problem};

/// A plugin. Exported with [`export!`](crate::export!).
pub trait Plugin {
    /// The `settings` object of the hook's configuration. Use [`NoSettings`]
    /// where there are none.
    type Settings: DeserializeOwned;

    /// What the plugin is. Must always answer the same.
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

/// The settings of a plugin that has none. Any key is refused.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}
