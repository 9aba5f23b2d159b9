//! Hooks to try the rules on.

use serde_json::{Value, json};
use stagehook_core::config::{HookConfig, HookType};
use stagehook_core::hook::{Hook, HookRequest, HookSpec};
use stagehook_core::ids::HookId;
use stagehook_core::invalid::from_value;
use stagehook_core::scope::Scope;
use stagehook_core::trigger::{HookPoint, Trigger};
use stagehook_core::verdict::FailureMode;
use std::sync::Arc;

/// An enabled studio hook at `post_segment`.
pub(crate) fn hook(id: i64, name: &str) -> Hook {
    Hook {
        id: HookId::new(id),
        spec: HookSpec {
            name: name.to_owned(),
            description: String::new(),
            trigger: Trigger::Stage(HookPoint::PostSegment),
            scope: Scope::Studio,
            failure_mode: FailureMode::Warn,
            config: HookConfig::parse(HookType::Shell, json!({"script_path": "a.sh"})).unwrap(),
            sort_order: 0,
            enabled: true,
            extends: false,
        },
        created_by: "admin".to_owned(),
        created_at: chrono::DateTime::UNIX_EPOCH,
        updated_at: chrono::DateTime::UNIX_EPOCH,
        version: 1,
    }
}

/// The same hook, changed.
pub(crate) fn hook_with(id: i64, name: &str, change: impl FnOnce(&mut HookSpec)) -> Arc<Hook> {
    let mut hook = hook(id, name);
    change(&mut hook.spec);
    Arc::new(hook)
}

/// A request that is right in every part.
pub(crate) fn request() -> Value {
    json!({
        "name": "color_grade",
        "hook_type": "shell",
        "hook_point": "post_segment",
        "scope_type": "studio",
        "config": {"script_path": "color_grade.sh"},
    })
}

/// The pointers of everything that is wrong with a request; empty when nothing is.
pub(crate) fn pointers(request: Value) -> Vec<String> {
    match from_value::<HookRequest>(request).and_then(HookRequest::check) {
        Ok(_) => Vec::new(),
        Err(invalid) => invalid.0.into_iter().map(|error| error.pointer).collect(),
    }
}
