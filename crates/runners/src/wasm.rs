//! Runs plugins: WebAssembly components, in a sandbox. REQ-WASM-1
//!
//! [`WasmRunner`] goes through three phases, and the types say which one you
//! are in:
//!
//! 1. [`WasmRunner::new`] sets up one engine, a pool of instance slots and a
//!    linker;
//! 2. [`WasmRunner::prepare`] turns the bytes of a component into a
//!    [`PreparedPlugin`], once per digest ([`WasmRunner::inspect`] does the same
//!    for an upload, and says everything that is wrong with it);
//! 3. [`WasmRunner::run`] makes a fresh store and a fresh instance out of it,
//!    calls it once and throws both away. Nothing is kept between calls.
//!
//! **What a plugin may touch** is what the hook's grants name, and by default
//! nothing: no argument, no environment, no input, no directory, no socket. The
//! WASI interfaces that language runtimes import are always linked, with nothing
//! behind them.
//!
//! **What ends a plugin** (REQ-WASM-2), each with a status of its own:
//!
//! | what | by | status |
//! | --- | --- | --- |
//! | computing too much | fuel | `out_of_fuel` |
//! | taking too long, computing | epoch, every millisecond | `timed_out` |
//! | taking too long, in a host call | a timer around the whole call | `timed_out` |
//! | memory and tables, all together | a limiter of the whole store | `out_of_memory` |
//! | recursion, host resources, data handed to the host in one call | the engine | `limit_exceeded`, named |
//! | open files | a share of what the process may have open | `limit_exceeded`, named |
//! | HTTP requests, their number, their bodies | counters of the call | `limit_exceeded`, named |
//! | output and log lines | cut in the middle and counted | none: it keeps running |
//! | an answer that does not follow the contract | a check | `invalid_result` |
//! | a trap, an exit, a failure that it reports | | `failed` |
//!
//! **Compiling** is bounded too: it happens in a child process with limits on
//! memory and processor time ([`compile_child`]). What the child answers is
//! native code; loading it is the one unsafe place of this crate. It is kept on
//! disk, sealed with a key of the server ([`CacheSettings`]): what is read back
//! is checked, and compiled anew if a single byte is another.

mod admission;
mod answer;
mod artifact;
mod bounds;
mod cache;
mod cache_key;
mod call;
mod code;
mod compile;
pub mod compile_child;
mod compile_limits;
mod contract;
mod counts;
mod describe;
mod disk_cache;
mod ending;
mod engine;
mod files;
mod grants;
mod host_calls;
mod host_time;
mod http;
mod imports;
mod inspect;
mod instantiate;
mod limiter;
mod open_files;
mod output;
mod prepared;
mod record;
mod run;
mod runner;
mod sealed;
mod settings;
mod state;
mod ticker;
mod traffic;
mod turns;
mod v0_1;
mod v0_2;

pub use compile::CompileError;
pub use compile_limits::{CompileLimit, CompileLimits};
pub use counts::PluginCounts;
pub use describe::SettingsError;
pub use disk_cache::CacheSettings;
pub use imports::ImportReport;
pub use inspect::{Inspection, Rejection, Report, UploadError};
pub use prepared::{PrepareError, PreparedPlugin};
pub use record::{
    Divergence, RECORDING_FILE_MAX_BYTES, RecordedExecution, Recording, RecordingError,
    RecordingHeader, Tape,
};
pub use runner::{StartError, WasmRunner};
pub use settings::{Compiler, WasmSettings};
