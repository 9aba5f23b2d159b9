//! Answers that do not follow the contract, or lie about their size.

use crate::case::{Case, Guest};
use crate::raw::{Answer, RawGuest};
use serde_json::json;
use stagehook_core::execution::ExecutionStatus::{
    self, Failed, InvalidResult, LimitExceeded, Passed,
};

/// Somewhere in the guest's memory where there are zeroes: an annotation there
/// is one without text.
const NOTHING: u32 = 16_384;

fn answering(answer: &Answer) -> Vec<u8> {
    RawGuest::default().answering(answer).component()
}

fn raw(
    name: &'static str,
    guest: fn() -> Vec<u8>,
    status: ExecutionStatus,
    told: &'static str,
) -> Case {
    Case::run(name, Guest::Made(guest), json!({}), status, told)
}

/// Attacks by what a plugin answers.
pub fn cases() -> Vec<Case> {
    let behaviour =
        |name, settings, told| Case::behaviour(name, settings, json!({}), InvalidResult, told);
    let mut cases = vec![
        behaviour(
            "answers metadata that is no JSON",
            json!({"do": "invalid_metadata"}),
            "no JSON object",
        ),
        behaviour(
            "answers metadata that is no object",
            json!({"do": "scalar_metadata"}),
            "no JSON object",
        ),
        behaviour(
            "answers metadata of 100,000 levels",
            json!({"do": "deep_metadata", "depth": 100_000}),
            "recursion limit",
        ),
        behaviour(
            "answers metadata of 2 MiB",
            json!({"do": "big_result", "bytes": 2 << 20}),
            "at most 1048576",
        ),
        behaviour(
            "measures what is not a number",
            json!({"do": "nan_metric"}),
            "is not a number",
        ),
    ];
    cases.extend(raw_cases());
    cases
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn raw_cases() -> Vec<Case> {
    const DATA: &str = "data handed to the host";
    vec![
        raw(
            "answers text that is no UTF-8",
            || answering(&Answer::saying(0, b"\xff\xfe\xc0\x80")),
            Failed,
            "utf-8",
        ),
        raw(
            "answers a message with NUL in it",
            || answering(&Answer::saying(1, b"nothing\0ends here")),
            Failed,
            "ends here",
        ),
        raw(
            "answers a status that there is none of",
            || {
                answering(&Answer {
                    status: 9,
                    ..Answer::default()
                })
            },
            Failed,
            "discriminant",
        ),
        raw(
            "answers a message beyond its memory",
            || {
                answering(&Answer {
                    message: Some((0xffff_0000, 64)),
                    ..Answer::default()
                })
            },
            Failed,
            "out of bounds",
        ),
        raw(
            "answers a message of 4 GiB",
            || {
                answering(&Answer {
                    message: Some((0, u32::MAX)),
                    ..Answer::default()
                })
            },
            Failed,
            "out of bounds",
        ),
        raw(
            "answers four thousand million annotations",
            || {
                answering(&Answer {
                    annotations: (NOTHING, u32::MAX),
                    ..Answer::default()
                })
            },
            Failed,
            "out of bounds",
        ),
        raw(
            "answers a million annotations",
            || {
                RawGuest {
                    pages: 1_200,
                    ..RawGuest::default()
                }
                .answering(&Answer {
                    annotations: (NOTHING, 1_000_000),
                    ..Answer::default()
                })
                .component()
            },
            LimitExceeded,
            DATA,
        ),
        raw(
            "answers the same megabyte a thousand times",
            aliased,
            LimitExceeded,
            DATA,
        ),
        raw(
            "answers at an address that is not aligned",
            || {
                RawGuest {
                    run: "i32.const 1025".to_owned(),
                    ..RawGuest::default()
                }
                .component()
            },
            Failed,
            "aligned",
        ),
        raw(
            "answers at an address beyond its memory",
            || {
                RawGuest {
                    run: "i32.const -8".to_owned(),
                    ..RawGuest::default()
                }
                .component()
            },
            Failed,
            "out of bounds",
        ),
        raw(
            "places its arguments beyond its memory",
            || {
                RawGuest {
                    allocate: "i32.const -16".to_owned(),
                    ..RawGuest::default()
                }
                .component()
            },
            Failed,
            "beyond end of memory",
        ),
        raw(
            "places its arguments over one another",
            || {
                RawGuest {
                    allocate: "i32.const 65536".to_owned(),
                    ..RawGuest::default()
                }
                .component()
            },
            Passed,
            "",
        ),
        raw(
            "calls the host while its arguments are placed",
            || {
                RawGuest {
                    imports: "(import \"stagehook:hook/host@0.1.0\" \"log\"
                        (func $log (param i32 i32 i32)))"
                        .to_owned(),
                    allocate: "(call $log (i32.const 1) (i32.const 0) (i32.const 8))
                        i32.const 65536"
                        .to_owned(),
                    ..RawGuest::default()
                }
                .component()
            },
            Failed,
            "",
        ),
    ]
}

/// Metrics whose names are all the same megabyte of memory.
fn aliased() -> Vec<u8> {
    RawGuest {
        pages: 32,
        run: "(local $at i32)
            (local.set $at (i32.const 16384))
            (loop $on
                (i32.store (local.get $at) (i32.const 1000000))
                (i32.store offset=4 (local.get $at) (i32.const 1000000))
                (local.set $at (i32.add (local.get $at) (i32.const 16)))
                (br_if $on (i32.lt_u (local.get $at) (i32.const 32384))))
            i32.const 1024"
            .to_owned(),
        ..RawGuest::default()
    }
    .answering(&Answer {
        metrics: (NOTHING, 1_000),
        ..Answer::default()
    })
    .component()
}
