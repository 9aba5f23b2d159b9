//! Packages made on the spot, the installers that install them, and hooks that
//! are saved: nothing is fetched from anywhere, but uv itself where it is not
//! installed.

use crate::studio::Studio;
use serde_json::Value;
use stagehook_core::config::{HookConfig, HookType, PythonConfig};
use stagehook_runners::process::{EnvironmentError, ManagedEnvironment, PythonInstaller};
use stagehook_test_support::packages::wheel;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// What the tests are run with.
pub(crate) const PYTHON: &str = "/usr/bin/python3";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Installer {
    Pip,
    Uv,
}

/// A directory that stands for an index.
pub(crate) struct Packages(TempDir);

impl Packages {
    /// `looks` 1.0, which needs `tables` 2 or newer, and `tables` 2.1.
    pub(crate) fn new() -> Self {
        let packages = Self(TempDir::new().unwrap());
        packages.add(
            "looks",
            "1.0",
            "import tables; LUT = 'rec709'",
            &["tables>=2"],
        );
        packages.add("tables", "2.1", "VERSION = '2.1'", &[]);
        packages
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Nothing can be had of it any more.
    pub(crate) fn close(&self) {
        for wheel in fs::read_dir(self.path()).unwrap() {
            fs::remove_file(wheel.unwrap().path()).unwrap();
        }
    }

    /// Adds a package with one module.
    pub(crate) fn add(&self, name: &str, version: &str, module: &str, requires: &[&str]) {
        wheel(self.path(), name, version, module, requires);
    }

    /// Installs from here alone.
    pub(crate) fn installer(&self, installer: Installer) -> PythonInstaller {
        PythonInstaller {
            uv: match installer {
                Installer::Pip => None,
                Installer::Uv => Some(uv()),
            },
            variables: BTreeMap::from([
                ("PIP_FIND_LINKS".to_owned(), self.path().into()),
                ("PIP_NO_INDEX".to_owned(), "1".into()),
            ]),
        }
    }
}

/// uv: as it is installed, or else installed once for all tests, by pip, from
/// wherever packages are on this machine.
fn uv() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = std::env::split_paths(&path)
        .map(|directory| directory.join("uv"))
        .find(|uv| uv.is_file());
    if let Some(uv) = installed {
        return uv;
    }
    let ours = Path::new(env!("CARGO_TARGET_TMPDIR")).join("uv");
    let uv = ours.join("bin/uv");
    // One process a test.
    let lock = File::create(ours.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if !uv.is_file() {
        let venv = Command::new(PYTHON)
            .args(["-m", "venv"])
            .arg(&ours)
            .status();
        assert!(venv.unwrap().success());
        let pip = Command::new(ours.join("bin/pip"))
            .args(["install", "--quiet", "uv"])
            .status();
        assert!(
            pip.unwrap().success(),
            "uv is not installed here, and pip cannot install it: install it, or see why"
        );
    }
    uv
}

pub(crate) fn config(config: &Value) -> PythonConfig {
    match HookConfig::parse(HookType::Python, config.clone()) {
        Ok(HookConfig::Python(config)) => config,
        other => panic!("{other:?}"),
    }
}

/// What happens when a hook is saved.
pub(crate) async fn prepare(
    studio: &Studio,
    hook: &Value,
) -> Result<Option<ManagedEnvironment>, EnvironmentError> {
    prepare_with(studio, hook, None).await
}

/// The same, where something is known of its environment.
pub(crate) async fn prepare_with(
    studio: &Studio,
    hook: &Value,
    known: Option<&ManagedEnvironment>,
) -> Result<Option<ManagedEnvironment>, EnvironmentError> {
    let patience = Duration::from_mins(2);
    studio
        .runner
        .prepare_environment(&config(hook), None, known, patience, &|_| ())
        .await
}

/// What the interpreter says to this.
pub(crate) fn python(code: &str) -> String {
    let said = Command::new(PYTHON).args(["-c", code]).output().unwrap();
    assert!(said.status.success(), "{said:?}");
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}
