//! Attacks that take more than there is for a script. REQ-SCR-6

use super::case::{Case, ends, fails};
use serde_json::json;
use stagehook_core::execution::ExecutionStatus::{LimitExceeded, OutOfMemory};

/// Attacks that take more than there is for a script.
pub fn cases() -> Vec<Case> {
    [memory(), files(), time()].concat()
}

fn memory() -> Vec<Case> {
    let by_and_by = ends(OutOfMemory, "limits.memory_mib");
    let limits = json!({"memory_mib": 256});
    vec![
        Case::shell(
            "two gigabytes in a shell's pipe",
            "head -c 2000000000 /dev/zero | tail",
            by_and_by,
        )
        .limits(limits.clone()),
        Case::python(
            "two gigabytes, by and by",
            "kept = [bytearray(b'x' * (8 << 20)) for _ in range(256)]",
            by_and_by,
        )
        .limits(limits.clone()),
        Case::python("two gigabytes at once", "bytearray(2 << 30)", by_and_by)
            .limits(limits.clone()),
        // The kernel refuses it before it is used.
        Case::python(
            "a hundred gigabytes at once",
            "bytearray(100 << 30)",
            fails(),
        )
        .limits(limits.clone()),
        Case::python(
            "two gigabytes that processes could share",
            "import mmap
memory = mmap.mmap(-1, 2 << 30)
for at in range(0, 2 << 30, 4096):
    memory[at] = 1
",
            by_and_by,
        )
        .limits(limits.clone()),
        Case::python(
            "many processes that are each small enough",
            "import os, sys, time
for _ in range(8):
    if os.fork() == 0:
        kept = bytearray(b'x' * (60 << 20))
        time.sleep(float(sys.argv[1]))
time.sleep(float(sys.argv[1]))
",
            by_and_by,
        )
        .limits(limits.clone()),
        // Unconfined, these are the machine's own.
        Case::shell(
            "file systems in memory",
            "head -c 300000000 /dev/zero > /dev/shm/x && exit 0
            head -c 300000000 /dev/zero > /tmp/x && exit 0
            exit 3",
            fails(),
        )
        .confined_only(),
    ]
}

fn files() -> Vec<Case> {
    let too_large = ends(LimitExceeded, "limits.file_size_mib");
    let limits = json!({"file_size_mib": 8});
    vec![
        Case::shell(
            "a file of ten gigabytes",
            "head -c 10000000000 /dev/zero > big",
            too_large,
        )
        .limits(limits.clone()),
        Case::shell(
            "a file of ten gigabytes with nothing in it",
            "truncate -s 10G big",
            too_large,
        )
        .limits(limits.clone()),
        // Python ignores the signal, and has an error instead.
        Case::python(
            "a file of ten gigabytes, in Python",
            "with open('big', 'wb') as big:
    for _ in range(10_000):
        big.write(bytes(1 << 20))
",
            fails(),
        )
        .limits(limits),
        Case::python(
            "a thousand open files",
            "kept = [open('/dev/null') for _ in range(1000)]",
            fails(),
        )
        .limits(json!({"open_files": 32})),
    ]
}

fn time() -> Vec<Case> {
    let too_long = ends(LimitExceeded, "limits.cpu_seconds");
    let limits = json!({"cpu_seconds": 1});
    vec![
        Case::shell(
            "four processes that count to infinity",
            "for i in 1 2 3 4; do while :; do :; done & done; wait",
            too_long,
        )
        .limits(limits.clone()),
        Case::python(
            "one process that counts to infinity",
            "while True: pass",
            too_long,
        )
        .limits(limits.clone()),
        Case::shell(
            "one short process after the other",
            "while :; do (i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done); done",
            too_long,
        )
        .limits(limits.clone()),
        Case::shell(
            "one short orphan after the other",
            "mkfifo over
            while :; do
                ((i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done; echo > over) &)
                read -r line < over
            done",
            too_long,
        )
        .limits(limits),
    ]
}
