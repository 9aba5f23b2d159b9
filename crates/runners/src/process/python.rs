//! The environments that Python hooks run in. REQ-SCR-3
//!
//! | config | interpreter |
//! | --- | --- |
//! | `venv` | `<venvs>/<name>/bin/python`, made by an administrator |
//! | `requirements` | `<venvs>/managed-<hash>/bin/python`, built when the hook is saved |
//! | neither | the server's default |
//!
//! A managed environment is named by the hash of its requirements and of the
//! Python that built it. It is built beside its place and renamed into it, so
//! one that is there is whole; two hooks with the same requirements share it,
//! and of two that are saved at once one builds and the other waits.

use super::interpreter::{PATH, is_executable};
use super::lines::Lines;
use super::spawn::Program;
use super::supervise::{End, Talk, Terms, supervise};
use super::tree::{Kind, Tree};
use super::{ProcessSettings, blocking};
use crate::HostBroken;
use sha2::{Digest as _, Sha256};
use stagehook_core::config::{PythonConfig, ScriptLimitsInForce};
use stagehook_core::ids::ExecutionId;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The interpreter's own arguments: no packages of the server's user.
pub(super) const ARGS: [&str; 1] = ["-s"];
/// Of the installer's output, the end is what says why it failed.
const INSTALLER_LINES: usize = 20;
/// Kept of the installer's output.
const INSTALLER_BYTES: usize = 64 * 1024;
/// How long asking an interpreter for its version may take.
const VERSION_TIMEOUT: Duration = Duration::from_secs(10);
/// What the installer needs of the server's environment to find its packages.
const INSTALLER_VARIABLES: [&str; 16] = [
    "PIP_CONFIG_FILE",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_NO_INDEX",
    "PIP_TRUSTED_HOST",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Why the environment of a Python hook is not there.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// A named environment is missing or has no interpreter.
    #[error(
        "the Python environment {0:?} does not exist on this server: make it with `python3 -m venv` in the server's directory of environments"
    )]
    Unknown(String),
    /// A managed environment has not been built, or is gone.
    #[error(
        "the Python environment of these requirements is not built on this server; save the hook again to build it"
    )]
    NotBuilt,
    /// The server's default interpreter is missing.
    #[error("Python is not installed on this server, or its default interpreter is set wrong")]
    NoPython,
    /// The environment could not be built; the installer says why.
    #[error("{step} failed:\n{output}")]
    Failed {
        /// What failed: `python -m venv` or `pip install`.
        step: &'static str,
        /// The last lines that it printed, without credentials.
        output: String,
    },
    /// Building took longer than it may.
    #[error("{step} took longer than {seconds} s:\n{output}")]
    TimedOut {
        /// What was ended.
        step: &'static str,
        /// How long everything may take together.
        seconds: u64,
        /// The last lines that it printed, without credentials.
        output: String,
    },
    /// The server cannot do its own work.
    #[error("the environment could not be built: {0}")]
    Host(#[from] HostBroken),
}

/// The interpreter of a hook.
#[derive(Debug, Clone)]
pub(super) struct Interpreter {
    pub(super) program: PathBuf,
    /// The directories that it needs beside the system's.
    pub(super) needs: Vec<PathBuf>,
}

/// The environments of this server.
#[derive(Debug)]
pub(super) struct Environments {
    settings: Arc<ProcessSettings>,
    /// The version of the default interpreter.
    version: OnceCell<String>,
    /// Held while one is built: one at a time is kind to the machine, and who
    /// waits for the same one finds it there.
    building: Mutex<()>,
}

impl Environments {
    pub(super) fn new(settings: Arc<ProcessSettings>) -> Self {
        Self {
            settings,
            version: OnceCell::new(),
            building: Mutex::new(()),
        }
    }

    /// The interpreter of a hook's environment, if it is there.
    pub(super) async fn interpreter(
        &self,
        config: &PythonConfig,
    ) -> Result<Interpreter, EnvironmentError> {
        let (environment, missing) = if let Some(name) = &config.venv {
            (
                self.settings.venvs.join(name),
                EnvironmentError::Unknown(name.clone()),
            )
        } else if config.requirements.is_empty() {
            return self.default_interpreter();
        } else {
            let directory = self.managed(&config.requirements).await?;
            (directory, EnvironmentError::NotBuilt)
        };
        let program = python_of(&environment);
        if !is_executable(&program) {
            return Err(missing);
        }
        let mut needs = vec![environment];
        needs.extend(prefix_of(&program));
        Ok(Interpreter { program, needs })
    }

    fn default_interpreter(&self) -> Result<Interpreter, EnvironmentError> {
        let program = self.settings.python.clone();
        if !is_executable(&program) {
            return Err(EnvironmentError::NoPython);
        }
        let needs = prefix_of(&program).into_iter().collect();
        Ok(Interpreter { program, needs })
    }

    /// Builds the environment if the hook has one that can be built.
    pub(super) async fn prepare(
        &self,
        config: &PythonConfig,
        timeout: Duration,
    ) -> Result<(), EnvironmentError> {
        match self.interpreter(config).await {
            Err(EnvironmentError::NotBuilt) => {}
            other => return other.map(drop),
        }
        let deadline = Instant::now() + timeout;
        let Ok(_building) = tokio::time::timeout_at(deadline, self.building.lock()).await else {
            return Err(EnvironmentError::TimedOut {
                step: "waiting for another environment",
                seconds: timeout.as_secs(),
                output: String::new(),
            });
        };
        let place = self.managed(&config.requirements).await?;
        if is_executable(&python_of(&place)) {
            return Ok(());
        }
        self.build(&config.requirements, &place, deadline, timeout)
            .await
    }

    /// Where the environment of these requirements is, or would be.
    async fn managed(&self, requirements: &[String]) -> Result<PathBuf, EnvironmentError> {
        let version = self.version.get_or_try_init(|| self.ask_version()).await?;
        let mut hash = Sha256::new();
        hash.update(version);
        for requirement in requirements {
            hash.update(b"\n");
            hash.update(requirement);
        }
        let mut name = String::from("managed-");
        for byte in hash.finalize().iter().take(16) {
            let _ = write!(name, "{byte:02x}");
        }
        Ok(self.settings.venvs.join(name))
    }

    async fn ask_version(&self) -> Result<String, EnvironmentError> {
        let mut program = Program::new(&self.settings.python, &self.settings.venvs).args([
            "-I",
            "-c",
            "import sys; print(sys.version, sys.prefix)",
        ]);
        program.variables.insert("PATH".to_owned(), PATH.into());
        let deadline = Instant::now() + VERSION_TIMEOUT;
        let asked = self.perform(program, deadline).await;
        match asked {
            Ok((Performed::Done, output)) => Ok(output),
            _ => Err(EnvironmentError::NoPython),
        }
    }

    async fn build(
        &self,
        requirements: &[String],
        place: &Path,
        deadline: Instant,
        timeout: Duration,
    ) -> Result<(), EnvironmentError> {
        let broken = |error| HostBroken::new("cannot make an environment's directory", error);
        // Dropped on every failure, and then removed.
        let scratch = tempfile::Builder::new()
            .prefix("building-")
            .tempdir_in(&self.settings.venvs)
            .map_err(broken)?;
        let environment = scratch.path().join("venv");
        let list = scratch.path().join("requirements.txt");
        fs::write(&list, requirements.join("\n")).map_err(broken)?;

        let venv = Self::installer(&self.settings.python, scratch.path())
            .args(["-I", "-m", "venv"])
            .args([&environment]);
        self.step("python -m venv", venv, deadline, timeout).await?;
        // Wheels alone: building anything else runs code of the package, as us.
        let pip = Self::installer(&python_of(&environment), scratch.path())
            .args(["-I", "-m", "pip", "install", "--no-input"])
            .args(["--only-binary", ":all:", "-r"])
            .args([&list]);
        self.step("pip install", pip, deadline, timeout).await?;

        match fs::rename(&environment, place) {
            // Another server with the same directory was faster.
            Err(_) if is_executable(&python_of(place)) => {}
            renamed => renamed.map_err(broken)?,
        }
        // Many files; not on a thread that others wait for.
        blocking(move || drop(scratch)).await?;
        Ok(())
    }

    fn installer(program: &Path, home: &Path) -> Program {
        let mut installer = Program::new(program, home);
        let fixed: [(&str, OsString); 6] = [
            ("PATH", PATH.into()),
            ("HOME", home.into()),
            ("TMPDIR", home.into()),
            ("LANG", "C.UTF-8".into()),
            ("PIP_DISABLE_PIP_VERSION_CHECK", "1".into()),
            ("PIP_NO_CACHE_DIR", "1".into()),
        ];
        let inherited = INSTALLER_VARIABLES
            .iter()
            .filter_map(|name| Some((*name, std::env::var_os(name)?)));
        installer.variables = inherited
            .chain(fixed)
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        installer
    }

    async fn step(
        &self,
        step: &'static str,
        program: Program,
        deadline: Instant,
        timeout: Duration,
    ) -> Result<(), EnvironmentError> {
        let (performed, output) = self.perform(program, deadline).await?;
        let output = last_lines(&output);
        match performed {
            Performed::Done => Ok(()),
            Performed::Failed => Err(EnvironmentError::Failed { step, output }),
            Performed::TimedOut => Err(EnvironmentError::TimedOut {
                step,
                seconds: timeout.as_secs(),
                output,
            }),
        }
    }

    /// Runs a program like a hook: bounded output, a deadline, nothing left
    /// behind.
    async fn perform(
        &self,
        mut program: Program,
        deadline: Instant,
    ) -> Result<(Performed, String), HostBroken> {
        let id = ExecutionId::generate().to_string();
        program
            .variables
            .insert(super::variables::EXECUTION_ID.to_owned(), (&id).into());
        let started = blocking(move || Tree::start(program, Kind::Program, &id)).await?;
        let broken = |error| HostBroken::new("cannot run the installer", error);
        let (tree, pipes) = started.map_err(broken)?;
        let terms = Terms {
            deadline,
            cancel: &CancellationToken::new(),
            grace: self.settings.grace,
            limits: ScriptLimitsInForce {
                output_bytes: INSTALLER_BYTES,
                ..self.settings.limits.maximum
            },
        };
        let talk = Talk {
            input: &[],
            stdout: Lines::new(None, 0),
            stderr: Lines::new(None, 0),
        };
        let ended = supervise(tree, pipes, talk, terms).await.map_err(broken)?;
        let performed = match (ended.end, ended.leader) {
            (End::Deadline, _) => Performed::TimedOut,
            (_, Some(leader)) if leader.status.success() => Performed::Done,
            _ => Performed::Failed,
        };
        let output = ended.stdout.into_text() + &ended.stderr.into_text();
        Ok((performed, output))
    }
}

enum Performed {
    Done,
    Failed,
    TimedOut,
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

/// Where an interpreter really is installed: `…` of `…/bin/python3.11`.
fn prefix_of(program: &Path) -> Option<PathBuf> {
    let program = fs::canonicalize(program).ok()?;
    let bin = program.parent()?;
    (bin.file_name()? == "bin").then(|| bin.parent().map(Path::to_owned))?
}

fn python_of(environment: &Path) -> PathBuf {
    environment.join("bin/python")
}

fn last_lines(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let last = &lines[lines.len().saturating_sub(INSTALLER_LINES)..];
    without_credentials(&last.join("\n"))
}

/// Takes `user:password@` out of every URL: an index may be configured so.
fn without_credentials(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\''))
            .unwrap_or(after.len());
        let authority = &after[..end];
        clean.push_str(match authority.rfind('@') {
            Some(at) => &authority[at + 1..],
            None => authority,
        });
        rest = &after[end..];
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::{add_variables, last_lines};
    use std::collections::BTreeMap;
    use std::path::Path;

    #[test]
    fn of_the_installers_output_the_end_is_kept_without_credentials() {
        let mut output = "first\n".repeat(100);
        output.push_str("Looking in https://bob:hunter2@index.example.com/simple, ok\n");
        output.push_str("ERROR: no match at http://x/");
        let kept = last_lines(&output);
        assert_eq!(kept.lines().count(), 20);
        assert!(
            kept.contains("https://index.example.com/simple, ok"),
            "{kept}"
        );
        assert!(kept.ends_with("ERROR: no match at http://x/"));
        assert!(!kept.contains("hunter2"));
    }

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
