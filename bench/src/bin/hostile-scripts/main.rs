//! Every hostile script of `tests/hostile`, one row a case and mode: how it
//! ended, what ended it, what it left behind, how long that took, and what the
//! server needed for it. Ends with status 1 if anything is other than expected.
//!
//! ```sh
//! cargo run --release -p stagehook-bench --bin hostile-scripts
//! ```

use anyhow::Result;
use stagehook_hostile::scripts::{Arena, Case, Outcome, corpus};
use stagehook_runners::process::Confinement;
use std::io::Write as _;
use std::process::ExitCode;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<ExitCode> {
    let arenas = [
        ("confined", Arena::new(Confinement::Bubblewrap)?),
        ("unconfined", Arena::new(Confinement::Off)?),
    ];
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| what was tried | mode | status | what ended it | learnt | left behind | ms | server MiB |\n\
         | --- | --- | --- | --- | --- | ---: | ---: | ---: |"
    )?;
    let mut unexpected = 0;
    for case in corpus() {
        for (mode, arena) in &arenas {
            let Some((outcome, judged)) = arena.attack(&case).await? else {
                continue;
            };
            writeln!(out, "{}", row(&case, mode, &outcome))?;
            if let Err(error) = judged {
                unexpected += 1;
                writeln!(out, "| ^ NOT AS EXPECTED: {error} | | | | | | | |")?;
            }
        }
    }
    writeln!(out, "\n{unexpected} other than expected")?;
    Ok(if unexpected == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn row(case: &Case, mode: &str, outcome: &Outcome) -> String {
    let told: String = outcome.told.chars().take(90).collect();
    format!(
        "| {} | {mode} | {} | {} | {} | {} | {:.0} | {} |",
        case.name,
        outcome.ending,
        told.replace(['|', '\n'], " "),
        if outcome.learnt {
            "a secret"
        } else {
            "nothing"
        },
        outcome.left.len(),
        outcome.took.as_secs_f64() * 1e3,
        outcome.host_bytes >> 20,
    )
}
