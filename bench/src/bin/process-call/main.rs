//! What the runner costs over a bare start of the same script.
//!
//! Both start the same interpreter with the same script by `posix_spawn`, with
//! pipes for stdin, stdout and stderr, hand it the same input and read all that
//! it prints. The bare one runs the script where it lies and has no deadline.
//! The runner finds the script below its root, makes a private directory with a
//! copy of it and of the input, fills the environment, watches a deadline, a
//! cancellation token and limits, looks for processes that were left behind,
//! reads the result and removes the directory.
//!
//! A confined hook is measured beside a bare bubblewrap that is started with the
//! flags of the runner's own, whose command line is read from `/proc`.
//!
//! A second table has warm Python hooks beside cold ones, both confined.
//!
//! The two take turns in short blocks, so that whatever else the machine does
//! happens to both; the table shows the median block of each.
//!
//! ```sh
//! cargo run --release -p stagehook-bench --bin process-call -- --blocks 60
//! ```

mod bare;
mod ours;
mod scenario;

use anyhow::{Context as _, Result, bail, ensure};
use bare::Bare;
use ours::Ours;
use scenario::{SCENARIOS, Scenario, WITH_IMPORTS};
use stagehook_core::config::HookType;
use stagehook_runners::process::Confinement;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// How many blocks each has, unless said otherwise.
const BLOCKS: usize = 60;
const RUNS_PER_BLOCK: u32 = 25;

fn blocks() -> Result<usize> {
    let mut arguments = std::env::args().skip(1);
    let blocks = match arguments.next().as_deref() {
        None => BLOCKS,
        Some("--blocks") => arguments
            .next()
            .context("--blocks needs a value")?
            .parse()?,
        Some(flag) => bail!("unknown flag {flag}: --blocks"),
    };
    ensure!(blocks > 0, "--blocks needs to be at least 1");
    Ok(blocks)
}

fn median(mut blocks: Vec<Duration>) -> Duration {
    blocks.sort_unstable();
    blocks[blocks.len() / 2] / RUNS_PER_BLOCK
}

/// The bare start, and the runner's.
async fn measure(
    scenario: &Scenario,
    confinement: Confinement,
    blocks: usize,
) -> Result<(Duration, Duration)> {
    let ours = Ours::new(scenario, confinement, false)?;
    let bare = Bare::of(scenario, &ours, confinement).await?;
    let (mut bare_blocks, mut our_blocks) = (Vec::new(), Vec::new());
    for _ in 0..=blocks {
        let began = Instant::now();
        for _ in 0..RUNS_PER_BLOCK {
            bare.run()?;
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

/// A cold run, and a warm one.
async fn measure_warm(scenario: &Scenario, blocks: usize) -> Result<(Duration, Duration)> {
    let cold = Ours::new(scenario, Confinement::Bubblewrap, false)?;
    let warm = Ours::new(scenario, Confinement::Bubblewrap, true)?;
    warm.warm_up().await?;
    let (mut cold_blocks, mut warm_blocks) = (Vec::new(), Vec::new());
    for _ in 0..blocks {
        for (ours, expected, blocks) in [
            (&cold, false, &mut cold_blocks),
            (&warm, true, &mut warm_blocks),
        ] {
            let began = Instant::now();
            for _ in 0..RUNS_PER_BLOCK {
                ensure!(ours.run().await? == expected, "a warm hook ran cold");
            }
            blocks.push(began.elapsed());
        }
    }
    Ok((median(cold_blocks), median(warm_blocks)))
}

#[tokio::main]
async fn main() -> Result<()> {
    let blocks = blocks()?;
    // On a task, as a server has it, and not on the main thread.
    tokio::spawn(async move {
        let mut out = std::io::stdout();
        writeln!(
            out,
            "Hooks one at a time; median of {blocks} blocks of {RUNS_PER_BLOCK} runs\n\n\
             | script | spawn us | runner us | ratio | bubblewrap us | runner, confined us | ratio |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
        )?;
        for scenario in &SCENARIOS {
            write!(out, "| {} |", scenario.name)?;
            for confinement in [Confinement::Off, Confinement::Bubblewrap] {
                let (bare, ours) = measure(scenario, confinement, blocks).await?;
                write!(
                    out,
                    " {:.0} | {:.0} | {:.2} |",
                    bare.as_secs_f64() * 1e6,
                    ours.as_secs_f64() * 1e6,
                    ours.as_secs_f64() / bare.as_secs_f64()
                )?;
            }
            writeln!(out)?;
        }
        writeln!(
            out,
            "\n| script, confined | cold us | warm us | ratio |\n| --- | ---: | ---: | ---: |"
        )?;
        let python = SCENARIOS
            .iter()
            .filter(|scenario| scenario.hook_type == HookType::Python);
        for scenario in python.chain([&WITH_IMPORTS]) {
            let (cold, warm) = measure_warm(scenario, blocks).await?;
            writeln!(
                out,
                "| {} | {:.0} | {:.0} | {:.2} |",
                scenario.name,
                cold.as_secs_f64() * 1e6,
                warm.as_secs_f64() * 1e6,
                cold.as_secs_f64() / warm.as_secs_f64()
            )?;
        }
        Ok(())
    })
    .await?
}
