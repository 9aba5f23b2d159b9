//! What a call is given.

use std::path::Path;

use serde_json::Value;

use crate::{Context, Failure};

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

    /// The results of the hooks that ran before this one in the same stage run.
    pub fn previous_results(&self) -> Vec<Value> {
        serde_json::from_str(&self.context.previous_results).unwrap_or_default()
    }

    /// The result of the hook that this one extends.
    pub fn inherited(&self) -> Option<Value> {
        parse(self.context.inherited.as_deref())
    }

    /// The data of the event that triggered the hook.
    pub fn event_data(&self) -> Option<Value> {
        parse(self.context.data.as_deref())
    }
}

fn parse(text: Option<&str>) -> Option<Value> {
    text.and_then(|text| serde_json::from_str(text).ok())
}
