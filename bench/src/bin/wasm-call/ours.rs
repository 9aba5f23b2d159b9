//! The call through the runner.

use crate::scenario::Scenario;
use anyhow::{Result, ensure};
use bytes::Bytes;
use serde_json::json;
use stagehook_core::config::{HookConfig, HookType, WasmConfig};
use stagehook_core::contract::{HookInput, HookRef, JobRef, SCHEMA, TriggerRef};
use stagehook_core::ids::{ExecutionId, HookId, JobId, ProjectId, SceneTypeId};
use stagehook_core::scope::ScopeType;
use stagehook_core::trigger::HookPoint;
use stagehook_runners::wasm::{PreparedPlugin, WasmRunner, WasmSettings};
use stagehook_runners::{Invocation, Secrets};
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
            metadata: scenario.metadata.clone(),
            scene_context: serde_json::Map::new(),
            hook_config: json!({}),
            data: None,
            attempt: 1,
            deadline_ms: 30_000,
            dry_run: false,
            previous_results: Vec::new(),
            inherited: None,
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
