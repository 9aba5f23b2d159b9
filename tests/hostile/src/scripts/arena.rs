//! Where a case is carried out.

use super::case::{Case, Ending, Expected, Language};
use super::traces;
use crate::host;
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;
use stagehook_core::config::{HookConfig, HookType};
use stagehook_core::contract::HookInput;
use stagehook_core::execution::Execution;
use stagehook_runners::Invocation;
use stagehook_runners::process::{
    Confinement, ConfinementLevel, MemoryLimit, ProcessRunner, ProcessSettings,
};
use std::any::Any;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Somebody who helps the script from outside, until dropped.
pub(super) type Accomplice = Box<dyn Any>;

/// What a script outside of the scripts directory prints, which none inside may.
pub(super) const OUTSIDE: &str = "printed by the script outside";
/// From TERM to KILL.
const GRACE: Duration = Duration::from_millis(200);
/// How often a script is run until it is warm.
const WARM_UPS: usize = 20;
/// What the server may take for any case, beside what it hands over.
const HOST_BYTES: u64 = 48 << 20;

/// What became of a case.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// What the error says; empty where there is none.
    pub told: String,
    /// Whether it learnt a secret.
    pub learnt: bool,
    /// What it left: processes, directories.
    pub left: Vec<String>,
    /// How long it took.
    pub took: Duration,
    /// What the server took for it at most, in bytes.
    pub host_bytes: u64,
    /// The execution, where there was one.
    pub execution: Option<Execution>,
}

impl Outcome {
    /// Whether that is what had to become of it.
    ///
    /// # Errors
    ///
    /// What is other than expected.
    pub fn judge(&self, case: &Case, expected: Expected) -> Result<()> {
        let told = &self.told;
        ensure!(
            expected.ending == Ending::Any || self.ending == expected.ending,
            "{} instead of {}: {told} {:?}",
            self.ending,
            expected.ending,
            self.execution
        );
        ensure!(
            told.contains(expected.told),
            "`{told}` does not say `{}`",
            expected.told
        );
        ensure!(
            self.learnt == expected.learns,
            "a secret was {}learnt",
            if self.learnt { "" } else { "not " }
        );
        ensure!(self.left.is_empty(), "left behind: {:?}", self.left);
        ensure!(self.took <= case.within, "it took {:?}", self.took);
        // The input is there as a value, as its text, and on its way.
        let host_bytes = HOST_BYTES + 4 * case.input_bytes as u64;
        ensure!(
            self.host_bytes <= host_bytes,
            "the server took {} MiB",
            self.host_bytes >> 20
        );
        Ok(())
    }
}

/// One server's runner.
#[derive(Debug)]
pub struct Arena {
    directory: TempDir,
    runner: ProcessRunner,
    confinement: Confinement,
    /// Whether scripts are forked from an interpreter that is kept for them.
    warm: bool,
    /// What no script may print.
    secrets: Vec<String>,
    /// Would be inherited, as a supervisor may hand one over.
    _descriptor: fs::File,
}

impl Arena {
    /// A runner in this mode.
    ///
    /// # Errors
    ///
    /// Where the host cannot run scripts in this mode.
    pub fn new(confinement: Confinement) -> Result<Self> {
        let directory = TempDir::new()?;
        let descriptor = fs::File::open("/dev/null")?;
        rustix::io::fcntl_setfd(&descriptor, rustix::io::FdFlags::empty())?;
        let mut settings = ProcessSettings::in_directory(directory.path());
        settings.confinement = confinement;
        settings.grace = GRACE;
        let runner = ProcessRunner::new(settings)?;
        if let ConfinementLevel::Unavailable(why) = runner.confinement() {
            bail!("{why}");
        }
        Ok(Self {
            directory,
            runner,
            confinement,
            warm: false,
            secrets: vec![entry_of_own_environment()?, OUTSIDE.to_owned()],
            _descriptor: descriptor,
        })
    }

    /// A runner that runs Python scripts confined and warm, and no others.
    ///
    /// # Errors
    ///
    /// Where the host cannot confine scripts.
    pub fn warm() -> Result<Self> {
        Ok(Self {
            warm: true,
            ..Self::new(Confinement::Bubblewrap)?
        })
    }

    /// Whether the kernel counts what scripts use.
    pub fn counts(&self) -> bool {
        self.runner.memory_limit() == MemoryLimit::ControlGroups
    }

    /// Carries a case out, as often as it says; answers with what became of
    /// the last, or of the first that was not as expected. `None` where it is
    /// not tried in this mode.
    ///
    /// # Errors
    ///
    /// Where the host failed.
    pub async fn attack(&self, case: &Case) -> Result<Option<(Outcome, Result<()>)>> {
        let Some(expected) = case.expected(self.confinement) else {
            return Ok(None);
        };
        if self.warm && case.language != Language::Python {
            return Ok(None);
        }
        let scripts = self.directory.path().join("scripts");
        if scripts.exists() {
            fs::remove_dir_all(&scripts)?;
        }
        fs::create_dir(&scripts)?;
        fs::write(scripts.join("hook"), case.script)?;
        let _accomplice = case.stage.map(|stage| stage(&scripts)).transpose()?;
        if self.warm && !self.warm_up(case).await? {
            return Ok(None);
        }
        for _ in 1..case.rounds {
            let outcome = self.once(case).await?;
            let judged = outcome.judge(case, expected);
            if judged.is_err() {
                return Ok(Some((outcome, judged)));
            }
        }
        let outcome = self.once(case).await?;
        let judged = outcome.judge(case, expected);
        Ok(Some((outcome, judged)))
    }

    /// Carries a case out until that is warm; not where it never is, as where the
    /// script cannot be compiled.
    async fn warm_up(&self, case: &Case) -> Result<bool> {
        for _ in 0..WARM_UPS {
            let execution = self.once(case).await?.execution;
            if execution.is_some_and(|execution| execution.script.is_some_and(|script| script.warm))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn once(&self, case: &Case) -> Result<Outcome> {
        let mark = traces::mark();
        let input = input(case);
        let input_json = serde_json::to_string(&input)?;
        host::reset_peak_memory()?;
        let before = host::resident_bytes()?;
        let began = Instant::now();
        let execution = self.run(case, &mark, &input, &input_json).await?;
        let took = began.elapsed();
        let host_bytes = host::peak_memory_bytes()?.saturating_sub(before);
        let mut left = traces::processes(&mark);
        left.extend(traces::directories(&self.work(), self.confinement));
        let printed = execution.as_ref().map_or_else(String::new, |execution| {
            format!("{}{}", execution.stdout, execution.stderr)
        });
        Ok(Outcome {
            ending: execution.as_ref().map_or(Ending::NotSaved, |execution| {
                Ending::Status(execution.status)
            }),
            told: execution
                .as_ref()
                .and_then(|execution| execution.error.clone())
                .unwrap_or_default(),
            learnt: self.secrets.iter().any(|secret| printed.contains(secret)),
            left,
            took,
            host_bytes,
            execution,
        })
    }

    /// `None` where the hook cannot be saved.
    async fn run(
        &self,
        case: &Case,
        mark: &str,
        input: &HookInput,
        input_json: &str,
    ) -> Result<Option<Execution>> {
        let mut config = json!({"script_path": "hook", "args": [mark]});
        if self.warm {
            config["warm"] = true.into();
        } else {
            // With that a server that is root keeps no interpreter for it.
            config["env"] = json!({"MARK": mark});
        }
        for (key, value) in case.config.as_object().into_iter().flatten() {
            config[key] = value.clone();
        }
        let hook_type = match case.language {
            Language::Shell => HookType::Shell,
            Language::Python => HookType::Python,
        };
        let never = CancellationToken::new();
        let invocation = Invocation {
            input,
            input_json,
            timeout: case.timeout,
            cancel: &never,
        };
        match HookConfig::parse(hook_type, config) {
            Ok(HookConfig::Shell(config)) => Ok(Some(
                self.runner.run_shell(&config, None, invocation).await?,
            )),
            Ok(HookConfig::Python(config)) => Ok(Some(
                self.runner.run_python(&config, None, invocation).await?,
            )),
            Ok(_) => bail!("no script"),
            Err(_) => Ok(None),
        }
    }

    fn work(&self) -> PathBuf {
        self.directory.path().join("work")
    }
}

/// Anything that the server was started with stands for a secret.
fn entry_of_own_environment() -> Result<String> {
    let environment = fs::read("/proc/self/environ")?;
    environment
        .split(|&byte| byte == 0)
        .filter(|entry| entry.len() > 20 && entry.iter().all(|byte| (b' '..b'~').contains(byte)))
        .max_by_key(|entry| entry.len())
        .map(|entry| String::from_utf8_lossy(entry).into_owned())
        .context("this process has nothing in its environment that could be told")
}

fn input(case: &Case) -> HookInput {
    let mut input = stagehook_test_support::hook::input();
    input
        .metadata
        .insert("blob".to_owned(), "x".repeat(case.input_bytes).into());
    input
}
