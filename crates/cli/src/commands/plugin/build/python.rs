//! Builds a plugin in Python: componentize-py does, in an environment of the
//! project's own.

use super::project::Project;
use super::{copy_sources, output_of, tool};
use anyhow::Context as _;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const NO_PYTHON: &str = "install Python 3.11 or newer with its venv module (on Debian and Ubuntu: \
                         apt-get install python3 python3-venv)";
const REQUIREMENTS: &str = "requirements.txt";
/// What has to be there: the module of the standard library that makes
/// environments, and a Python that is new enough for the generated bindings.
const CHECK: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";

pub(super) fn build(project: &Project) -> anyhow::Result<PathBuf> {
    let environment = environment(project)?;
    let setting = |key: &str, default: &'static str| {
        let pointer = format!("/tool/stagehook/{key}");
        let value = project.document.pointer(&pointer).and_then(Value::as_str);
        value.unwrap_or(default).to_owned()
    };
    let sources = environment.join("plugin-sources");
    // From a clean copy: all that lies beside the modules gets into the
    // component, and tests leave compiled files there.
    if sources.exists() {
        std::fs::remove_dir_all(&sources)
            .with_context(|| format!("cannot empty {}", sources.display()))?;
    }
    copy_sources(&project.directory.join("src"), &sources)
        .with_context(|| format!("cannot copy {}", project.directory.join("src").display()))?;
    let output = output_of(project)?;
    let mut compiler = Command::new(environment.join("bin/componentize-py"));
    compiler
        .arg("--wit-path")
        .arg(project.directory.join("wit"))
        .args(["--world", &setting("world", "plugin")])
        .arg("componentize")
        .arg("--python-path")
        .arg(&sources)
        .arg("--output")
        .arg(&output)
        .arg(setting("module", "plugin"))
        // Where it looks for the packages of requirements.txt.
        .env("VIRTUAL_ENV", &environment);
    let advice =
        format!("{REQUIREMENTS} has to name it, as `stagehook plugin new --lang python` does");
    tool::run(&mut compiler, &advice)?;
    Ok(output)
}

/// The environment with the compiler in it; made anew when the requirements
/// have changed.
fn environment(project: &Project) -> anyhow::Result<PathBuf> {
    let requirements = project.directory.join(REQUIREMENTS);
    let wanted = std::fs::read(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let environment = std::path::absolute(project.directory.join(".venv"))
        .context("the current directory cannot be found out")?;
    let stamp = environment.join("stagehook-installed.txt");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(environment);
    }
    check_python()?;
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--clear"]).arg(&environment);
    tool::run(&mut venv, NO_PYTHON)?;
    install(&environment, &requirements)?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(environment)
}

fn install(environment: &Path, requirements: &Path) -> anyhow::Result<()> {
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args(["install", "--disable-pip-version-check", "--requirement"])
        .arg(requirements);
    tool::run(&mut pip, NO_PYTHON)
}

fn check_python() -> anyhow::Result<()> {
    tool::ask(Command::new("python3").args(["-c", CHECK]), NO_PYTHON).map(drop)
}
