//! From a component's bytes to compiled code, bounded. REQ-WASM-5

use super::compile_child;
use super::engine;
use super::settings::{Compiler, WasmSettings};
use super::{artifact, bounds};
use std::ffi::OsString;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Compiled code may be several times as large as the component.
const ARTIFACT_MAX_BYTES: u64 = 1 << 30;
const MESSAGE_MAX_BYTES: u64 = 16 << 10;

/// Why a component could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The bytes are no component, or one that this engine does not run.
    #[error("not a component that can be compiled: {0}")]
    Invalid(String),
    /// It takes more than there is for it.
    #[error("compiling it takes too much {0}")]
    TooCostly(&'static str),
    /// The compiler itself could not be run.
    #[error("the compiler could not be run")]
    Broken(#[source] std::io::Error),
}

/// Compiled code that a compiler of this process made. Nothing else makes one.
pub(super) struct Artifact(Vec<u8>);

impl Artifact {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

pub(super) async fn compile(
    settings: &WasmSettings,
    engine: &Engine,
    component: bytes::Bytes,
) -> Result<Component, CompileError> {
    let compiled = match &settings.compiler {
        Compiler::InProcess => tokio::task::spawn_blocking(move || {
            let engine = engine::compiling_engine().map_err(|error| invalid(&error))?;
            engine
                .precompile_component(&component)
                .map(Artifact)
                .map_err(|error| invalid(&error))
        })
        .await
        .map_err(|error| CompileError::Broken(std::io::Error::other(error)))??,
        Compiler::Process { program, arguments } => {
            let compiling = in_child(program, arguments, component);
            tokio::time::timeout(settings.compile_timeout, compiling)
                .await
                .map_err(|_| CompileError::TooCostly("time"))??
        }
    };
    // Mapping the code takes a moment too; but less than moving to another
    // thread would.
    artifact::load(engine, &compiled).map_err(|error| invalid(&error))
}

fn invalid(error: &wasmtime::Error) -> CompileError {
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    CompileError::Invalid(bounds::cut(chain.join(": "), bounds::ERROR_BYTES))
}

/// The child has no environment, so that nothing of the server's reaches it.
async fn in_child(
    program: &Path,
    arguments: &[OsString],
    component: bytes::Bytes,
) -> Result<Artifact, CompileError> {
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
    let feed = async move {
        // A child that ends early says why; that it no longer reads does not.
        let _ = stdin.write_all(&component).await;
    };
    let ((), artifact, message) = tokio::join!(
        feed,
        read_at_most(stdout, ARTIFACT_MAX_BYTES),
        read_at_most(stderr, MESSAGE_MAX_BYTES)
    );
    let (artifact, message) = (artifact?, message?);
    let status = child.wait().await.map_err(CompileError::Broken)?;
    if artifact.len() as u64 > ARTIFACT_MAX_BYTES {
        return Err(CompileError::TooCostly("space"));
    }
    if status.success() {
        return Ok(Artifact(artifact));
    }
    Err(failed(status, &String::from_utf8_lossy(&message)))
}

/// One byte more than the limit tells that there was more.
async fn read_at_most(reader: impl AsyncRead + Unpin, bytes: u64) -> Result<Vec<u8>, CompileError> {
    let mut read = Vec::new();
    let mut limited = reader.take(bytes + 1);
    limited
        .read_to_end(&mut read)
        .await
        .map_err(CompileError::Broken)?;
    // The rest is drained, so that the child does not hang in writing it.
    tokio::io::copy(&mut limited.into_inner(), &mut tokio::io::sink())
        .await
        .map_err(CompileError::Broken)?;
    Ok(read)
}

fn failed(status: ExitStatus, message: &str) -> CompileError {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(compile_child::INVALID), _) => CompileError::Invalid(message.trim().to_owned()),
        (_, Some(libc::SIGXCPU | libc::SIGKILL)) => CompileError::TooCostly("processor time"),
        // What an allocation that fails ends in.
        (_, Some(libc::SIGABRT | libc::SIGSEGV)) => CompileError::TooCostly("memory"),
        _ => CompileError::Broken(std::io::Error::other(format!(
            "the compiler ended with {status}: {}",
            message.trim()
        ))),
    }
}
