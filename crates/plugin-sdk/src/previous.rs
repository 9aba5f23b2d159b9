//! What other hooks of the same stage run came to.

use serde_json::Value;

use crate::{Annotation, ExecutionStatus, Outcome, PreviousResult};

impl ExecutionStatus {
    /// Whether the pipeline is content with it.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Passed | Self::Skipped)
    }
}

impl PreviousResult {
    /// The remarks that it made.
    pub fn annotations(&self) -> &[Annotation] {
        self.result
            .as_ref()
            .map_or(&[], |result| result.annotations.as_slice())
    }

    /// Its own patch to the metadata, an object; `null` where it made none.
    pub fn patch(&self) -> Value {
        self.result
            .as_ref()
            .map_or(Value::Null, Outcome::patch_value)
    }

    /// What it measured under this name.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let metrics = &self.result.as_ref()?.metrics;
        let metric = metrics.iter().find(|metric| metric.name == name)?;
        Some(metric.value)
    }
}
