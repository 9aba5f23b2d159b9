//! Attacks that outrun everybody but the kernel, or that nobody else sees. They
//! need control groups: without, a fork bomb takes the processors from everybody
//! for as long as it lasts, and what no process maps is counted nowhere.
//! REQ-SCR-5, REQ-SCR-6

use super::case::{Case, ends, passes};
use serde_json::json;
use stagehook_core::execution::ExecutionStatus::{LimitExceeded, OutOfMemory};

/// Attacks that only the kernel's own count ends.
pub fn cases() -> Vec<Case> {
    let too_many = ends(LimitExceeded, "where 50 are allowed (limits.processes)");
    let processes = json!({"processes": 50});
    let too_much = ends(OutOfMemory, "where 256 MiB are allowed (limits.memory_mib)");
    let memory = json!({"memory_mib": 256});
    vec![
        Case::shell(
            "a fork bomb",
            "#!/bin/bash
:(){ :|:& };:
sleep $1
",
            too_many,
        )
        .limits(processes.clone()),
        // Out of reach of a signal to all at once. It goes out by itself after a
        // few seconds: it is a machine of people that this is tried on.
        Case::shell(
            "a fork bomb, each in a session of its own",
            "until=${2-$(($(date +%s) + 5))}
            [ $(date +%s) -lt $until ] || exec sleep $1
            setsid sh \"$0\" $1 $until & setsid sh \"$0\" $1 $until &
            wait",
            too_many,
        )
        .limits(processes),
        Case::python(
            "two gigabytes that no process maps",
            "import os
kept = os.memfd_create('kept')
for _ in range(2048):
    os.write(kept, bytes(1 << 20))
",
            too_much,
        )
        .limits(memory.clone()),
        Case::python(
            "two gigabytes in many small ones that no process maps",
            "import os
chunk = bytes(8 << 20)
for _ in range(256):
    os.write(os.memfd_create('kept'), chunk)
",
            too_much,
        )
        .limits(memory.clone()),
        // The kernel ends the greedy one alone, or all at once; whoever is left
        // cannot make it look like an ordinary end.
        Case::shell(
            "one that starts another whenever the kernel has ended one",
            "for i in 1 2 3 4 5 6 7 8 9; do
                python3 -c 'kept = bytearray(b\"x\" * (2 << 30))'
            done
            exit 0",
            too_much,
        )
        .limits(memory),
        // The server lives.
        Case::shell("none, after all that", "exit 0", passes()),
    ]
}
