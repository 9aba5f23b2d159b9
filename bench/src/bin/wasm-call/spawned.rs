//! The same work by a `python3` that is spawned for it.

use crate::scenario::Scenario;
use anyhow::{Context as _, Result, ensure};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SPAWNED: usize = 40;

pub(crate) fn median(scenario: &Scenario) -> Result<Duration> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/spawned/count.py");
    let mut times = Vec::new();
    for _ in 0..SPAWNED {
        let started = Instant::now();
        let mut child = Command::new("python3")
            .arg(&script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start python3")?;
        let mut stdin = child.stdin.take().context("no pipe")?;
        stdin.write_all(scenario.json.as_bytes())?;
        drop(stdin);
        let output = child.wait_with_output()?;
        times.push(started.elapsed());
        ensure!(output.stdout.starts_with(b"{\"counted\""), "{output:?}");
    }
    Ok(crate::median(times))
}
