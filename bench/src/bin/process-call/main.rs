//! What the runner costs over a bare spawn of the same script.
//!
//! Both start `/bin/sh` with the same script by `posix_spawn`, with pipes for
//! stdin, stdout and stderr, hand it the same input and read all that it
//! prints. The bare one runs the script where it lies, in the server's
//! directory, and has no deadline. The runner finds the script below its root,
//! makes a private directory with a copy of it and of the input, clears and
//! fills the environment, watches a deadline and a cancellation token, looks
//! for processes that were left behind, reads the result and removes the
//! directory.
//!
//! The two take turns in short blocks, so that whatever else the machine does
//! happens to both; the table shows the median block of each.
//!
//! ```sh
//! cargo run --release -p stagehook-bench --bin process-call
//! ```

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, json};
use stagehook_core::config::ShellConfig;
use stagehook_core::contract::{HookInput, HookRef, SCHEMA, TriggerRef};
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{ExecutionId, HookId};
use stagehook_core::scope::ScopeType;
use stagehook_core::trigger::HookPoint;
use stagehook_runners::Invocation;
use stagehook_runners::process::{Confinement, ProcessRunner, ProcessSettings};
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const BLOCKS: usize = 60;
const RUNS_PER_BLOCK: u32 = 25;

const SCENARIOS: [(&str, &str); 3] = [
    ("exit 0", "exit 0\n"),
    ("exec /bin/true", "exec /bin/true\n"),
    (
        "read the input, print a line",
        "cat > /dev/null\necho graded\n",
    ),
];

struct Ours {
    runner: ProcessRunner,
    config: ShellConfig,
    input: HookInput,
}

impl Ours {
    async fn run(&self) -> Result<()> {
        let input_json = serde_json::to_string(&self.input)?;
        let execution = self
            .runner
            .run_shell(
                &self.config,
                None,
                Invocation {
                    input: &self.input,
                    input_json: &input_json,
                    timeout: Duration::from_secs(30),
                    cancel: &CancellationToken::new(),
                },
            )
            .await?;
        ensure!(execution.status == ExecutionStatus::Passed, "{execution:?}");
        Ok(())
    }
}

fn bare(script: &Path, input: &HookInput) -> Result<()> {
    let input_json = serde_json::to_string(input)?;
    let mut child = Command::new("/bin/sh")
        .arg(script)
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
        .write_all(input_json.as_bytes());
    let mut output = Vec::new();
    child
        .stdout
        .take()
        .context("piped")?
        .read_to_end(&mut output)?;
    child
        .stderr
        .take()
        .context("piped")?
        .read_to_end(&mut output)?;
    ensure!(child.wait()?.success());
    Ok(())
}

fn median(mut blocks: Vec<Duration>) -> Duration {
    blocks.sort_unstable();
    blocks[blocks.len() / 2] / RUNS_PER_BLOCK
}

async fn measure(script: &str) -> Result<(Duration, Duration)> {
    let directory = tempfile::tempdir()?;
    let mut settings = ProcessSettings::in_directory(directory.path());
    settings.confinement = Confinement::Off;
    let scripts = directory.path().join("scripts");
    fs::create_dir(&scripts)?;
    fs::write(scripts.join("hook.sh"), script)?;
    let ours = Ours {
        runner: ProcessRunner::new(settings)?,
        config: serde_json::from_value(json!({"script_path": "hook.sh"}))?,
        input: input(),
    };
    let (mut bare_blocks, mut our_blocks) = (Vec::new(), Vec::new());
    for _ in 0..=BLOCKS {
        let began = Instant::now();
        for _ in 0..RUNS_PER_BLOCK {
            bare(&scripts.join("hook.sh"), &ours.input)?;
        }
        bare_blocks.push(began.elapsed());
        let began = Instant::now();
        for _ in 0..RUNS_PER_BLOCK {
            ours.run().await?;
        }
        our_blocks.push(began.elapsed());
    }
    // The first block of each warmed up.
    bare_blocks.remove(0);
    our_blocks.remove(0);
    Ok((median(bare_blocks), median(our_blocks)))
}

fn input() -> HookInput {
    let mut metadata = Map::new();
    metadata.insert("note".to_owned(), json!("x".repeat(500)));
    HookInput {
        schema: SCHEMA.to_owned(),
        execution_id: ExecutionId::generate(),
        hook: HookRef {
            id: HookId::new(1),
            name: "bench".to_owned(),
            version: 1,
            source: ScopeType::Studio,
        },
        job: None,
        trigger: TriggerRef::Stage {
            hook_point: HookPoint::PostSegment,
        },
        segment_path: Some("/media/job/seg_001.mp4".to_owned()),
        metadata,
        scene_context: Map::new(),
        hook_config: json!({}),
        data: None,
        attempt: 1,
        deadline_ms: 30_000,
        dry_run: false,
        previous_results: Vec::new(),
        inherited: None,
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    // On a task, as a server has it, and not on the main thread.
    tokio::spawn(async {
        let mut out = std::io::stdout();
        writeln!(
            out,
            "A shell hook, unconfined, one at a time; median of {BLOCKS} blocks of {RUNS_PER_BLOCK} runs\n"
        )?;
        writeln!(
            out,
            "{:<32} {:>12} {:>12} {:>8}",
            "script", "bare (us)", "runner (us)", "ratio"
        )?;
        for (name, script) in SCENARIOS {
            let (bare, ours) = measure(script).await?;
            writeln!(
                out,
                "{name:<32} {:>12.0} {:>12.0} {:>7.2}x",
                bare.as_secs_f64() * 1e6,
                ours.as_secs_f64() * 1e6,
                ours.as_secs_f64() / bare.as_secs_f64()
            )?;
        }
        Ok(())
    })
    .await?
}
