//! From a component's bytes to compiled code, bounded. REQ-WASM-5

use super::bounds;
use super::compile_child;
use super::compile_limits::{CompileLimit, CompileLimits, InChild};
use super::engine;
use super::settings::{Compiler, WasmSettings};
use std::ffi::OsString;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

const MESSAGE_MAX_BYTES: u64 = 16 << 10;

/// Why a component could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The bytes are no component, or one that this engine does not run.
    #[error("not a component that can be compiled: {0}")]
    Invalid(String),
    /// It takes more than there is for it.
    #[error("compiling it takes too much {0}")]
    TooCostly(CompileLimit),
    /// The compiler itself could not be run.
    #[error("the compiler could not be run")]
    Broken(#[source] std::io::Error),
}

/// Compiled code that a compiler of this process made. Nothing else makes one,
/// and nobody changes it.
pub(super) struct Compiled(Vec<u8>);

impl Compiled {
    /// The code.
    pub(super) fn code(&self) -> &[u8] {
        &self.0
    }
}

pub(super) async fn compile(
    settings: &WasmSettings,
    component: bytes::Bytes,
) -> Result<Compiled, CompileError> {
    let limits = &settings.compile_limits;
    match &settings.compiler {
        Compiler::InProcess => tokio::task::spawn_blocking(move || {
            let engine = engine::compiling_engine().map_err(|error| invalid(&error))?;
            engine
                .precompile_component(&component)
                .map(Compiled)
                .map_err(|error| invalid(&error))
        })
        .await
        .map_err(|error| CompileError::Broken(std::io::Error::other(error)))?,
        Compiler::Process { program, arguments } => {
            let compiling = in_child(program, arguments, component, limits);
            tokio::time::timeout(limits.time, compiling)
                .await
                .map_err(|_| CompileError::TooCostly(CompileLimit::Time(limits.time)))?
        }
    }
}

pub(super) fn invalid(error: &wasmtime::Error) -> CompileError {
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    CompileError::Invalid(bounds::cut(chain.join(": "), bounds::ERROR_BYTES))
}

/// The child has no environment, so that nothing of the server's reaches it.
async fn in_child(
    program: &Path,
    arguments: &[OsString],
    component: bytes::Bytes,
    limits: &CompileLimits,
) -> Result<Compiled, CompileError> {
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(CompileError::Broken)?;
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(CompileError::Broken(std::io::Error::other("no pipes")));
    };
    let prelude = InChild::from(limits).to_bytes();
    let feed = async move {
        // A child that ends early says why; that it no longer reads does not.
        let _ = stdin.write_all(&prelude).await;
        let _ = stdin.write_all(&component).await;
        Ok(())
    };
    // Code that is too much ends the child: dropping it kills it.
    let ((), code, message) =
        tokio::try_join!(feed, code(stdout, limits.code_bytes), message(stderr))?;
    let status = child.wait().await.map_err(CompileError::Broken)?;
    if status.success() {
        return Ok(Compiled(code));
    }
    Err(failed(status, &String::from_utf8_lossy(&message), limits))
}

async fn code(stdout: impl AsyncRead + Unpin, most: u64) -> Result<Vec<u8>, CompileError> {
    let mut code = Vec::new();
    // One byte more tells that there was more.
    stdout
        .take(most.saturating_add(1))
        .read_to_end(&mut code)
        .await
        .map_err(CompileError::Broken)?;
    if code.len() as u64 > most {
        return Err(CompileError::TooCostly(CompileLimit::Code(most)));
    }
    Ok(code)
}

async fn message(stderr: impl AsyncRead + Unpin) -> Result<Vec<u8>, CompileError> {
    let mut message = Vec::new();
    let mut limited = stderr.take(MESSAGE_MAX_BYTES);
    limited
        .read_to_end(&mut message)
        .await
        .map_err(CompileError::Broken)?;
    // The rest is drained, so that the child does not hang in writing it.
    tokio::io::copy(&mut limited.into_inner(), &mut tokio::io::sink())
        .await
        .map_err(CompileError::Broken)?;
    Ok(message)
}

fn failed(status: ExitStatus, message: &str, limits: &CompileLimits) -> CompileError {
    use std::os::unix::process::ExitStatusExt;
    let costly = CompileError::TooCostly;
    match (status.code(), status.signal()) {
        (Some(compile_child::INVALID), _) => {
            CompileError::Invalid(bounds::cut(message.trim().to_owned(), bounds::ERROR_BYTES))
        }
        (Some(compile_child::OUT_OF_MEMORY), _) => {
            costly(CompileLimit::Memory(limits.memory_bytes))
        }
        (Some(compile_child::TOO_MUCH_CODE), _) => costly(CompileLimit::Code(limits.code_bytes)),
        (_, Some(libc::SIGXCPU)) => costly(CompileLimit::ProcessorTime(limits.processor_time)),
        // Rust's words, on the way to its abort.
        (_, Some(libc::SIGABRT)) if message.contains("overflowed its stack") => {
            costly(CompileLimit::Stack)
        }
        // What an allocation that fails ends in; the kernel's own remedy for
        // too little memory is SIGKILL.
        (_, Some(libc::SIGABRT | libc::SIGSEGV | libc::SIGKILL)) => {
            costly(CompileLimit::Memory(limits.memory_bytes))
        }
        // Its own words name files of the host.
        (Some(compile_child::PANICKED), _)
        | (_, Some(libc::SIGBUS | libc::SIGILL | libc::SIGTRAP)) => CompileError::Invalid(
            "the compiler gave up on it, which is a defect of the compiler; the component is not \
             taken"
                .to_owned(),
        ),
        _ => CompileError::Broken(std::io::Error::other(format!(
            "the compiler ended with {status}: {}",
            message.trim()
        ))),
    }
}
