//! The engine and its pool of instance slots.

use super::bounds;
use super::settings::WasmSettings;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Kept resident of each slot, so that the next instance in it faults in no
/// pages: most of what a small plugin touches.
const MEMORY_KEPT_BYTES: usize = 1 << 20;
const TABLE_KEPT_BYTES: usize = 64 << 10;
/// Freed slots are given back to the kernel this many at a time.
const DECOMMIT_BATCH: usize = 16;
/// Freed slots that keep their resident pages.
const WARM_SLOTS: u32 = 64;

/// What decides over the code that is generated. Whoever compiles and whoever
/// runs must agree on all of it.
pub(super) fn code_config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .wasm_memory64(false)
        .relaxed_simd_deterministic(true)
        .consume_fuel(true)
        .epoch_interruption(true)
        .max_wasm_stack(bounds::WASM_STACK_BYTES)
        .async_stack_size(bounds::CALL_STACK_BYTES)
        // A trap is told in one sentence; frames are of no use to those who
        // read it.
        .wasm_backtrace_max_frames(None)
        .memory_init_cow(true);
    config
}

/// The engine that plugins run on.
pub(super) fn engine(settings: &WasmSettings) -> wasmtime::Result<Engine> {
    let calls = settings.max_concurrent.max(1);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_stacks(calls)
        // A plugin has few of each. One that has many takes the places of
        // others, which then wait.
        .total_core_instances(calls.saturating_mul(8).max(bounds::INSTANCES))
        .total_memories(calls.saturating_mul(2).max(bounds::MEMORIES))
        .total_tables(calls.saturating_mul(4).max(bounds::TABLES))
        .max_core_instances_per_component(bounds::INSTANCES)
        .max_memories_per_component(bounds::MEMORIES)
        .max_tables_per_component(bounds::TABLES)
        .max_memory_size(settings.limits.maximum.memory_bytes)
        .table_elements(bounds::TABLE_ENTRIES)
        .max_unused_warm_slots(WARM_SLOTS.min(calls))
        .decommit_batch_size(DECOMMIT_BATCH)
        .linear_memory_keep_resident(MEMORY_KEPT_BYTES)
        .table_keep_resident(TABLE_KEPT_BYTES)
        .pagemap_scan(Enabled::Auto);
    let mut config = code_config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

/// An engine that compiles and runs nothing.
pub(super) fn compiling_engine() -> wasmtime::Result<Engine> {
    Engine::new(&code_config())
}
