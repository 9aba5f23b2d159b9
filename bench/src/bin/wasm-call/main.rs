//! What the runner costs over a bare wasmtime loop that makes the same call, in
//! three languages and with payloads of three sizes; and how many calls a second
//! it makes on one core and on two.
//!
//! Both run the same component with the same engine options, pool, fuel, epoch,
//! memory limiter and WASI context, and make a fresh store and a fresh instance
//! for every call. The bare loop gets its arguments ready-made and looks at
//! nothing it is answered, beyond that it is no failure. The runner serializes
//! the metadata, checks the answer, bounds output, carries a deadline and a
//! cancellation token, and measures.
//!
//! The two take turns in short blocks, so that whatever else the machine does
//! happens to both; the table shows the median block of each. The plugins are
//! those of `bench/plugins/`, which all do the same work; beside the Python one
//! the same script is run by a `python3` that is spawned for it.
//!
//! ```sh
//! scripts/bench wasm-call
//! ```

mod bare;
mod ours;
mod scenario;
mod spawned;

use anyhow::Result;
use scenario::{LANGUAGES, Language, PAYLOADS, Scenario};
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;

const BLOCKS: usize = 60;
/// About how long one block takes.
const BLOCK: Duration = Duration::from_millis(8);
/// Calls that are made at the same time for the throughput.
const AT_ONCE: usize = 16;
const THROUGHPUT_FOR: Duration = Duration::from_secs(3);

fn main() -> Result<()> {
    let mut out = std::io::stdout().lock();
    let one = Builder::new_current_thread().enable_all().build()?;
    writeln!(
        out,
        "| plugin | payload | bare us | runner us | ratio | spawned us | spawned / runner |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: |"
    )?;
    for language in LANGUAGES {
        let component = language.component()?;
        let bare = bare::Bare::new(&component)?;
        let ours = one.block_on(ours::Ours::new(component))?;
        for (payload, bytes) in PAYLOADS {
            let scenario = Scenario::new(bytes)?;
            let [bare, runner] = one.block_on(measure(&bare, &ours, &scenario))?;
            let spawned = match language {
                Language::Python => {
                    let spawned = spawned::median(&scenario)?;
                    let ratio = spawned.as_secs_f64() / runner.as_secs_f64();
                    format!("{:.0} | {ratio:.1}", micros(spawned))
                }
                Language::Rust | Language::JavaScript => " | ".to_owned(),
            };
            writeln!(
                out,
                "| {} | {payload} | {:.1} | {:.1} | {:.3} | {spawned} |",
                language.name(),
                micros(bare),
                micros(runner),
                runner.as_secs_f64() / bare.as_secs_f64(),
            )?;
        }
    }
    writeln!(
        out,
        "\n| plugin, 100 B | worker threads | calls/s |\n| --- | ---: | ---: |"
    )?;
    for language in LANGUAGES {
        for threads in [1, 2] {
            let runtime = Builder::new_multi_thread()
                .worker_threads(threads)
                .enable_all()
                .build()?;
            let per_second = runtime.block_on(throughput(language))?;
            writeln!(out, "| {} | {threads} | {per_second:.0} |", language.name())?;
        }
    }
    Ok(())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The median block of the bare loop and of the runner.
async fn measure(
    bare: &bare::Bare,
    ours: &ours::Ours,
    scenario: &Scenario,
) -> Result<[Duration; 2]> {
    let bare_call = bare::Call::new(scenario);
    let our_call = ours::Call::new(scenario)?;
    // Warm, until it is known how many calls make a block.
    let started = Instant::now();
    let mut made = 0_u32;
    while started.elapsed() < BLOCK * 20 || made < 4 {
        bare.call(&bare_call).await?;
        ours.call(&our_call).await?;
        made += 1;
    }
    let one = started.elapsed() / made / 2;
    let calls = u32::try_from(BLOCK.as_nanos() / one.as_nanos().max(1))?.max(1);
    let (mut bare_blocks, mut our_blocks) = (Vec::new(), Vec::new());
    for _ in 0..BLOCKS {
        let started = Instant::now();
        for _ in 0..calls {
            bare.call(&bare_call).await?;
        }
        bare_blocks.push(started.elapsed() / calls);
        let started = Instant::now();
        for _ in 0..calls {
            ours.call(&our_call).await?;
        }
        our_blocks.push(started.elapsed() / calls);
    }
    Ok([median(bare_blocks), median(our_blocks)])
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Calls a second, many at once, with the smallest payload.
async fn throughput(language: Language) -> Result<f64> {
    let ours = Arc::new(ours::Ours::new(language.component()?).await?);
    let call = Arc::new(ours::Call::new(&Scenario::new(100)?)?);
    let started = Instant::now();
    let lanes: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (ours, call) = (Arc::clone(&ours), Arc::clone(&call));
            tokio::spawn(async move {
                let mut made = 0_u32;
                while started.elapsed() < THROUGHPUT_FOR {
                    ours.call(&call).await?;
                    made += 1;
                    // A call that never waits would keep its thread for itself.
                    tokio::task::yield_now().await;
                }
                anyhow::Ok(made)
            })
        })
        .collect();
    let mut made = 0;
    for lane in lanes {
        made += lane.await??;
    }
    Ok(f64::from(made) / started.elapsed().as_secs_f64())
}
