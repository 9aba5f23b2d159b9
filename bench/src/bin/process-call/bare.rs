//! The same script without the runner.

use crate::ours::{Ours, SCRIPT};
use crate::scenario::Scenario;
use anyhow::{Context as _, Result, bail, ensure};
use stagehook_core::config::HookType;
use stagehook_runners::process::Confinement;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub(crate) struct Bare {
    command: Vec<String>,
    input_json: String,
    /// What a sandbox has as its work directory.
    _work: TempDir,
}

impl Bare {
    /// The command that the runner starts for a script: without confinement with
    /// the script where it lies, with it the same bubblewrap around the same
    /// interpreter.
    pub(crate) async fn of(
        scenario: &Scenario,
        ours: &Ours,
        confinement: Confinement,
    ) -> Result<Self> {
        let scripts = ours.scripts();
        let script = scripts.join(SCRIPT);
        let work = tempfile::tempdir()?;
        let own = work.path().join(".stagehook");
        fs::create_dir(&own)?;
        fs::copy(&script, own.join(SCRIPT))?;
        // One that stays until it was looked at.
        let waiting = match scenario.hook_type {
            HookType::Python => "import time; time.sleep(60)\n",
            _ => "sleep 60\n",
        };
        fs::write(&script, waiting)?;
        let cancel = CancellationToken::new();
        let (execution, command) = tokio::join!(ours.execute(&cancel), async {
            let command = started().await;
            cancel.cancel();
            command
        });
        execution?;
        fs::write(&script, scenario.script)?;
        let mut command = command?;
        match confinement {
            Confinement::Off => {
                let last = command.last_mut().context("a command")?;
                script.to_str().context("a path")?.clone_into(last);
            }
            Confinement::Bubblewrap => {
                let paths = [work.path(), scripts.as_path()].map(|path| path.to_string_lossy());
                command = without_runner(&command, &paths[0], &paths[1])?;
            }
        }
        Ok(Self {
            command,
            input_json: serde_json::to_string(&ours.input)?,
            _work: work,
        })
    }

    pub(crate) fn run(&self) -> Result<()> {
        let mut child = Command::new(&self.command[0])
            .args(&self.command[1..])
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // The input is smaller than a pipe; a script that does not read it makes
        // this fail, which is its right.
        let _ = child
            .stdin
            .take()
            .context("piped")?
            .write_all(self.input_json.as_bytes());
        let mut output = Vec::new();
        let mut errors = Vec::new();
        child
            .stdout
            .take()
            .context("piped")?
            .read_to_end(&mut output)?;
        child
            .stderr
            .take()
            .context("piped")?
            .read_to_end(&mut errors)?;
        ensure!(
            child.wait()?.success(),
            "{}",
            String::from_utf8_lossy(&errors)
        );
        Ok(())
    }
}

/// The command line of the child that this process has now.
async fn started() -> Result<Vec<String>> {
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        for task in fs::read_dir("/proc/self/task")? {
            let children = fs::read_to_string(task?.path().join("children"))?;
            if let Some(pid) = children.split_ascii_whitespace().next() {
                let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                if line.trim_end_matches('\0').ends_with(&format!("/{SCRIPT}")) {
                    return Ok(line.split_terminator('\0').map(str::to_owned).collect());
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    bail!("the runner started nothing")
}

/// The command of a sandbox with directories by their paths, where the runner
/// hands over descriptors, and without the runner's own first process.
fn without_runner(command: &[String], work: &str, scripts: &str) -> Result<Vec<String>> {
    let mut parts = command.splitn(3, |arg| arg == "--");
    let flags = parts.next().context("flags")?;
    let program = parts.nth(1).context("a program")?;
    let mut bare = Vec::new();
    let mut flags = flags.iter();
    while let Some(flag) = flags.next() {
        match flag.strip_suffix("-fd") {
            Some(by_path) if by_path.ends_with("bind") => {
                let _descriptor = flags.next();
                let place = flags.next().context("a place")?;
                let host = if place == "/work" { work } else { scripts };
                bare.extend([by_path.to_owned(), host.to_owned(), place.clone()]);
            }
            _ => bare.push(flag.clone()),
        }
    }
    bare.push("--".to_owned());
    bare.extend_from_slice(program);
    Ok(bare)
}
