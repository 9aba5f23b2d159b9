//! A script, run by the runner.

use crate::scenario::Scenario;
use anyhow::{Result, bail, ensure};
use serde_json::json;
use stagehook_core::config::HookConfig;
use stagehook_core::contract::HookInput;
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_runners::Invocation;
use stagehook_runners::process::{Confinement, ConfinementLevel, ProcessRunner, ProcessSettings};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The name of the script.
pub(crate) const SCRIPT: &str = "hook";

pub(crate) struct Ours {
    directory: TempDir,
    runner: ProcessRunner,
    config: HookConfig,
    pub(crate) input: HookInput,
}

impl Ours {
    pub(crate) fn new(scenario: &Scenario, confinement: Confinement, warm: bool) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut settings = ProcessSettings::in_directory(directory.path());
        settings.confinement = confinement;
        fs::create_dir(&settings.script_roots[0])?;
        fs::write(settings.script_roots[0].join(SCRIPT), scenario.script)?;
        let runner = ProcessRunner::new(settings)?;
        if let ConfinementLevel::Unavailable(why) = runner.confinement() {
            bail!("{why}");
        }
        let mut input = stagehook_test_support::hook::input();
        input
            .metadata
            .insert("note".to_owned(), json!("x".repeat(500)));
        let mut config = json!({"script_path": SCRIPT});
        if warm {
            config["warm"] = true.into();
        }
        Ok(Self {
            config: HookConfig::parse(scenario.hook_type, config)?,
            directory,
            runner,
            input,
        })
    }

    /// Where the script lies.
    pub(crate) fn scripts(&self) -> PathBuf {
        self.directory.path().join("scripts")
    }

    /// Runs it once; says whether that was warm.
    pub(crate) async fn run(&self) -> Result<bool> {
        let execution = self.execute(&CancellationToken::new()).await?;
        ensure!(execution.status == ExecutionStatus::Passed, "{execution:?}");
        Ok(execution.script.is_some_and(|script| script.warm))
    }

    /// Runs it until it is warm.
    pub(crate) async fn warm_up(&self) -> Result<()> {
        let until = Instant::now() + Duration::from_secs(10);
        while !self.run().await? {
            ensure!(Instant::now() < until, "a warm hook stays cold");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    pub(crate) async fn execute(&self, cancel: &CancellationToken) -> Result<Execution> {
        let input_json = serde_json::to_string(&self.input)?;
        let invocation = Invocation {
            input: &self.input,
            input_json: &input_json,
            timeout: Duration::from_secs(30),
            cancel,
        };
        Ok(match &self.config {
            HookConfig::Shell(config) => self.runner.run_shell(config, None, invocation).await?,
            HookConfig::Python(config) => self.runner.run_python(config, None, invocation).await?,
            _ => bail!("no script"),
        })
    }
}
