//! The call through the runner.

use crate::scenario::Scenario;
use anyhow::{Result, ensure};
use bytes::Bytes;
use serde_json::json;
use stagehook_core::config::{HookConfig, HookType, WasmConfig};
use stagehook_core::contract::HookInput;
use stagehook_runners::wasm::{PreparedPlugin, WasmRunner, WasmSettings};
use stagehook_runners::{Invocation, Secrets};
use stagehook_test_support::hook;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(crate) struct Ours {
    runner: WasmRunner,
    plugin: PreparedPlugin,
    cancel: CancellationToken,
}

pub(crate) struct Call {
    config: WasmConfig,
    input: HookInput,
    input_json: String,
}

impl Call {
    pub(crate) fn new(scenario: &Scenario) -> Result<Self> {
        let config = json!({"plugin": "count@0.1.0"});
        let HookConfig::Wasm(config) = HookConfig::parse(HookType::Wasm, config)? else {
            anyhow::bail!("a wasm hook has a wasm config");
        };
        let input = HookInput {
            metadata: scenario.metadata.clone(),
            ..hook::input()
        };
        Ok(Self {
            input_json: serde_json::to_string(&input)?,
            config,
            input,
        })
    }
}

impl Ours {
    pub(crate) async fn new(component: Bytes) -> Result<Self> {
        let runner = WasmRunner::new(WasmSettings::default(), Secrets::default())?;
        let plugin = runner.prepare(component).await?;
        Ok(Self {
            runner,
            plugin,
            cancel: CancellationToken::new(),
        })
    }

    pub(crate) async fn call(&self, call: &Call) -> Result<()> {
        let invocation = Invocation {
            input: &call.input,
            input_json: &call.input_json,
            timeout: Duration::from_secs(30),
            cancel: &self.cancel,
        };
        let execution = self
            .runner
            .run(&call.config, &self.plugin, invocation)
            .await?;
        ensure!(execution.status.is_success(), "{execution:?}");
        Ok(())
    }
}
