//! Attacks by what is called before a plugin ever runs.

use crate::case::{Act, Case, Expected, Guest};
use crate::raw::{RawGuest, words};
use std::time::Duration;

fn describing(body: &str, fields: String) -> Vec<u8> {
    RawGuest {
        describe: body.to_owned(),
        fields,
        ..RawGuest::default()
    }
    .component()
}

/// A manifest that says these as the address and length of each of its texts.
fn manifest(name: (u32, u32), version: (u32, u32), description: (u32, u32)) -> String {
    let manifest = words(&[
        name.0,
        name.1,
        version.0,
        version.1,
        description.0,
        description.1,
    ]);
    format!("(data (i32.const 8192) \"{manifest}\") (data (i32.const 8448) \"raw\\00guest\")")
}

fn checking(body: &str) -> Vec<u8> {
    RawGuest {
        check_settings: body.to_owned(),
        ..RawGuest::default()
    }
    .component()
}

/// Attacks by what is called before a plugin ever runs.
pub fn cases() -> Vec<Case> {
    let describe = |name, guest, told| {
        Case::upload(name, guest, "manifest", told)
            .within(Duration::from_secs(20))
            .host_mib(192)
    };
    let check = |name, guest, told| Case {
        act: Act::CheckSettings,
        expected: Expected::Unchecked,
        told,
        ..Case::upload(name, guest, "", "").host_mib(192)
    };
    vec![
        describe(
            "describes itself without end",
            || describing("(loop $on (br $on)) i32.const 2048", String::new()),
            "units of fuel or longer than 5 s",
        ),
        describe(
            "traps when it is asked what it is",
            || describing("unreachable", String::new()),
            "trapped",
        ),
        describe(
            "takes all memory when it is asked what it is",
            || {
                describing(
                    "(drop (memory.grow (i32.const 65000)))
                    (i32.store (i32.const 200000000) (i32.const 1)) i32.const 2048",
                    String::new(),
                )
            },
            "128 MiB of memory",
        ),
        describe(
            "has a name of 4 GiB",
            || {
                describing(
                    "i32.const 8192",
                    manifest((0, u32::MAX), (3_209, 5), (0, 0)),
                )
            },
            "out of bounds",
        ),
        describe(
            "has a NUL in its name",
            || describing("i32.const 8192", manifest((8_448, 9), (3_209, 5), (0, 0))),
            "its name",
        ),
        describe(
            "has a description of 900,000 bytes",
            || {
                describing(
                    "i32.const 8192",
                    manifest((3_200, 9), (3_209, 5), (65_536, 900_000)),
                )
            },
            "description",
        ),
        Case {
            guest: Guest::Built("start_guest"),
            ..describe(
                "never finishes starting, uploaded",
                Vec::new,
                "units of fuel or longer than 5 s",
            )
        },
        check(
            "checks settings without end",
            || checking("(loop $on (br $on)) i32.const 3072"),
            "units of fuel or longer than 5 s",
        ),
        check(
            "traps when it is asked about settings",
            || checking("unreachable"),
            "trapped",
        ),
        check(
            "finds a thousand million problems",
            || {
                RawGuest {
                    fields: format!(
                        "(data (i32.const 8192) \"{}\")",
                        words(&[1, 16_384, 1_000_000_000])
                    ),
                    check_settings: "i32.const 8192".to_owned(),
                    ..RawGuest::default()
                }
                .component()
            },
            "out of bounds",
        ),
    ]
}
