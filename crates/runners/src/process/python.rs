//! The environments that Python hooks run in. REQ-SCR-3
//!
//! | config | interpreter |
//! | --- | --- |
//! | `venv` | `<venvs>/<name>/bin/python`, made by an administrator |
//! | `requirements`, or else the script's inline metadata | `<venvs>/.managed/<key>/bin/python`, built when the hook is saved |
//! | neither | the server's default |
//!
//! | what | where |
//! | --- | --- |
//! | what a hook requires | `wanted`, `inline_metadata` |
//! | what decides which packages fit, and the key | `identity` |
//! | an environment on the disk, in use | `environment` |
//! | how one is built, and by which programs | `build`, `installer`, `output` |
//! | what was resolved, to build the same again | `lock` |
//! | what is not used any more | `collect` |
//!
//! A managed environment is built beside its place and renamed into it, so one
//! that is there is whole; hooks with the same requirements share it, and of two
//! that are saved at once one builds and the other waits. Nothing is resolved,
//! fetched or installed when a hook runs.

mod build;
mod collect;
mod environment;
mod error;
mod identity;
mod inline_metadata;
mod installer;
mod lock;
mod output;
mod wanted;

pub use error::{EnvironmentError, InterpreterFault};
pub use installer::PythonInstaller;

use super::lines::Hear;
use super::{BroughtScript, ProcessSettings, blocking};
use crate::HostBroken;
use environment::Environment;
use identity::Identity;
use lock::Lock;
use stagehook_core::config::{PythonConfig, Requirement};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

/// The interpreter's own arguments: no packages of the server's user.
pub(super) const ARGS: [&str; 1] = ["-s"];
/// Where managed environments are, below the directory of environments; no
/// environment that a hook names can be called so.
const MANAGED: &str = ".managed";

/// A managed environment, for whoever keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedEnvironment {
    /// What it is known by: hooks with the same requirements, on servers with
    /// the same Python and the same platform, have the same.
    pub key: String,
    /// What is in it: each package by version, with the hashes of its files, as
    /// a requirements file. Given back, it is installed again, and nothing else.
    pub lock: String,
}

/// The interpreter of a hook.
#[derive(Debug, Clone)]
pub(super) struct Interpreter {
    pub(super) program: PathBuf,
    /// Where it is really installed, as far as that can be told.
    pub(super) prefix: Option<PathBuf>,
    /// The environment that it is of, if any; held while it is in use.
    pub(super) environment: Option<Arc<Environment>>,
}

/// The environments of this server.
#[derive(Debug)]
pub(super) struct Environments {
    settings: Arc<ProcessSettings>,
    /// Where the managed ones are.
    managed: PathBuf,
    /// Of the default interpreter.
    identity: OnceCell<Identity>,
    /// Held while one is built: one at a time is kind to the machine, and who
    /// waits for the same one finds it there.
    building: Mutex<()>,
}

/// What a managed environment has to have.
struct Specification {
    key: String,
    requirements: Vec<Requirement>,
}

impl Environments {
    pub(super) fn new(settings: Arc<ProcessSettings>) -> Self {
        Self {
            managed: settings.venvs.join(MANAGED),
            settings,
            identity: OnceCell::new(),
            building: Mutex::new(()),
        }
    }

    /// The interpreter of a hook's environment, if it is there.
    pub(super) async fn interpreter(
        &self,
        config: &PythonConfig,
        script: Option<&BroughtScript>,
    ) -> Result<Interpreter, EnvironmentError> {
        if let Some(name) = &config.venv {
            let venvs = self.settings.venvs.clone();
            let name = name.clone();
            let environment = blocking(move || Environment::named(&venvs, &name)).await??;
            return Ok(Interpreter::of(environment));
        }
        if let Some(specification) = self.specification(config, script).await? {
            let built = self.built(&specification.key).await?;
            return built.map(Interpreter::of).ok_or(EnvironmentError::NotBuilt);
        }
        self.check_default()?;
        let program = self.settings.python.clone();
        Ok(Interpreter {
            prefix: prefix_of(&program),
            program,
            environment: None,
        })
    }

    /// The key of a hook's managed environment, built or not; none for a hook
    /// that has none.
    pub(super) async fn key(
        &self,
        config: &PythonConfig,
        script: Option<&BroughtScript>,
    ) -> Result<Option<String>, EnvironmentError> {
        let specification = self.specification(config, script).await?;
        Ok(specification.map(|specification| specification.key))
    }

    /// Builds the environment if the hook has one that can be built; what is
    /// `known` of it from elsewhere is installed as it was.
    pub(super) async fn prepare(
        &self,
        config: &PythonConfig,
        script: Option<&BroughtScript>,
        known: Option<&ManagedEnvironment>,
        timeout: Duration,
        progress: Hear<'_>,
    ) -> Result<Option<ManagedEnvironment>, EnvironmentError> {
        let Some(specification) = self.specification(config, script).await? else {
            return self.interpreter(config, script).await.map(|_| None);
        };
        if let Some(there) = self.there(&specification.key).await? {
            return Ok(Some(there));
        }
        let deadline = Instant::now() + timeout;
        let Ok(_building) = tokio::time::timeout_at(deadline, self.building.lock()).await else {
            return Err(EnvironmentError::TimedOut {
                step: "waiting for another environment",
                seconds: timeout.as_secs(),
                output: String::new(),
            });
        };
        if let Some(there) = self.there(&specification.key).await? {
            return Ok(Some(there));
        }
        let known = known
            .filter(|known| known.key == specification.key)
            .map(|known| Lock::parse(&known.lock).ok_or(EnvironmentError::InvalidLock))
            .transpose()?;
        let lock = build::Build {
            environments: self,
            specification: &specification,
            deadline,
            timeout,
            progress,
        }
        .run(known)
        .await?;
        Ok(Some(ManagedEnvironment {
            key: specification.key,
            lock: lock.into_text(),
        }))
    }

    /// Removes managed environments; see [`collect::collect`].
    pub(super) async fn collect(
        &self,
        keep: &BTreeSet<String>,
        unused_for: Duration,
    ) -> Result<Vec<String>, HostBroken> {
        let managed = self.managed.clone();
        let keep = keep.clone();
        blocking(move || collect::collect(&managed, &keep, unused_for))
            .await?
            .map_err(|error| HostBroken::new("cannot look into the managed environments", error))
    }

    /// What the managed environment of a hook has to have; none where the hook
    /// has none.
    async fn specification(
        &self,
        config: &PythonConfig,
        script: Option<&BroughtScript>,
    ) -> Result<Option<Specification>, EnvironmentError> {
        if config.venv.is_some() {
            return Ok(None);
        }
        let settings = Arc::clone(&self.settings);
        let (path, requirements) = (config.script_path.clone(), config.requirements.clone());
        let script = script.cloned();
        let wanted = blocking(move || {
            wanted::of(
                &settings.script_roots,
                &path,
                script.as_ref(),
                &requirements,
            )
        })
        .await??;
        if wanted.is_nothing() {
            return Ok(None);
        }
        self.check_default()?;
        let identity = self.identity.get_or_try_init(|| self.identify()).await?;
        if let Some(required) = &wanted.requires_python {
            identity.satisfies(required)?;
        }
        if wanted.requirements.is_empty() {
            return Ok(None);
        }
        Ok(Some(Specification {
            key: identity.key_of(&wanted.requirements),
            requirements: wanted.requirements,
        }))
    }

    fn check_default(&self) -> Result<(), EnvironmentError> {
        environment::check_interpreter(rustix::fs::CWD, &self.settings.python)
            .map_err(EnvironmentError::NoPython)
    }

    /// A managed environment that is there and whole.
    async fn built(&self, key: &str) -> Result<Option<Environment>, HostBroken> {
        let (managed, key) = (self.managed.clone(), key.to_owned());
        blocking(move || Environment::managed(&managed, &key)).await?
    }

    /// The same, for whoever keeps it.
    async fn there(&self, key: &str) -> Result<Option<ManagedEnvironment>, HostBroken> {
        let lock = self.built(key).await?.and_then(|built| built.lock());
        Ok(lock.map(|lock| ManagedEnvironment {
            key: key.to_owned(),
            lock: lock.into_text(),
        }))
    }
}

impl Interpreter {
    fn of(environment: Environment) -> Self {
        let program = environment.interpreter();
        // An interpreter that was copied into the environment is seen there.
        let own = fs::canonicalize(environment.path()).ok();
        let prefix = prefix_of(&program).filter(|prefix| own.as_ref() != Some(prefix));
        Self {
            program,
            prefix,
            environment: Some(Arc::new(environment)),
        }
    }
}

/// Where an interpreter really is installed: `…` of `…/bin/python3.11`. Never
/// the root of the host, all of which would be too much to show.
fn prefix_of(program: &Path) -> Option<PathBuf> {
    let program = fs::canonicalize(program).ok()?;
    let bin = program.parent()?;
    let prefix = bin.parent()?;
    let shown = bin.file_name()? == "bin" && prefix.parent().is_some();
    shown.then(|| prefix.to_owned())
}

/// What Python is told beside what every script is told.
///
/// The script runs from a copy; what lies beside the original can still be
/// imported. A `PYTHONPATH` of the hook's own comes after it.
pub(super) fn add_variables(variables: &mut BTreeMap<String, OsString>, beside: &Path) {
    let mut path = beside.as_os_str().to_owned();
    if let Some(configured) = variables.get("PYTHONPATH") {
        path.push(OsStr::new(":"));
        path.push(configured);
    }
    variables.insert("PYTHONPATH".to_owned(), path);
    for name in ["PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"] {
        variables
            .entry(name.to_owned())
            .or_insert_with(|| "1".into());
    }
}

#[cfg(test)]
mod tests {
    use super::add_variables;
    use std::collections::BTreeMap;
    use std::path::Path;

    #[test]
    fn what_lies_beside_the_script_comes_before_the_hooks_own_path() {
        let mut variables = BTreeMap::from([
            ("PYTHONPATH".to_owned(), "/opt/lib".into()),
            ("PYTHONUNBUFFERED".to_owned(), "".into()),
        ]);
        add_variables(&mut variables, Path::new("/scripts/grading"));
        assert_eq!(variables["PYTHONPATH"], "/scripts/grading:/opt/lib");
        assert_eq!(variables["PYTHONUNBUFFERED"], "");
        assert_eq!(variables["PYTHONDONTWRITEBYTECODE"], "1");
    }
}
