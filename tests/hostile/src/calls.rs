//! Attacks while a plugin runs: computing, waiting, taking, talking.

use crate::case::{Case, Guest};
use crate::raw::{RawGuest, with_instances};
use serde_json::{Value, json};
use stagehook_core::execution::ExecutionStatus::{
    Failed, LimitExceeded, OutOfFuel, OutOfMemory, Passed, TimedOut,
};
use std::time::Duration;

/// Time alone ends it.
fn a_second() -> Value {
    json!({"timeout_seconds": 1, "fuel": 1_000_000_000_000_u64})
}

/// Attacks while a plugin runs.
pub fn cases() -> Vec<Case> {
    [time(), memory(), host(), output(), endings()].concat()
}

fn time() -> Vec<Case> {
    const TIME: &str = "longer than 1 s";
    let over_time = |name, settings| {
        Case::behaviour(name, settings, a_second(), TimedOut, TIME).within(Duration::from_secs(5))
    };
    let raw = |name, guest| {
        let config = json!({"limits": a_second()});
        Case::run(name, Guest::Made(guest), config, TimedOut, TIME).within(Duration::from_secs(5))
    };
    vec![
        Case::behaviour(
            "computes without end, little fuel",
            json!({"do": "loop"}),
            json!({"fuel": 1_000_000}),
            OutOfFuel,
            "1000000 units of fuel",
        ),
        over_time("computes without end, little time", json!({"do": "loop"})),
        over_time("sleeps a minute", json!({"do": "sleep", "ms": 60_000})),
        over_time(
            "floods the host with progress",
            json!({"do": "loop_in_host"}),
        ),
        over_time(
            "waits for 2,000 timers at once",
            json!({"do": "poll", "count": 2_000, "ms": 60_000}),
        ),
        over_time(
            "polls 1,000 timers without end",
            json!({"do": "poll_forever", "count": 1_000}),
        ),
        over_time(
            "asks for random bytes without end",
            json!({"do": "random_forever", "bytes": 1 << 20}),
        ),
        raw("its start function loops", || {
            RawGuest {
                fields: "(func $start (loop $on (br $on))) (start $start)".to_owned(),
                ..RawGuest::default()
            }
            .component()
        }),
        raw("placing its arguments loops", || {
            RawGuest {
                allocate: "(loop $on (br $on)) i32.const 0".to_owned(),
                ..RawGuest::default()
            }
            .component()
        }),
        raw("cleaning up after its answer loops", || {
            RawGuest {
                after_run: "(loop $on (br $on))".to_owned(),
                ..RawGuest::default()
            }
            .component()
        }),
        raw("fills megabytes in single instructions", || {
            RawGuest {
                pages: 1_024,
                run: "(loop $on
                    (memory.fill (i32.const 65536) (i32.const 1) (i32.const 67000000))
                    (br $on))
                    i32.const 1024"
                    .to_owned(),
                ..RawGuest::default()
            }
            .component()
        }),
    ]
}

fn memory() -> Vec<Case> {
    let raw = |name, guest, limits: Value, status, told| {
        Case::run(
            name,
            Guest::Made(guest),
            json!({"limits": limits}),
            status,
            told,
        )
    };
    vec![
        Case::behaviour(
            "allocates without end",
            json!({"do": "allocate"}),
            json!({"memory_mib": 64}),
            OutOfMemory,
            "64 MiB",
        ),
        raw(
            "grows its memory without end, whatever it is told",
            || {
                RawGuest {
                    run: "(loop $on (drop (memory.grow (i32.const 1))) (br $on)) i32.const 1024"
                        .to_owned(),
                    ..RawGuest::default()
                }
                .component()
            },
            json!({"fuel": 20_000_000}),
            OutOfFuel,
            "units of fuel",
        ),
        raw(
            "grows a table without end, whatever it is told",
            || {
                RawGuest {
                    fields: "(table $t 1 funcref)".to_owned(),
                    run: "(loop $on
                        (drop (table.grow $t (ref.null func) (i32.const 1000))) (br $on))
                        i32.const 1024"
                        .to_owned(),
                    ..RawGuest::default()
                }
                .component()
            },
            json!({"fuel": 20_000_000}),
            OutOfFuel,
            "units of fuel",
        ),
        raw(
            "begins with 1 GiB of memory",
            || {
                RawGuest {
                    pages: 16_384,
                    ..RawGuest::default()
                }
                .component()
            },
            json!({}),
            OutOfMemory,
            "128 MiB",
        ),
        raw(
            "30 memories of 16 MiB, each below the limit",
            || with_instances(RawGuest::default().component(), "(module (memory 256))", 30),
            json!({}),
            OutOfMemory,
            "128 MiB",
        ),
        raw(
            "100 tables of 200,000 entries, each below the limit",
            || {
                with_instances(
                    RawGuest::default().component(),
                    "(module (table 200000 funcref))",
                    100,
                )
            },
            json!({}),
            OutOfMemory,
            "128 MiB",
        ),
        Case::behaviour(
            "recurses without end",
            json!({"do": "recurse"}),
            json!({}),
            LimitExceeded,
            "call stack",
        ),
    ]
}

fn host() -> Vec<Case> {
    const DATA: &str = "data handed to the host";
    let behaviour =
        |name, settings, told| Case::behaviour(name, settings, json!({}), LimitExceeded, told);
    vec![
        behaviour(
            "holds a million host resources",
            json!({"do": "resources", "count": 1_000_000}),
            "host resources held",
        ),
        behaviour(
            "asks for 1 GiB of random bytes",
            json!({"do": "random", "bytes": 1_u64 << 30}),
            "random bytes",
        ),
        behaviour(
            "waits for one timer a million times at once",
            json!({"do": "poll_one", "times": 1_000_000}),
            "",
        ),
        behaviour(
            "logs one message of 64 MiB",
            json!({"do": "log_once", "bytes": 64 << 20}),
            DATA,
        ),
        Case::run(
            "logs one message of almost 1 GiB",
            Guest::Made(|| {
                RawGuest {
                    pages: 16_320,
                    imports: "(import \"stagehook:hook/host@0.1.0\" \"log\"
                        (func $log (param i32 i32 i32)))"
                        .to_owned(),
                    run: "(call $log (i32.const 1) (i32.const 0) (i32.const 1069547519))
                        i32.const 1024"
                        .to_owned(),
                    ..RawGuest::default()
                }
                .component()
            }),
            json!({"limits": {"memory_mib": 1024}}),
            LimitExceeded,
            DATA,
        ),
    ]
}

/// A host that is not optimized takes half a minute for a gigabyte.
const PRINTED_BYTES: u64 = if cfg!(debug_assertions) {
    1 << 28
} else {
    1 << 30
};
const PRINTS: &str = if cfg!(debug_assertions) {
    "prints 256 MiB"
} else {
    "prints 1 GiB"
};

fn output() -> Vec<Case> {
    let behaviour = |name, settings| {
        let limits = json!({"fuel": 1_000_000_000_000_u64, "timeout_seconds": 60});
        Case::behaviour(name, settings, limits, Passed, "").within(Duration::from_mins(1))
    };
    vec![
        behaviour(PRINTS, json!({"do": "print", "bytes": PRINTED_BYTES})),
        behaviour(
            "prints 128 MiB of errors",
            json!({"do": "print_error", "bytes": 128 << 20}),
        ),
        behaviour(
            "logs 128 MiB in lines",
            json!({"do": "log", "bytes": 128 << 20}),
        ),
        behaviour(
            "reads a standard input that there is none of",
            json!({"do": "env"}),
        ),
    ]
}

fn endings() -> Vec<Case> {
    let behaviour = |name, settings, told| Case::behaviour(name, settings, json!({}), Failed, told);
    vec![
        behaviour("panics", json!({"do": "panic"}), "trapped"),
        behaviour(
            "reaches the unreachable",
            json!({"do": "unreachable"}),
            "trapped",
        ),
        behaviour(
            "exits with 0 instead of answering",
            json!({"do": "exit", "code": 0}),
            "exited with status 0",
        ),
        behaviour(
            "exits with 3 instead of answering",
            json!({"do": "exit", "code": 3}),
            "exited with status",
        ),
        Case::run(
            "traps while it cleans up after its answer",
            Guest::Made(|| {
                RawGuest {
                    after_run: "unreachable".to_owned(),
                    ..RawGuest::default()
                }
                .component()
            }),
            json!({}),
            Failed,
            "trapped",
        ),
    ]
}
