//! The call through nothing but wasmtime.

use crate::scenario::Scenario;
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use wasmtime::component::{Component, HasSelf, Linker, ResourceTable};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
    StoreLimits, StoreLimitsBuilder,
};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit/hook-0.2.0",
        world: "plugin-with-secrets",
        exports: { default: async },
    });
}

use bindings::stagehook::hook::{call, host, secrets, types};

const FUEL: u64 = 10_000_000_000;
const MEMORY_BYTES: usize = 128 << 20;
const SLOTS: u32 = 128;

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    limits: StoreLimits,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl types::Host for State {}

impl call::Host for State {}

impl host::Host for State {
    fn log(&mut self, _level: host::Level, _message: String) {}
    fn progress(&mut self, _fraction: Option<f32>, _message: Option<String>) {}
    fn remaining_ms(&mut self) -> u64 {
        30_000
    }
}

impl secrets::Host for State {
    fn get(&mut self, _name: String) -> Result<String, secrets::SecretError> {
        Err(secrets::SecretError::NotGranted)
    }
}

pub(crate) struct Bare {
    engine: Engine,
    plugin: bindings::PluginWithSecretsPre<State>,
    stop: Arc<AtomicBool>,
    ticker: Option<JoinHandle<()>>,
}

pub(crate) struct Call {
    context: call::Context,
    metadata: String,
    scene_context: String,
    settings: String,
}

impl Call {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            context: call::Context {
                execution_id: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
                hook: types::HookInfo {
                    id: 7,
                    name: "color_grade".to_owned(),
                    version: 3,
                    source: types::ScopeLevel::Project,
                },
                job: Some(types::JobInfo {
                    id: 42,
                    project_id: 1,
                    scene_type_id: Some(3),
                    external_ref: Some("shot_010".to_owned()),
                }),
                trigger: types::Trigger::Stage("post_segment".to_owned()),
                segment_path: None,
                attempt: 1,
                deadline_ms: 30_000,
                dry_run: false,
                previous_results: Vec::new(),
                inherited: None,
                data: None,
            },
            metadata: scenario.json.clone(),
            scene_context: "{}".to_owned(),
            settings: "{}".to_owned(),
        }
    }
}

impl Bare {
    pub(crate) fn new(component: &[u8]) -> Result<Self> {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(SLOTS)
            .total_stacks(SLOTS)
            .total_core_instances(SLOTS * 8)
            .total_memories(SLOTS * 2)
            .total_tables(SLOTS * 4)
            .max_memory_size(1 << 30)
            .table_elements(200_000)
            .max_unused_warm_slots(64)
            .decommit_batch_size(16)
            .linear_memory_keep_resident(1 << 20)
            .table_keep_resident(64 << 10)
            .pagemap_scan(Enabled::Auto);
        let mut config = Config::new();
        config
            .concurrency_support(false)
            .wasm_memory64(false)
            .consume_fuel(true)
            .epoch_interruption(true)
            .max_wasm_stack(1 << 20)
            .async_stack_size(2 << 20)
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        bindings::PluginWithSecrets::add_to_linker::<State, HasSelf<State>>(&mut linker, |s| s)?;
        let component = Component::from_binary(&engine, component)?;
        let plugin = bindings::PluginWithSecretsPre::new(linker.instantiate_pre(&component)?)?;
        let stop = Arc::new(AtomicBool::new(false));
        let ticker = std::thread::spawn({
            let (engine, stop) = (engine.clone(), Arc::clone(&stop));
            move || {
                while !stop.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(1));
                    engine.increment_epoch();
                }
            }
        });
        Ok(Self {
            engine,
            plugin,
            stop,
            ticker: Some(ticker),
        })
    }

    pub(crate) async fn call(&self, call: &Call) -> Result<()> {
        let state = State {
            wasi: WasiCtxBuilder::new().build(),
            table: ResourceTable::new(),
            limits: StoreLimitsBuilder::new().memory_size(MEMORY_BYTES).build(),
        };
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.limits);
        store.set_fuel(FUEL)?;
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let plugin = self.plugin.instantiate_async(&mut store).await?;
        let outcome = plugin
            .stagehook_hook_handler()
            .call_run(
                &mut store,
                &call.context,
                &call.metadata,
                &call.scene_context,
                &call.settings,
            )
            .await?;
        ensure!(outcome.is_ok(), "{outcome:?}");
        Ok(())
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(ticker) = self.ticker.take() {
            // It only sleeps and counts.
            let _ = ticker.join();
        }
    }
}
