//! `stagehook plugin inspect`: what a server would say, without one.

use crate::binary::{Ran, run, stagehook};
use rstest::rstest;
use serde_json::{Value, json};
use std::path::Path;

/// A plugin that was built against the first version of the contract.
const FROZEN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/frozen/hook-0.1.0.wasm"
);

fn inspect(directory: &Path, arguments: &[&str]) -> Ran {
    let arguments: Vec<_> = ["plugin", "inspect"].iter().chain(arguments).collect();
    run(&mut stagehook(directory, &arguments))
}

#[test]
fn a_plugin_is_shown_with_manifest_and_imports() {
    let directory = tempfile::tempdir().unwrap();
    let text = inspect(directory.path(), &[FROZEN]).ok();
    let report = inspect(directory.path(), &[FROZEN, "--json"]).ok();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["valid"], true);
    assert_eq!(report["problems"], json!([]));
    let size = std::fs::metadata(FROZEN).unwrap().len();
    assert_eq!(report["size_bytes"], size);
    let manifest = &report["manifest"];
    for shown in [
        format!(
            "plugin       {}@{}\n",
            manifest["name"].as_str().unwrap(),
            manifest["version"].as_str().unwrap()
        ),
        format!("size         {size} bytes\n"),
        format!("digest       {}\n", report["digest"].as_str().unwrap()),
        "stagehook:hook/host@0.1.0".to_owned(),
        "It can be published.\n".to_owned(),
    ] {
        assert!(text.contains(&shown), "{shown} is missing:\n{text}");
    }
}

#[rstest]
#[case::empty(b"", "format: it is empty: send the binary component")]
#[case::text(b"(component)", "format: it is WebAssembly text")]
#[case::core_module(b"\0asm\x01\0\0\0", "format: it is a core module, not a component")]
#[case::nothing_in_it(b"\0asm\x0d\0\x01\0", "world: ")]
fn what_is_no_plugin_is_told_why(#[case] bytes: &[u8], #[case] told: &str) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("some.wasm"), bytes).unwrap();
    let ran = inspect(directory.path(), &["some.wasm"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.stderr, "");
    let (_, problems) = ran.stdout.split_once("It cannot be published:\n").unwrap();
    assert!(problems.contains(told), "{problems}");
    let report = inspect(directory.path(), &["some.wasm", "--json"]);
    assert_eq!(report.code, Some(1));
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(report["valid"], false);
    assert_eq!(report["manifest"], Value::Null);
}

#[test]
fn a_truncated_component_is_told_that_it_is_none() {
    let directory = tempfile::tempdir().unwrap();
    let whole = std::fs::read(FROZEN).unwrap();
    std::fs::write(
        directory.path().join("half.wasm"),
        &whole[..whole.len() / 2],
    )
    .unwrap();
    let ran = inspect(directory.path(), &["half.wasm"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("  format: "), "{}", ran.stdout);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let error = inspect(directory.path(), &["none.wasm"]).failed();
    assert!(
        error.starts_with("error: cannot read none.wasm: "),
        "{error}"
    );
}
