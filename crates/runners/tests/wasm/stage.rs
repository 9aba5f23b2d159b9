//! What every test needs: a runner, a component, a way to call it.

use serde_json::{Map, Value, json};
use stagehook_core::contract::HookInput;
use stagehook_core::execution::Execution;
use stagehook_runners::wasm::{PreparedPlugin, WasmRunner, WasmSettings};
use stagehook_runners::{Invocation, Secrets};
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(crate) use stagehook_test_support::hook::{component, input, wasm_config};

pub(crate) const MIB: u64 = 1 << 20;

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

/// What the guest found when it reached out.
pub(crate) fn found(execution: &Execution) -> &Map<String, Value> {
    match &execution.result {
        Some(result) => &result.metadata,
        None => panic!("no result: {execution:?}"),
    }
}
