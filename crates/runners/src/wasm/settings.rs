//! What the operator decides about plugins.

use super::compile_limits::CompileLimits;
use super::disk_cache::CacheSettings;
use crate::Egress;
use stagehook_core::config::LimitRange;
use std::ffi::OsString;
use std::path::PathBuf;

/// How components are compiled.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// In a child process with limits: this program, with these arguments, ends
    /// up in [`compile_child::main`](super::compile_child::main).
    Process {
        /// The program, by absolute path.
        program: PathBuf,
        /// Its arguments.
        arguments: Vec<OsString>,
    },
    /// In this process, without limits. For tests and benchmarks, which compile
    /// nothing but their own components.
    InProcess,
}

/// What the operator decides about plugins.
#[derive(Debug, Clone)]
pub struct WasmSettings {
    /// Default and maximum of each limit of a hook.
    pub limits: LimitRange,
    /// Directories below which others can be granted. None: no directory can be
    /// granted.
    pub media_roots: Vec<PathBuf>,
    /// The way out for plugins that may call hosts; none: they reach no host.
    pub egress: Option<Egress>,
    /// Most calls at the same time; others wait, and their deadline runs.
    pub max_concurrent: u32,
    /// How components are compiled.
    pub compiler: Compiler,
    /// What compiling one component may take. [`Compiler::InProcess`] is not
    /// held to it.
    pub compile_limits: CompileLimits,
    /// Largest component, in bytes.
    pub max_component_bytes: usize,
    /// How many plugins are kept ready to run.
    pub max_prepared: usize,
    /// How much code of such plugins is kept in memory, in bytes. One larger
    /// plugin is kept all the same.
    pub max_prepared_bytes: u64,
    /// Where compiled code is kept; nowhere: it is compiled by each process.
    pub cache: Option<CacheSettings>,
}

impl Default for WasmSettings {
    fn default() -> Self {
        Self {
            limits: LimitRange::default(),
            media_roots: Vec::new(),
            egress: None,
            max_concurrent: 128,
            compiler: Compiler::InProcess,
            compile_limits: CompileLimits::default(),
            max_component_bytes: 64 << 20,
            max_prepared: 256,
            max_prepared_bytes: 1 << 30,
            cache: None,
        }
    }
}
