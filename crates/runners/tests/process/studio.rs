//! A runner with a scripts directory of its own.

use serde_json::{Value, json};
use stagehook_core::config::{HookConfig, HookType};
use stagehook_core::contract::HookInput;
use stagehook_core::execution::Execution;
use stagehook_runners::Invocation;
use stagehook_runners::process::{
    BroughtScript, Confinement, ConfinementLevel, ProcessRunner, ProcessSettings,
};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Nothing here takes this long unless something hangs.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Where a confined script sees what it shares with the test.
const SHARED: &str = "/shared";

pub(crate) struct Studio {
    directory: TempDir,
    pub(crate) runner: ProcessRunner,
    confinement: Confinement,
    /// Whether a script ran without a sandbox.
    is_unconfined: AtomicBool,
    /// A number of seconds to sleep that nobody else sleeps: the processes of a
    /// script are known by it, whatever their numbers in there.
    pub(crate) nap: String,
}

/// Whether a process runs that has this on its command line.
pub(crate) fn runs(text: &str) -> bool {
    fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        fs::read(entry.path().join("cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(text))
    })
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
        let media = directory.path().join("media");
        fs::create_dir_all(media.join("shared")).unwrap();
        settings.media_roots.push(media);
        change(&mut settings);
        let confinement = settings.confinement;
        let runner = ProcessRunner::new(settings).unwrap();
        let random = RandomState::new().hash_one(()) % 1_000_000_000;
        Self {
            directory,
            runner,
            confinement,
            is_unconfined: AtomicBool::new(confinement == Confinement::Off),
            nap: format!("300.{random:09}"),
        }
    }

    /// Without confinement, or with it.
    pub(crate) fn confined(confinement: Confinement) -> Self {
        let studio = Self::with(|settings| settings.confinement = confinement);
        if confinement == Confinement::Bubblewrap {
            assert_eq!(studio.runner.confinement(), ConfinementLevel::Bubblewrap);
        }
        studio
    }

    /// A path that outlives the run.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn scripts(&self) -> PathBuf {
        self.path("scripts")
    }

    /// A file that scripts may write, too.
    pub(crate) fn shared(&self, name: &str) -> PathBuf {
        self.path("media/shared").join(name)
    }

    /// The path that a script has for it.
    pub(crate) fn told(&self, name: &str) -> String {
        match self.confinement {
            Confinement::Off => self.shared(name).to_str().unwrap().to_owned(),
            Confinement::Bubblewrap => format!("{SHARED}/{name}"),
        }
    }

    /// The config of a hook that may write what is shared.
    pub(crate) fn sharing(&self, script: &str) -> Value {
        json!({
            "script_path": script,
            "grants": {"directories": [{
                "host": self.shared("").to_str().unwrap().trim_end_matches('/'),
                "guest": SHARED,
                "access": "write",
            }]},
        })
    }

    /// Whether a process runs that has the nap on its command line, in a sandbox
    /// or not; a zombie has none.
    pub(crate) fn naps(&self) -> bool {
        runs(&self.nap)
    }

    /// Waits for such a process: one that has just become another program has no
    /// command line for a moment.
    pub(crate) async fn until_it_naps(&self) {
        let until = Instant::now() + LONG;
        while !self.naps() {
            assert!(Instant::now() < until, "nothing naps");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub(crate) fn script(&self, name: &str, content: &str) {
        let path = self.scripts().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Runs a shell script with these lines.
    pub(crate) async fn sh(&self, lines: &str) -> Execution {
        self.script("hook.sh", lines);
        self.run(self.sharing("hook.sh")).await
    }

    /// Runs a shell script with these lines under a deadline.
    pub(crate) async fn sh_within(&self, lines: &str, timeout: Duration) -> Execution {
        self.script("hook.sh", lines);
        let never = CancellationToken::new();
        self.run_with(
            HookType::Shell,
            self.sharing("hook.sh"),
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

    /// Runs a script while others run, too.
    pub(crate) async fn alongside(&self, hook_type: HookType, config: Value) -> Execution {
        let never = CancellationToken::new();
        self.run_unchecked(hook_type, config, None, &input(), LONG, &never)
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
        let execution = self
            .run_unchecked(hook_type, config, script, input, timeout, cancel)
            .await;
        self.nothing_is_left_behind();
        execution
    }

    async fn run_unchecked(
        &self,
        hook_type: HookType,
        config: Value,
        script: Option<&BroughtScript>,
        input: &HookInput,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Execution {
        if config["sandbox"] == "trusted" {
            self.is_unconfined.store(true, Ordering::Relaxed);
        }
        let input_json = serde_json::to_string(input).unwrap();
        let invocation = Invocation {
            input,
            input_json: &input_json,
            timeout,
            cancel,
        };
        match HookConfig::parse(hook_type, config).unwrap() {
            HookConfig::Shell(config) => self.runner.run_shell(&config, script, invocation).await,
            HookConfig::Python(config) => self.runner.run_python(&config, script, invocation).await,
            _ => panic!("no script"),
        }
        .unwrap()
    }

    /// Every work directory is removed, however the run ended, or is as the server
    /// made it.
    pub(crate) fn nothing_is_left_behind(&self) {
        let mut left = self.work();
        left.retain(|name| !self.is_spare(name));
        assert!(left.is_empty(), "left in the work root: {left:?}");
    }

    /// Whether a work directory has nothing of a run in it, and may be kept for
    /// another: those of confined runs never are.
    fn is_spare(&self, name: &OsStr) -> bool {
        let directory = self.path("work").join(name);
        let there: BTreeSet<_> = fs::read_dir(directory)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        self.is_unconfined.load(Ordering::Relaxed)
            && there == BTreeSet::from([".stagehook".into(), "input.json".into()])
    }

    /// Whether a run has a work directory.
    pub(crate) fn has_work(&self) -> bool {
        !self.work().is_empty()
    }

    fn work(&self) -> Vec<OsString> {
        let names = |directory: PathBuf| {
            let entries = fs::read_dir(directory).into_iter().flatten().flatten();
            entries.map(|entry| entry.file_name()).collect::<Vec<_>>()
        };
        let mut left = Vec::new();
        for name in names(self.path("work")) {
            let is_template = name.to_string_lossy().starts_with("warm-");
            if is_template {
                let below = names(self.path("work").join(&name));
                left.extend(
                    below
                        .into_iter()
                        .filter(|name| name.to_string_lossy().starts_with("run-")),
                );
            } else if name != "given" {
                // That is what every run is given, as long as there is a server.
                left.push(name);
            }
        }
        left
    }
}

pub(crate) fn input() -> HookInput {
    HookInput {
        segment_path: Some("/media/job42/seg_003.mp4".to_owned()),
        ..stagehook_test_support::hook::input()
    }
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
