//! A hook to run: its input, and the plugin that it names.

use bytes::Bytes;
use serde_json::{Map, Value, json};
use stagehook_core::config::{HookConfig, HookType, WasmConfig};
use stagehook_core::contract::{HookInput, HookRef, JobRef, SCHEMA, TriggerRef};
use stagehook_core::ids::{ExecutionId, HookId, JobId, ProjectId, SceneTypeId};
use stagehook_core::scope::ScopeType;
use stagehook_core::trigger::HookPoint;
use std::path::{Path, PathBuf};

/// What a hook is told that runs after a segment of a job.
pub fn input() -> HookInput {
    HookInput {
        schema: SCHEMA.to_owned(),
        execution_id: ExecutionId::generate(),
        hook: HookRef {
            id: HookId::new(7),
            name: "color_grade".to_owned(),
            version: 3,
            source: ScopeType::Project,
        },
        job: Some(JobRef {
            id: JobId::new(42),
            project_id: ProjectId::new(1),
            scene_type_id: Some(SceneTypeId::new(3)),
            external_ref: Some("shot_010".to_owned()),
        }),
        trigger: TriggerRef::Stage {
            hook_point: HookPoint::PostSegment,
        },
        segment_path: None,
        metadata: Map::new(),
        scene_context: Map::new(),
        hook_config: json!({}),
        data: None,
        attempt: 1,
        deadline_ms: 30_000,
        dry_run: false,
        previous_results: Vec::new(),
        inherited: None,
    }
}

/// The config of a hook that runs a plugin, which is filled in.
///
/// # Panics
///
/// When it is none.
pub fn wasm_config(mut config: Value) -> WasmConfig {
    config["plugin"] = json!("test-guest@0.1.0");
    match HookConfig::parse(HookType::Wasm, config) {
        Ok(HookConfig::Wasm(config)) => config,
        other => panic!("no config of a wasm hook: {other:?}"),
    }
}

/// A component that `make plugins` has built; the name of its crate, with `_`.
///
/// # Panics
///
/// Where it has not.
pub fn component(name: &str) -> Bytes {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        PathBuf::from,
    );
    let path = target.join(format!("wasm32-wasip2/release/{name}.wasm"));
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: run `make plugins`", path.display()))
        .into()
}
