//! The `stagehook` binary: the server, and commands that speak to one.
//!
//! Nothing is decided here. [`settings`] finds out how the server is to run
//! and where each value came from, [`server`] puts the crates together, and
//! each command of [`commands`] is one call or two of the HTTP interface
//! ([`client`]), shown as a table to people or as JSON to programs
//! ([`output`]).

mod client;
mod commands;
mod document;
mod ending;
mod execution;
mod output;
mod server;
mod settings;

use clap::Parser;
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match commands::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            // clap would exit with 2, which means `halt` here.
            return if error.use_stderr() {
                ending::Ending::Error.into()
            } else {
                ending::Ending::Ok.into()
            };
        }
    };
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) if output::is_broken_pipe(&error) => ending::Ending::Error.into(),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ending::Ending::Error.into()
        }
    }
}
