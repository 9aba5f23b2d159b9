//! Builds a plugin in TypeScript or JavaScript: the package's own build script
//! does, with the tools that its lock file names.

use super::project::Project;
use super::{output_of, tool};
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use std::time::SystemTime;

const NO_NODE: &str = "install Node.js 20.19 or newer from https://nodejs.org";
/// The oldest Node.js that the tools run in.
const OLDEST_NODE: (u32, u32) = (20, 19);

pub(super) fn build(project: &Project) -> anyhow::Result<PathBuf> {
    let script = project.document.pointer("/scripts/build");
    script.and_then(Value::as_str).with_context(|| {
        format!(
            "{} has no script `build`, which makes dist/{}.wasm",
            project.directory.join("package.json").display(),
            project.name
        )
    })?;
    check_node()?;
    let npm = || {
        let mut npm = Command::new("npm");
        npm.current_dir(&project.directory);
        npm
    };
    if !is_installed(project) {
        let install = if project.directory.join("package-lock.json").is_file() {
            "ci"
        } else {
            "install"
        };
        // Nothing needs install scripts, and nobody should run what a package
        // brings along unseen.
        let arguments = [install, "--ignore-scripts", "--no-audit", "--no-fund"];
        tool::run(npm().args(arguments), NO_NODE)?;
    }
    let output = output_of(project)?;
    let before = modified(&output);
    tool::run(npm().args(["run", "build"]), NO_NODE)?;
    if modified(&output).is_none_or(|after| Some(after) == before) {
        bail!(
            "the script `build` did not make {}: that is where the component is looked for",
            output.display()
        );
    }
    Ok(output)
}

fn check_node() -> anyhow::Result<()> {
    let version = tool::ask(Command::new("node").arg("--version"), NO_NODE)?;
    let mut numbers = version
        .trim_start_matches('v')
        .split('.')
        .map_while(|number| number.parse::<u32>().ok());
    let found = (numbers.next(), numbers.next());
    if let (Some(major), Some(minor)) = found
        && (major, minor) < OLDEST_NODE
    {
        bail!("Node.js {version} is too old: {NO_NODE}");
    }
    Ok(())
}

/// Whether the tools are there, as the lock file has them.
fn is_installed(project: &Project) -> bool {
    let installed = modified(&project.directory.join("node_modules/.package-lock.json"));
    let locked = modified(&project.directory.join("package-lock.json"));
    installed.is_some() && installed >= locked
}

fn modified(path: &std::path::Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}
