//! A hook about to be created.

use crate::studio::{Hook, Studio};
use serde_json::{Value, json};

/// A hook about to be created: at `post_segment`, for the studio, unless said
/// otherwise.
#[derive(Debug, Clone)]
pub struct HookDraft {
    body: Value,
}

impl HookDraft {
    /// A hook of this type.
    pub fn new(name: &str, hook_type: &str, config: Value) -> Self {
        let mut body = json!({
            "name": name,
            "hook_type": hook_type,
            "hook_point": "post_segment",
            "scope_type": "studio",
        });
        body["config"] = config;
        Self { body }
    }

    /// With a field of its request.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.body[key] = value.into();
        self
    }

    /// Without a field of its request.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.body.as_object_mut().unwrap().remove(key);
        self
    }

    /// With a key of its config.
    #[must_use]
    pub fn config(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.body["config"][key] = value.into();
        self
    }

    /// At another hook point.
    #[must_use]
    pub fn at(self, hook_point: &str) -> Self {
        self.with("hook_point", hook_point)
    }

    /// For events instead of a stage.
    #[must_use]
    pub fn on_event(self, pattern: &str) -> Self {
        self.without("hook_point").with("event", pattern)
    }

    /// For one project.
    #[must_use]
    pub fn in_project(self, id: i64) -> Self {
        self.with("scope_type", "project").with("scope_id", id)
    }

    /// For one scene type.
    #[must_use]
    pub fn in_scene_type(self, id: i64) -> Self {
        self.with("scope_type", "scene_type").with("scope_id", id)
    }

    /// In this place.
    #[must_use]
    pub fn order(self, sort_order: i64) -> Self {
        self.with("sort_order", sort_order)
    }

    /// Its failure halts the stage.
    #[must_use]
    pub fn blocks(self) -> Self {
        self.with("failure_mode", "block")
    }

    /// Its failure is in the log alone.
    #[must_use]
    pub fn ignored(self) -> Self {
        self.with("failure_mode", "ignore")
    }

    /// It does not run, and switches off what it overrides.
    #[must_use]
    pub fn disabled(self) -> Self {
        self.with("enabled", false)
    }

    /// What it overrides runs first.
    #[must_use]
    pub fn extends(self) -> Self {
        self.with("extends", true)
    }

    /// Its request.
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// Creates it.
    pub async fn create(self, studio: &Studio) -> Hook {
        let document = studio.post("/hooks", &self.body).await.expect(201);
        Hook::of(document)
    }
}
