//! Short ways to make what a plugin answers.

use serde_json::Value;

use crate::{
    Annotation, AnnotationLevel, Artifact, Capability, Failure, Manifest, Metric, Outcome, Problem,
    Status, WantedCapability,
};

impl Outcome {
    fn new(status: Status, message: Option<String>) -> Self {
        Self {
            status,
            message,
            annotations: Vec::new(),
            metadata: None,
            artifacts: Vec::new(),
            metrics: Vec::new(),
        }
    }

    /// Nothing stands in the way.
    pub fn pass() -> Self {
        Self::new(Status::Pass, None)
    }

    /// The media does not pass.
    pub fn fail(message: impl Into<String>) -> Self {
        Self::new(Status::Fail, Some(message.into()))
    }

    /// There was nothing to do.
    pub fn skip(message: impl Into<String>) -> Self {
        Self::new(Status::Skip, Some(message.into()))
    }

    /// A person has to look.
    pub fn needs_review(message: impl Into<String>) -> Self {
        Self::new(Status::NeedsReview, Some(message.into()))
    }

    /// Sets the line for people.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Sets the RFC 7396 merge patch to the stage's metadata: an object, in
    /// which `null` removes a key.
    #[must_use]
    pub fn patch(mut self, patch: &Value) -> Self {
        self.metadata = Some(patch.to_string());
        self
    }

    /// The patch as a value; `null` where there is none.
    pub fn patch_value(&self) -> Value {
        let patch = self.metadata.as_deref();
        patch
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    /// Adds a remark.
    #[must_use]
    pub fn annotate(mut self, annotation: Annotation) -> Self {
        self.annotations.push(annotation);
        self
    }

    /// Adds a file that the hook made.
    #[must_use]
    pub fn artifact(mut self, path: impl Into<String>, mime: Option<&str>) -> Self {
        self.artifacts.push(Artifact {
            path: path.into(),
            mime: mime.map(str::to_owned),
        });
        self
    }

    /// Adds a measurement, a finite number.
    #[must_use]
    pub fn metric(mut self, name: impl Into<String>, value: f64) -> Self {
        self.metrics.push(Metric {
            name: name.into(),
            value,
        });
        self
    }
}

impl Annotation {
    /// A remark about the whole.
    pub fn new(level: AnnotationLevel, message: impl Into<String>) -> Self {
        Self {
            level,
            code: None,
            message: message.into(),
            path: None,
            start_ms: None,
            end_ms: None,
        }
    }

    /// Worth knowing.
    pub fn info(message: impl Into<String>) -> Self {
        Self::new(AnnotationLevel::Info, message)
    }

    /// Worth a look.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(AnnotationLevel::Warning, message)
    }

    /// Wrong.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(AnnotationLevel::Error, message)
    }

    /// Names the kind of the remark for machines.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Names the file that the remark is about.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Names the part of the media that the remark is about, in milliseconds.
    #[must_use]
    pub fn between(mut self, start_ms: u64, end_ms: u64) -> Self {
        self.start_ms = Some(start_ms);
        self.end_ms = Some(end_ms);
        self
    }
}

impl Failure {
    /// Trying again would not help.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retryable: false,
        }
    }

    /// The same call may succeed later.
    pub fn retryable(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retryable: true,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl Manifest {
    /// A manifest with a name and a semantic version, and nothing else.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            description: String::new(),
            hook_points: Vec::new(),
            capabilities: Vec::new(),
            settings_schema: None,
        }
    }

    /// Sets the text for the catalogue.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Adds a hook point that the plugin is made for.
    #[must_use]
    pub fn hook_point(mut self, hook_point: impl Into<String>) -> Self {
        self.hook_points.push(hook_point.into());
        self
    }

    /// Adds a capability that the plugin wants, with the reason that is shown to
    /// the person who decides.
    #[must_use]
    pub fn wants(mut self, capability: Capability, reason: impl Into<String>) -> Self {
        self.capabilities.push(WantedCapability {
            capability,
            reason: reason.into(),
        });
        self
    }

    /// Sets the JSON Schema of the settings, where the one that is derived from
    /// their type is not the right one.
    #[must_use]
    pub fn settings_schema(mut self, schema: &Value) -> Self {
        self.settings_schema = Some(schema.to_string());
        self
    }
}

impl Problem {
    /// What is wrong at a JSON pointer into the settings.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }
}
