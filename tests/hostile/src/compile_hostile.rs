//! The child process that compiles components, for the tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    stagehook_runners::wasm::compile_child::main()
}
