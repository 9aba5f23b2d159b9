//! A script that is brought to the runner, instead of being found on the disk.

use super::script::{Beside, Script};
use bytes::Bytes;
use stagehook_core::config::ScriptPath;
use stagehook_core::digest::Digest;

/// A script, as whoever calls the runner has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroughtScript {
    /// What it says.
    pub content: Bytes,
    /// What it finds beside itself, to import or to source: names without a `/`,
    /// other than its own, and what they say.
    pub beside: Vec<(String, Bytes)>,
}

impl BroughtScript {
    /// What the script with a path says, or one in the same folder; `own` is the
    /// path of the script itself.
    pub(super) fn content_of(&self, own: &ScriptPath, path: &ScriptPath) -> Option<&Bytes> {
        if path == own {
            return Some(&self.content);
        }
        let ((folder, name), (own_folder, _)) = (path.split(), own.split());
        let found = self.beside.iter().find(|(beside, _)| beside == name);
        found
            .filter(|_| folder == own_folder)
            .map(|(_, content)| content)
    }

    /// The same as if it had been found under this path.
    pub(super) fn under(self, path: &ScriptPath) -> Script {
        Script {
            name: path.split().1.to_owned(),
            digest: Digest::of(&self.content),
            content: self.content.into(),
            beside: Beside::Brought(self.beside),
        }
    }
}
