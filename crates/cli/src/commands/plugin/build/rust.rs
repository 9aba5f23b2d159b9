//! Builds a plugin in Rust: cargo does.

use super::project::Project;
use super::{output_of, tool};
use anyhow::Context as _;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

const TARGET: &str = "wasm32-wasip2";
const NO_RUST: &str = "install Rust from https://rustup.rs, and open a new shell";

pub(super) fn build(project: &Project) -> anyhow::Result<PathBuf> {
    check_target(project)?;
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--target", TARGET])
        .current_dir(&project.directory);
    tool::run(&mut cargo, NO_RUST)?;
    // Nothing is left to do; only now is its answer small, and known to be one.
    cargo.args(["--quiet", "--message-format", "json"]);
    let messages = tool::ask(&mut cargo, NO_RUST)?;
    let built = component(&messages, project).with_context(|| {
        format!(
            "cargo built no component of {}: its Cargo.toml needs\n\n  [lib]\n  crate-type = \
             [\"cdylib\"]",
            project.name
        )
    })?;
    let output = output_of(project)?;
    std::fs::copy(&built, &output).with_context(|| format!("cannot write {}", output.display()))?;
    Ok(output)
}

fn check_target(project: &Project) -> anyhow::Result<()> {
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(&project.directory);
    let directory = tool::ask(&mut rustc, NO_RUST)?;
    anyhow::ensure!(
        PathBuf::from(&directory).is_dir(),
        "Rust's target {TARGET} is missing: rustup target add {TARGET}"
    );
    Ok(())
}

/// The component among what cargo says that it made.
fn component(messages: &str, project: &Project) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        .filter(|message| {
            let crate_name = project.name.replace('-', "_");
            let target = &message["target"];
            let is_ours = target["name"] == project.name || target["name"] == crate_name;
            let kinds = target["kind"].as_array();
            is_ours && kinds.is_some_and(|kinds| kinds.contains(&"cdylib".into()))
        })
        .find_map(|message| {
            let files = message["filenames"].as_array()?;
            let mut files = files.iter().filter_map(Value::as_str).map(PathBuf::from);
            files.find(|file| file.extension().is_some_and(|ending| ending == "wasm"))
        })
}
