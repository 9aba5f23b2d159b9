//! Every hostile plugin of `tests/hostile`, one row a case: how it has to end
//! and how it did, the limit that ended it, how long that took, what the host
//! needed for it, and what a neighbour noticed that calls again and again
//! meanwhile. Ends with status 1 if anything is other than expected.
//!
//! Cases that are over in no time are repeated, so that there is something for
//! the neighbour to notice; time and memory are those of the first.
//!
//! ```sh
//! make plugins
//! cargo run --release -p stagehook-bench --bin hostile-corpus
//! ```

use anyhow::Result;
use stagehook_bench::latencies::Latencies;
use stagehook_hostile::{Arena, Case, Expected, Outcome, corpus};
use stagehook_runners::wasm::{Compiler, WasmSettings, compile_child};
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What this program is started with to be the compiler.
const COMPILE: &str = "compile";
/// How long the neighbour is watched for each case, at least.
const WATCHED: Duration = Duration::from_millis(500);
/// How long the neighbour is watched alone.
const ALONE: Duration = Duration::from_secs(3);

fn main() -> Result<ExitCode> {
    if std::env::args().nth(1).as_deref() == Some(COMPILE) {
        return Ok(compile_child::main());
    }
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(table())
}

async fn table() -> Result<ExitCode> {
    let settings = WasmSettings {
        compiler: Compiler::Process {
            program: std::env::current_exe()?,
            arguments: vec![COMPILE.into()],
        },
        ..WasmSettings::default()
    };
    let arena = Arc::new(Arena::new(settings).await?);
    // Warm, so that nothing is measured that only a first call does.
    for _ in 0..2_000 {
        arena.neighbour().await?;
    }
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| case | expected | got | told | ms | host MiB | neighbour p50 us | p99 us | calls |\n\
         | --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |"
    )?;
    let ((), alone) = beside(&arena, async {
        tokio::time::sleep(ALONE).await;
        Ok(())
    })
    .await?;
    writeln!(out, "| nobody attacks | | | | | | {alone} |")?;

    let mut unexpected = 0;
    for case in corpus() {
        let attacker = arena.ready(&case).await?;
        let (outcome, noticed) = beside(&arena, async {
            let started = Instant::now();
            let first = arena.attack(&case, &attacker).await?;
            while started.elapsed() < WATCHED {
                arena.attack(&case, &attacker).await?;
            }
            Ok(first)
        })
        .await?;
        let judged = outcome.judge(&case);
        writeln!(out, "{}", row(&case, &outcome, &noticed))?;
        if let Err(error) = judged {
            unexpected += 1;
            writeln!(out, "| ^ NOT AS EXPECTED: {error} | | | | | | | | |")?;
        }
    }
    writeln!(out, "\n{unexpected} other than expected")?;
    Ok(if unexpected == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Does something while a neighbour calls again and again. A neighbour that
/// gets a wrong answer is an error.
async fn beside<T>(
    arena: &Arc<Arena>,
    attack: impl Future<Output = Result<T>>,
) -> Result<(T, Latencies)> {
    let over = Arc::new(AtomicBool::new(false));
    let neighbour = tokio::spawn({
        let (arena, over) = (Arc::clone(arena), Arc::clone(&over));
        async move {
            let mut latencies = Latencies::default();
            while !over.load(Ordering::Relaxed) {
                let started = Instant::now();
                // What it takes to get its turn counts too.
                tokio::task::yield_now().await;
                arena.neighbour().await?;
                latencies.push(started.elapsed());
            }
            anyhow::Ok(latencies)
        }
    });
    let attacked = attack.await;
    over.store(true, Ordering::Relaxed);
    let latencies = neighbour.await??;
    Ok((attacked?, latencies))
}

fn row(case: &Case, outcome: &Outcome, noticed: &Latencies) -> String {
    let short: String = outcome.told.chars().take(70).collect();
    format!(
        "| {} | {} | {} | {} | {:.1} | {} | {noticed} |",
        case.name,
        shown(case.expected),
        shown(outcome.ended),
        short.replace(['|', '\n'], " "),
        outcome.took.as_secs_f64() * 1e3,
        outcome.host_bytes >> 20,
    )
}

fn shown(expected: Expected) -> String {
    match expected {
        Expected::Ends(status) => status.to_string(),
        Expected::Rejected(rule) => format!("rejected: {rule}"),
        Expected::Unchecked => "unchecked".to_owned(),
        Expected::Taken => "taken".to_owned(),
    }
}
