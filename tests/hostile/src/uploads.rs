//! Components that cost whoever compiles them, or are none.

use crate::case::{Case, Expected};
use crate::raw::{RawGuest, leb, with_instances};
use std::fmt::Write as _;
use std::time::Duration;

#[expect(clippy::unwrap_used, reason = "the corpus is written here")]
fn text(component: &str) -> Vec<u8> {
    wat::parse_str(component).unwrap()
}

/// A component that is nothing but this core module.
fn of_module(module: &[u8]) -> Vec<u8> {
    let mut component = b"\0asm\x0d\0\x01\0\x01".to_vec();
    component.extend(leb(u32::try_from(module.len()).unwrap_or(u32::MAX)));
    component.extend(module);
    component
}

/// Components that cost whoever compiles them, or are none.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub fn cases() -> Vec<Case> {
    vec![
        Case::upload("is nothing at all", Vec::new, "format", "it is empty"),
        Case::upload(
            "is WebAssembly text",
            || b"(component)".to_vec(),
            "format",
            "WebAssembly text",
        ),
        Case::upload(
            "is a core module",
            || text("(module)"),
            "format",
            "core module",
        ),
        Case::upload(
            "is cut off in the middle",
            || {
                let mut component = RawGuest::default().component();
                component.truncate(component.len() / 2);
                component
            },
            "format",
            "",
        ),
        Case::upload(
            "declares a section of 1 GiB and ends",
            || {
                let mut component = b"\0asm\x0d\0\x01\0\x01".to_vec();
                component.extend(leb(1 << 30));
                component.extend(b"\0asm\x01\0\0\0");
                component
            },
            "format",
            "",
        ),
        Case::upload(
            "declares a thousand million types",
            || {
                let mut types = leb(1_000_000_000);
                types.push(0x60);
                let mut module = b"\0asm\x01\0\0\0\x01".to_vec();
                module.extend(leb(u32::try_from(types.len()).unwrap_or(u32::MAX)));
                module.extend(types);
                of_module(&module)
            },
            "format",
            "",
        ),
        Case::upload(
            "declares 4 GiB of memory",
            || text("(component (core module (memory 65536)))"),
            "format",
            "memory",
        ),
        Case::upload(
            "has a module of 50 memories",
            || {
                text(&format!(
                    "(component (core module {}))",
                    "(memory 1)".repeat(50)
                ))
            },
            "format",
            "memories",
        ),
        Case::upload(
            "has 50 memories in as many instances",
            || with_instances(RawGuest::default().component(), "(module (memory 1))", 50),
            "format",
            "memories",
        ),
        Case::upload(
            "has a table of a thousand million entries",
            || text("(component (core module (table 1000000000 funcref)))"),
            "format",
            "table",
        ),
        Case::upload(
            "has 900 instances",
            || with_instances(RawGuest::default().component(), "(module)", 900),
            "format",
            "instances",
        ),
        Case::upload(
            "has 10,000 instances",
            || with_instances(RawGuest::default().component(), "(module)", 10_000),
            "format",
            "instances",
        ),
        Case::upload(
            "has types within types without end",
            nested_types,
            "format",
            "",
        ),
        Case::upload(
            "has components within components without end",
            nested_components,
            "cost or world",
            "",
        )
        .within(Duration::from_secs(150)),
        Case::upload(
            "has one function of 7 MB",
            one_large_function,
            "cost or world",
            "",
        )
        .within(Duration::from_secs(150)),
        Case {
            expected: Expected::Rejected("cost or world"),
            told: "",
            ..Case::upload("has 100,000 functions", many_functions, "", "")
                .within(Duration::from_secs(150))
                .host_mib(256)
        },
    ]
}

/// Each type is twice as large as the one before it.
fn nested_types() -> Vec<u8> {
    let mut types = "(type $t0 (tuple u64 u64))".to_owned();
    for level in 1..60 {
        let below = level - 1;
        let _ = write!(types, "(type $t{level} (tuple $t{below} $t{below}))");
    }
    text(&format!(
        "(component {types} (import \"f\" (func (param \"x\" $t59))))"
    ))
}

fn nested_components() -> Vec<u8> {
    const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";
    const COMPONENT: u8 = 4;
    // From the innermost out, back to front.
    let mut reversed: Vec<u8> = HEADER.iter().rev().copied().collect();
    for _ in 0..10_000 {
        let size = leb(u32::try_from(reversed.len()).unwrap_or(u32::MAX));
        reversed.extend(size.iter().rev());
        reversed.push(COMPONENT);
        reversed.extend(HEADER.iter().rev());
    }
    reversed.reverse();
    reversed
}

/// As large as a function may be, with a thousand locals that all live to its
/// end.
fn one_large_function() -> Vec<u8> {
    let mut body = String::new();
    // About twelve bytes each.
    for step in 0..600_000 {
        let (to, from) = (step % 1_000, (step * 7) % 1_000);
        let _ = write!(
            body,
            "(local.set {to} (i32.add (local.get {from}) (i32.const {step})))"
        );
    }
    let locals = "i32 ".repeat(1_000);
    text(&format!(
        "(component (core module (func (export \"f\") (local {locals}) {body})))"
    ))
}

fn many_functions() -> Vec<u8> {
    let functions =
        "(func (param i32) (result i32) local.get 0 i32.const 7 i32.mul)".repeat(100_000);
    text(&format!("(component (core module {functions}))"))
}
