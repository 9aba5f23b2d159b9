//! Packages made on the spot, the installers that install them, and hooks that
//! are saved: nothing is fetched from anywhere, but uv itself where it is not
//! installed.

use crate::studio::Studio;
use serde_json::{Value, json};
use stagehook_core::config::{HookConfig, HookType, PythonConfig};
use stagehook_runners::process::{EnvironmentError, ManagedEnvironment, PythonInstaller};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
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

    /// Adds a package with one module, in the simplest form that installers
    /// take.
    pub(crate) fn add(&self, name: &str, version: &str, module: &str, requires: &[&str]) {
        let information = format!("{name}-{version}.dist-info");
        let requires = requires
            .iter()
            .map(|requirement| format!("Requires-Dist: {requirement}\n"));
        let requires = requires.collect::<Vec<_>>().concat();
        let files = json!([
            [format!("{name}.py"), module],
            [
                format!("{information}/METADATA"),
                format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}")
            ],
            [
                format!("{information}/WHEEL"),
                "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            ],
            [
                format!("{information}/RECORD"),
                format!(
                    "{name}.py,,\n{information}/METADATA,,\n{information}/WHEEL,,\n{information}/RECORD,,\n"
                )
            ]
        ]);
        let path = self
            .path()
            .join(format!("{name}-{version}-py3-none-any.whl"));
        zip(&path, &files);
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

fn zip(path: &Path, files: &Value) {
    let mut zip = Command::new(PYTHON)
        .args([
            "-c",
            "import json, sys, zipfile\n\
             with zipfile.ZipFile(sys.argv[1], 'w') as z:\n\
             \x20 for name, text in json.load(sys.stdin): z.writestr(name, text)",
        ])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    serde_json::to_writer(zip.stdin.take().unwrap(), files).unwrap();
    assert!(zip.wait().unwrap().success());
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
        .prepare_environment(&config(hook), known, patience, &|_| ())
        .await
}

/// What the interpreter says to this.
pub(crate) fn python(code: &str) -> String {
    let said = Command::new(PYTHON).args(["-c", code]).output().unwrap();
    assert!(said.status.success(), "{said:?}");
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}
