//! The hidden command as which the server starts itself to compile a component
//! under limits.

use std::process::ExitCode;

pub(super) fn run() -> ExitCode {
    stagehook_runners::wasm::compile_child::main()
}
