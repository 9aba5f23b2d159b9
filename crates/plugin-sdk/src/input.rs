//! What a call is given.

use std::path::Path;

use serde_json::Value;

use crate::{Context, Failure, PreviousResult};

/// What a call is given: who calls and why, the stage data, the settings.
#[derive(Debug, Clone)]
pub struct Input<S> {
    /// Who calls, why, and for how long.
    pub context: Context,
    /// The stage's metadata, a JSON object.
    pub metadata: Value,
    /// What the pipeline knows of the scene, a JSON object.
    pub scene_context: Value,
    /// The hook's settings.
    pub settings: S,
}

impl<S> Input<S> {
    /// The media file of the stage, as a path that `std::fs` can open.
    ///
    /// # Errors
    ///
    /// Where the stage has no segment, or the hook does not grant it.
    pub fn segment(&self) -> Result<&Path, Failure> {
        self.context
            .segment_path
            .as_deref()
            .map(Path::new)
            .ok_or_else(|| {
                Failure::new(
                    "there is no segment to read: the stage must name a segment_path, and the \
                     hook must grant it with \"segment\": \"read\"",
                )
            })
    }

    /// What the hooks that ran before this one in the same stage run came to, in
    /// the order in which they ran.
    pub fn previous_results(&self) -> &[PreviousResult] {
        &self.context.previous_results
    }

    /// What the last hook of this name came to, in the same stage run.
    pub fn previous(&self, hook: &str) -> Option<&PreviousResult> {
        self.context
            .previous_results
            .iter()
            .rfind(|previous| previous.hook.name == hook)
    }

    /// What the hook that this one extends came to.
    pub fn inherited(&self) -> Option<&PreviousResult> {
        self.context.inherited.as_ref()
    }

    /// The data of the event that triggered the hook.
    pub fn event_data(&self) -> Option<Value> {
        let data = self.context.data.as_deref()?;
        serde_json::from_str(data).ok()
    }
}
