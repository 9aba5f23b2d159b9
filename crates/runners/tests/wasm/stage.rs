//! What every test needs: a runner, a component, a way to call it.

use bytes::Bytes;
use serde_json::{Map, Value, json};
use stagehook_core::config::{HookConfig, HookType, WasmConfig};
use stagehook_core::contract::{HookInput, HookRef, JobRef, SCHEMA, TriggerRef};
use stagehook_core::execution::Execution;
use stagehook_core::ids::{ExecutionId, HookId, JobId, ProjectId, SceneTypeId};
use stagehook_core::scope::ScopeType;
use stagehook_core::trigger::HookPoint;
use stagehook_runners::wasm::{PreparedPlugin, WasmRunner, WasmSettings};
use stagehook_runners::{Invocation, Secrets};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(crate) const MIB: u64 = 1 << 20;

/// Where cargo puts what it builds.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        PathBuf::from,
    )
}

/// A component that `make plugins` has built.
pub(crate) fn component(name: &str) -> Bytes {
    let path = target().join(format!("wasm32-wasip2/release/{name}.wasm"));
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: run `make plugins`", path.display()))
        .into()
}

/// A runner with a plugin that is ready.
pub(crate) struct Stage {
    pub(crate) runner: WasmRunner,
    pub(crate) plugin: PreparedPlugin,
}

impl Stage {
    pub(crate) async fn with(name: &str, settings: WasmSettings, secrets: Secrets) -> Self {
        let runner = WasmRunner::new(settings, secrets).unwrap();
        let plugin = runner.prepare(component(name)).await.unwrap();
        Self { runner, plugin }
    }

    /// The test guest, with directories below `root` to be granted.
    pub(crate) async fn below(root: &Path) -> Self {
        let settings = WasmSettings {
            media_roots: vec![root.to_owned()],
            ..WasmSettings::default()
        };
        Self::with("test_guest", settings, Secrets::default()).await
    }

    pub(crate) async fn new() -> Self {
        Self::with("test_guest", WasmSettings::default(), Secrets::default()).await
    }

    /// Runs with this config, in which `plugin` is filled in.
    pub(crate) async fn run(&self, config: Value) -> Execution {
        self.run_on(config, &input()).await
    }

    pub(crate) async fn run_on(&self, config: Value, input: &HookInput) -> Execution {
        let never = CancellationToken::new();
        self.run_until(config, input, &never).await
    }

    pub(crate) async fn run_until(
        &self,
        config: Value,
        input: &HookInput,
        cancel: &CancellationToken,
    ) -> Execution {
        let config = wasm_config(config);
        let input_json = serde_json::to_string(input).unwrap();
        let invocation = Invocation {
            input,
            input_json: &input_json,
            timeout: Duration::from_mins(1),
            cancel,
        };
        self.runner
            .run(&config, &self.plugin, invocation)
            .await
            .unwrap()
    }

    /// Runs with these settings and nothing else.
    pub(crate) async fn act(&self, settings: Value) -> Execution {
        self.run(json!({"settings": settings})).await
    }
}

fn wasm_config(mut config: Value) -> WasmConfig {
    config["plugin"] = json!("test-guest@0.1.0");
    match HookConfig::parse(HookType::Wasm, config) {
        Ok(HookConfig::Wasm(config)) => config,
        other => panic!("no config of a wasm hook: {other:?}"),
    }
}

pub(crate) fn input() -> HookInput {
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

/// What the guest found when it reached out.
pub(crate) fn found(execution: &Execution) -> &Map<String, Value> {
    match &execution.result {
        Some(result) => &result.metadata,
        None => panic!("no result: {execution:?}"),
    }
}
