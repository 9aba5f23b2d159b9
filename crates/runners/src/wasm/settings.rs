//! What the operator decides about plugins.

use stagehook_core::config::LimitRange;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

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
    /// Most calls at the same time; others wait, and their deadline runs.
    pub max_concurrent: u32,
    /// How components are compiled.
    pub compiler: Compiler,
    /// How long compiling one component may take.
    pub compile_timeout: Duration,
    /// Largest component, in bytes.
    pub max_component_bytes: usize,
    /// How many plugins are kept ready to run.
    pub max_prepared: usize,
}

impl Default for WasmSettings {
    fn default() -> Self {
        Self {
            limits: LimitRange::default(),
            media_roots: Vec::new(),
            max_concurrent: 128,
            compiler: Compiler::InProcess,
            compile_timeout: Duration::from_mins(2),
            max_component_bytes: 64 << 20,
            max_prepared: 256,
        }
    }
}
