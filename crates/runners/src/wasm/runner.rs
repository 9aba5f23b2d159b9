//! The runner itself.

use super::cache::Cache;
use super::contract;
use super::counts::Counters;
use super::disk_cache::DiskCache;
use super::engine;
use super::files;
use super::open_files::FileLimits;
use super::settings::WasmSettings;
use super::state::State;
use super::ticker::Ticker;
use super::turns::Turns;
use crate::Secrets;
use crate::media_roots::MediaRoots;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::Linker;

const COMPILED_AT_ONCE: usize = 2;
/// Reading takes memory for as long as it takes.
const LOADED_AT_ONCE: usize = 4;

/// Runs plugins. One per server.
pub struct WasmRunner {
    pub(super) settings: WasmSettings,
    pub(super) secrets: Secrets,
    pub(super) roots: Arc<MediaRoots>,
    pub(super) file_limits: FileLimits,
    pub(super) engine: Engine,
    pub(super) linker: Linker<State>,
    pub(super) cache: Cache,
    pub(super) disk: Option<Arc<DiskCache>>,
    pub(super) counters: Counters,
    /// As many permits as there are slots in the engine's pool.
    pub(super) slots: Semaphore,
    pub(super) compiling: Semaphore,
    pub(super) loading: Semaphore,
    pub(super) ticker: Ticker,
    pub(super) turns: Turns,
}

/// Why plugins cannot be run at all.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The engine could not be set up.
    #[error("the WebAssembly engine could not be set up: {0}")]
    Engine(String),
    /// A media root could not be opened.
    #[error("a media root could not be opened")]
    MediaRoot(#[source] std::io::Error),
    /// A thread could not be started.
    #[error("the thread that keeps time for plugins could not be started")]
    Thread(#[source] std::io::Error),
}

impl WasmRunner {
    /// Sets up the engine. The memory that it reserves is address space alone.
    /// A cache on disk that cannot be used is done without.
    ///
    /// # Errors
    ///
    /// [`StartError`], where the settings do not fit this host.
    pub fn new(settings: WasmSettings, secrets: Secrets) -> Result<Self, StartError> {
        let broken = |error: wasmtime::Error| StartError::Engine(format!("{error:#}"));
        let engine = engine::engine(&settings).map_err(broken)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(broken)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).map_err(broken)?;
        files::add_to_linker(&mut linker).map_err(broken)?;
        contract::add_to_linker(&mut linker).map_err(broken)?;
        let roots = MediaRoots::open(&settings.media_roots).map_err(StartError::MediaRoot)?;
        let ticker = Ticker::start(engine.clone()).map_err(StartError::Thread)?;
        let disk = settings
            .cache
            .as_ref()
            .and_then(|cache| opened(DiskCache::open(cache, &engine)));
        Ok(Self {
            secrets,
            roots: Arc::new(roots),
            file_limits: FileLimits::of_process(),
            linker,
            cache: Cache::new(settings.max_prepared, settings.max_prepared_bytes),
            disk,
            counters: Counters::default(),
            slots: Semaphore::new(settings.max_concurrent.max(1) as usize),
            compiling: Semaphore::new(COMPILED_AT_ONCE),
            loading: Semaphore::new(LOADED_AT_ONCE),
            ticker,
            turns: Turns::new(),
            engine,
            settings,
        })
    }
}

fn opened(cache: std::io::Result<DiskCache>) -> Option<Arc<DiskCache>> {
    match cache {
        Ok(cache) => Some(Arc::new(cache)),
        Err(error) => {
            tracing::warn!(%error, "the cache of compiled plugins cannot be used: plugins are compiled at each start");
            None
        }
    }
}

impl fmt::Debug for WasmRunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasmRunner")
            .field("settings", &self.settings)
            .field("free_slots", &self.slots.available_permits())
            .finish_non_exhaustive()
    }
}
