//! Attacks by what a script reads and prints. REQ-SCR-4

use super::case::{Case, ends, passes};
use stagehook_core::execution::ExecutionStatus::TimedOut;

const TEN_MEGABYTES: usize = 10_000_000;

/// Attacks by what a script reads and prints.
pub fn cases() -> Vec<Case> {
    vec![
        Case::shell("one that never reads ten megabytes", "exit 0", passes()).fed(TEN_MEGABYTES),
        Case::shell(
            "one that closes its standard input",
            "exec 0<&-; sleep 0.05",
            passes(),
        )
        .fed(TEN_MEGABYTES),
        Case::shell(
            "one that writes ten megabytes before it reads as many",
            "head -c 10000000 /dev/zero; [ $(wc -c) -gt 10000000 ]",
            passes(),
        )
        .fed(TEN_MEGABYTES),
        Case::shell(
            "a gigabyte without a newline",
            "head -c 1000000000 /dev/zero",
            passes(),
        ),
        Case::shell(
            "a gigabyte on both streams at once",
            "head -c 500000000 /dev/zero >&2 & head -c 500000000 /dev/zero; wait",
            passes(),
        ),
        Case::python(
            "bytes that are no text",
            "import os, sys
for _ in range(100):
    os.write(1, b'\\xff\\xc3\\x00\\xed\\xa0\\x80' * 10_000)
",
            passes(),
        ),
        Case::shell(
            "output without end",
            "yes & yes >&2",
            ends(TimedOut, "timed out after 0.5 s"),
        )
        .timeout_ms(500),
        Case::shell(
            "output without end by one that outlives it",
            "(trap '' TERM; yes $1) & exit 0",
            passes(),
        ),
    ]
}
