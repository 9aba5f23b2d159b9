//! The child process that compiles a component under limits of its own.
//!
//! Its limits and a component on standard input, compiled code on standard
//! output. A function of a few megabytes can take a compiler gigabytes and
//! minutes; here that ends the child, and not the server.

use super::compile_limits::{IN_CHILD_BYTES, InChild};
use super::engine;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{Error, Read, Result, Write};
use std::process::ExitCode;

/// The exit status that says that the component is at fault, and standard error
/// why.
pub(super) const INVALID: i32 = 65;
/// The exit status that says that there was not enough memory.
pub(super) const OUT_OF_MEMORY: i32 = 66;
/// The exit status that says that there is too much code.
pub(super) const TOO_MUCH_CODE: i32 = 67;
/// The exit status of a Rust program that panicked.
pub(super) const PANICKED: i32 = 101;

/// What is left after the signal that says that the processor time is used up.
const LAST_SECONDS: u64 = 5;

/// Compiles what is on standard input. What the program that
/// [`Compiler::Process`](super::Compiler::Process) names has to call, before it
/// does anything else.
pub fn main() -> ExitCode {
    match compile() {
        Ok(code) => code,
        Err(error) => {
            // There is nobody else to tell; and the exit status says it too.
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn compile() -> Result<ExitCode> {
    let mut stdin = std::io::stdin().lock();
    let mut limits = [0; IN_CHILD_BYTES];
    stdin.read_exact(&mut limits)?;
    let limits = InChild::from_bytes(limits);
    confine(&limits)?;
    let mut component = Vec::new();
    stdin.read_to_end(&mut component)?;
    let compiled =
        engine::compiling_engine().and_then(|engine| engine.precompile_component(&component));
    match compiled {
        Ok(code) if code.len() as u64 > limits.code_bytes => Ok(exit(TOO_MUCH_CODE)),
        Ok(code) => {
            let mut stdout = std::io::stdout().lock();
            stdout.write_all(&code)?;
            stdout.flush()?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if is_out_of_memory(&error) => Ok(exit(OUT_OF_MEMORY)),
        Err(error) => {
            let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
            writeln!(std::io::stderr(), "{}", chain.join(": "))?;
            Ok(exit(INVALID))
        }
    }
}

fn exit(status: i32) -> ExitCode {
    ExitCode::from(status.to_le_bytes()[0])
}

/// An allocation that fails aborts; a mapping that fails is an error.
fn is_out_of_memory(error: &wasmtime::Error) -> bool {
    error.is::<wasmtime::OutOfMemory>()
        || error.chain().any(|cause| {
            let io = cause.downcast_ref::<Error>();
            let errno = cause.downcast_ref::<rustix::io::Errno>();
            io.is_some_and(|io| io.raw_os_error() == Some(libc::ENOMEM))
                || errno == Some(&rustix::io::Errno::NOMEM)
        })
}

/// Takes away what compiling does not need, before anything that somebody sent
/// is read.
fn confine(limits: &InChild) -> Result<()> {
    limit(Resource::As, limits.memory_bytes, 0)?;
    limit(Resource::Cpu, limits.processor_seconds, LAST_SECONDS)?;
    limit(Resource::Core, 0, 0)?;
    // It writes to its pipes, and to no file.
    limit(Resource::Fsize, 0, 0)?;
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = usize::try_from(limits.threads).unwrap_or(usize::MAX);
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.clamp(1, processors))
        .build_global()
        .map_err(Error::other)?;
    std::thread::Builder::new()
        .name("parent".to_owned())
        .spawn(end_with_parent)?;
    // All threads are there: neither another one nor a process from here on.
    // The kernel does not hold a privileged user to it.
    limit(Resource::Nproc, 0, 0)
}

/// Nobody waits for the code of a child whose parent is gone, however it went.
fn end_with_parent() {
    let stdout = std::io::stdout();
    let mut reader_gone = [PollFd::new(&stdout, PollFlags::empty())];
    loop {
        match poll(&mut reader_gone, None) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            _ => std::process::exit(1),
        }
    }
}

/// Never more than what was inherited, which cannot be raised again.
fn limit(resource: Resource, most: u64, beyond: u64) -> Result<()> {
    let inherited = getrlimit(resource).maximum;
    let within = |most: u64| inherited.map_or(most, |inherited| inherited.min(most));
    let limit = Rlimit {
        current: Some(within(most)),
        maximum: Some(within(most.saturating_add(beyond))),
    };
    Ok(setrlimit(resource, limit)?)
}
