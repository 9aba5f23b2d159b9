//! The child process that compiles a component under limits of its own.
//!
//! A component on standard input, compiled code on standard output. A function
//! of a few megabytes can take a compiler gigabytes and minutes; here that ends
//! the child, and not the server.

use super::engine;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{Read, Write};
use std::process::ExitCode;

/// The exit status that says that the component is at fault, and standard error
/// why.
pub(super) const INVALID: i32 = 65;

/// Address space: what a component of 12 MB takes, several times over.
const ADDRESS_SPACE_BYTES: u64 = 4 << 30;
const PROCESSOR_SECONDS: u64 = 100;

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

fn compile() -> std::io::Result<ExitCode> {
    limit(Resource::As, ADDRESS_SPACE_BYTES)?;
    limit(Resource::Cpu, PROCESSOR_SECONDS)?;
    limit(Resource::Core, 0)?;
    let mut component = Vec::new();
    std::io::stdin().lock().read_to_end(&mut component)?;
    let compiled =
        engine::compiling_engine().and_then(|engine| engine.precompile_component(&component));
    match compiled {
        Ok(artifact) => {
            let mut stdout = std::io::stdout().lock();
            stdout.write_all(&artifact)?;
            stdout.flush()?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
            writeln!(std::io::stderr(), "{}", chain.join(": "))?;
            Ok(ExitCode::from(INVALID.to_le_bytes()[0]))
        }
    }
}

/// Never more than what was inherited, which cannot be raised again.
fn limit(resource: Resource, most: u64) -> std::io::Result<()> {
    let inherited = getrlimit(resource).maximum;
    let most = inherited.map_or(most, |inherited| inherited.min(most));
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    Ok(setrlimit(resource, limit)?)
}
