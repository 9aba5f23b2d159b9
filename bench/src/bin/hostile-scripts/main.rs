//! Every hostile script of `tests/hostile`, one row a case and mode: how it
//! ended, what ended it, what it learnt and left behind, how long that took, and
//! the memory of the server before, after, and at most in between. The server is
//! this process: it has the runner that servers have. Ends with status 1 if
//! anything is other than expected.
//!
//! An unconfined script learns secrets of the server: it runs as the same user,
//! for whom the kernel opens `/proc/<pid>/environ`. That is expected, and why
//! there is a sandbox.
//!
//! Where no control groups can be made, those that need them are left out: fork
//! bombs, and memory that no process maps.
//!
//! ```sh
//! cargo run --release -p stagehook-bench --bin hostile-scripts
//! ```

use anyhow::Result;
use stagehook_hostile::scripts::{Arena, Case, Ending, Outcome, corpus, counted};
use stagehook_hostile::{peak_memory_bytes, resident_bytes};
use stagehook_runners::process::Confinement;
use std::io::Write as _;
use std::process::ExitCode;

/// How much of an error and of a command line is shown, in characters.
const SHOWN: usize = 90;

/// Those that can be tried.
fn cases(is_counted: bool) -> Vec<Case> {
    let mut cases = corpus();
    if !is_counted {
        let counted = counted();
        cases.retain(|case| counted.iter().all(|other| other.name != case.name));
    }
    cases
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<ExitCode> {
    let arenas = [
        ("confined", Arena::new(Confinement::Bubblewrap)?),
        ("unconfined", Arena::new(Confinement::Off)?),
    ];
    let cases = cases(arenas.iter().all(|(_, arena)| arena.counts()));
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| what was tried | mode | status | what ended it | learnt | left behind | ms | server MiB before | after | at most |\n\
         | --- | --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: |"
    )?;
    let at_first = resident_bytes()?;
    let (mut tried, mut unexpected) = (0, 0);
    for case in &cases {
        for (mode, arena) in &arenas {
            let before = resident_bytes()?;
            let Some((outcome, judged)) = arena.attack(case).await? else {
                writeln!(
                    out,
                    "| {} | {mode} | not tried: it would hurt the machine | | | | | | | |",
                    case.name
                )?;
                continue;
            };
            tried += 1;
            // The peak is that of the last round: each begins to count anew.
            let server = [before, resident_bytes()?, peak_memory_bytes()?];
            writeln!(out, "{}", row(case, mode, &outcome, server))?;
            if let Err(error) = judged {
                unexpected += 1;
                writeln!(out, "| ^ NOT AS EXPECTED: {error} | | | | | | | | | |")?;
            }
        }
    }
    writeln!(
        out,
        "\n{} cases, {tried} attacks, {unexpected} other than expected; \
         the server's memory: {} MiB before the first, {} MiB after the last",
        cases.len(),
        mib(at_first),
        mib(resident_bytes()?)
    )?;
    Ok(if unexpected == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn row(case: &Case, mode: &str, outcome: &Outcome, server: [u64; 3]) -> String {
    let ended_by = match outcome.ending {
        Ending::NotSaved => "its config is refused",
        _ if outcome.told.is_empty() => "itself",
        _ => &outcome.told,
    };
    let left = if outcome.left.is_empty() {
        "nothing".to_owned()
    } else {
        format!("{}: {}", outcome.left.len(), outcome.left.join(", "))
    };
    let [before, after, peak] = server.map(mib);
    format!(
        "| {} | {mode} | {} | {} | {} | {} | {:.0} | {before} | {after} | {peak} |",
        cell(case.name),
        outcome.ending,
        cell(ended_by),
        if outcome.learnt {
            "a secret"
        } else {
            "nothing"
        },
        cell(&left),
        outcome.took.as_secs_f64() * 1e3,
    )
}

/// Short, in one line, and without what separates cells.
fn cell(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN).collect();
    shown.replace(['|', '\n'], " ")
}

fn mib(bytes: u64) -> u64 {
    bytes >> 20
}
