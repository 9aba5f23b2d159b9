//! Runs the tools that build.

use anyhow::{Context as _, bail};
use std::io::ErrorKind;
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};

/// Runs a tool to its end. What it says goes to stderr as it says it, so that
/// stdout is the command's own. `advice` is for those who have no such tool.
pub(super) fn run(command: &mut Command, advice: &str) -> anyhow::Result<()> {
    let stderr = std::io::stderr()
        .as_fd()
        .try_clone_to_owned()
        .context("stderr cannot be given to a tool")?;
    let said = shown(command);
    let status = command
        .stdin(Stdio::null())
        .stdout(stderr)
        .status()
        .or_else(|error| missing(command, error, advice))?;
    if !status.success() {
        bail!("{said} did not succeed ({status}); what it said is above");
    }
    Ok(())
}

/// Runs a tool for what it prints.
pub(super) fn ask(command: &mut Command, advice: &str) -> anyhow::Result<String> {
    let said = shown(command);
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .output()
        .or_else(|error| missing(command, error, advice))?;
    if !output.status.success() {
        bail!("{said} did not succeed ({}): {advice}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn missing<T>(command: &Command, error: std::io::Error, advice: &str) -> anyhow::Result<T> {
    let program = command.get_program().display().to_string();
    if error.kind() == ErrorKind::NotFound {
        bail!("{program} is missing: {advice}");
    }
    Err(error).with_context(|| format!("{program} cannot be started"))
}

/// A command as a person would have typed it.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.display().to_string()).collect();
    format!("`{}`", words.join(" "))
}
