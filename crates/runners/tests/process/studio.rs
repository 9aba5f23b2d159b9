//! A runner with a scripts directory of its own.

use serde_json::{Value, json};
use stagehook_core::config::{HookConfig, HookType};
use stagehook_core::contract::HookInput;
use stagehook_core::execution::Execution;
use stagehook_runners::Invocation;
use stagehook_runners::process::{BroughtScript, Confinement, ProcessRunner, ProcessSettings};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Nothing here takes this long unless something hangs.
pub(crate) const LONG: Duration = Duration::from_secs(30);

pub(crate) struct Studio {
    directory: TempDir,
    pub(crate) runner: ProcessRunner,
}

impl Studio {
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(crate) fn with(change: impl FnOnce(&mut ProcessSettings)) -> Self {
        let directory = TempDir::new().unwrap();
        let mut settings = ProcessSettings::in_directory(directory.path());
        settings.confinement = Confinement::Off;
        settings.grace = Duration::from_millis(300);
        fs::create_dir(&settings.script_roots[0]).unwrap();
        change(&mut settings);
        let runner = ProcessRunner::new(settings).unwrap();
        Self { directory, runner }
    }

    /// A path that outlives the run.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn scripts(&self) -> PathBuf {
        self.path("scripts")
    }

    pub(crate) fn script(&self, name: &str, content: &str) {
        let path = self.scripts().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Runs a shell script with these lines.
    pub(crate) async fn sh(&self, lines: &str) -> Execution {
        self.script("hook.sh", lines);
        self.run(json!({"script_path": "hook.sh"})).await
    }

    /// Runs a shell script with these lines under a deadline.
    pub(crate) async fn sh_within(&self, lines: &str, timeout: Duration) -> Execution {
        self.script("hook.sh", lines);
        let never = CancellationToken::new();
        self.run_with(
            HookType::Shell,
            json!({"script_path": "hook.sh"}),
            &input(),
            timeout,
            &never,
        )
        .await
    }

    pub(crate) async fn run(&self, config: Value) -> Execution {
        self.run_input(config, &input()).await
    }

    pub(crate) async fn run_input(&self, config: Value, input: &HookInput) -> Execution {
        let never = CancellationToken::new();
        self.run_with(HookType::Shell, config, input, LONG, &never)
            .await
    }

    pub(crate) async fn run_python(&self, config: Value) -> Execution {
        let never = CancellationToken::new();
        self.run_with(HookType::Python, config, &input(), LONG, &never)
            .await
    }

    pub(crate) async fn run_with(
        &self,
        hook_type: HookType,
        config: Value,
        input: &HookInput,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Execution {
        self.run_any(hook_type, config, None, input, timeout, cancel)
            .await
    }

    /// Runs a script that is brought, under the name that the config has for it.
    pub(crate) async fn run_brought(
        &self,
        hook_type: HookType,
        config: Value,
        script: &BroughtScript,
    ) -> Execution {
        let never = CancellationToken::new();
        self.run_any(hook_type, config, Some(script), &input(), LONG, &never)
            .await
    }

    async fn run_any(
        &self,
        hook_type: HookType,
        config: Value,
        script: Option<&BroughtScript>,
        input: &HookInput,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Execution {
        let input_json = serde_json::to_string(input).unwrap();
        let invocation = Invocation {
            input,
            input_json: &input_json,
            timeout,
            cancel,
        };
        let execution = match HookConfig::parse(hook_type, config).unwrap() {
            HookConfig::Shell(config) => self.runner.run_shell(&config, script, invocation).await,
            HookConfig::Python(config) => self.runner.run_python(&config, script, invocation).await,
            _ => panic!("no script"),
        }
        .unwrap();
        self.nothing_is_left_behind();
        execution
    }

    /// Every work directory is removed, however the run ended.
    pub(crate) fn nothing_is_left_behind(&self) {
        let left: Vec<_> = fs::read_dir(self.path("work"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            // What every run is given, for as long as there is a server.
            .filter(|name| name != "given")
            .collect();
        assert!(left.is_empty(), "left in the work root: {left:?}");
    }
}

pub(crate) fn input() -> HookInput {
    HookInput {
        segment_path: Some("/media/job42/seg_003.mp4".to_owned()),
        ..stagehook_test_support::hook::input()
    }
}

/// Whether a process runs (a zombie does not).
pub(crate) fn runs(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
        .ok()
        .and_then(|stat| Some(stat.rsplit_once(") ")?.1.to_owned()))
        .is_some_and(|rest| !rest.starts_with('Z'))
}

/// Waits until a file has something in it, and answers what.
pub(crate) async fn written(path: &Path) -> String {
    let until = Instant::now() + LONG;
    loop {
        match fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text,
            _ => assert!(
                Instant::now() < until,
                "{} was never written",
                path.display()
            ),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
