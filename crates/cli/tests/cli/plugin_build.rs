//! `stagehook plugin build`: what is missing, and a plugin of each template.

use crate::binary::{Ran, run, stagehook};
use rstest::rstest;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Builds with the tools of this machine, and nothing else of its environment.
fn build(directory: &Path, arguments: &[&str]) -> Ran {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        PathBuf::from,
    );
    let arguments: Vec<_> = ["plugin", "build"].iter().chain(arguments).collect();
    let mut command = stagehook(directory, &arguments);
    for name in ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    // What the SDK depends on is compiled once, and not by every run of the
    // tests.
    command.env("CARGO_TARGET_DIR", target.join("plugins/template-rust"));
    command.env("npm_config_prefer_offline", "true");
    run(&mut command)
}

#[rstest]
#[case::rust("rust")]
#[case::typescript("typescript")]
#[case::python("python")]
fn a_new_plugin_builds_into_one_that_can_be_published(#[case] language: &str) {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["plugin", "new", "frame-count", "--lang", language];
    run(&mut stagehook(directory.path(), &arguments)).ok();
    let report = build(directory.path(), &["frame-count", "--json"]).ok();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["valid"], true, "{report:#}");
    assert_eq!(report["manifest"]["name"], "frame-count");
    assert_eq!(report["manifest"]["version"], "0.1.0");
    assert_eq!(
        report["manifest"]["settings_schema"]["required"],
        serde_json::json!(["minimum_seconds"])
    );
    let component = directory.path().join("frame-count/dist/frame-count.wasm");
    assert_eq!(report["size_bytes"], component.metadata().unwrap().len());
    for import in report["imports"].as_array().unwrap() {
        assert_eq!(import["capability"], Value::Null, "{import}");
    }
}

#[rstest]
#[case("rust", "error: rustc is missing: install Rust from https://rustup.rs")]
#[case("typescript", "error: node is missing: install Node.js 20.19 or newer")]
#[case("python", "error: python3 is missing: install Python 3.11 or newer")]
fn a_missing_tool_is_named_with_what_to_do(#[case] language: &str, #[case] told: &str) {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["plugin", "new", "frame-count", "--lang", language];
    run(&mut stagehook(directory.path(), &arguments)).ok();
    let arguments = ["plugin", "build", "frame-count"];
    let error = run(stagehook(directory.path(), &arguments).env("PATH", directory.path())).failed();
    assert!(error.starts_with(told), "{error}");
    assert!(
        !directory
            .path()
            .join("frame-count/dist/frame-count.wasm")
            .exists()
    );
}

#[test]
fn a_directory_that_is_no_plugin_is_told_so() {
    let directory = tempfile::tempdir().unwrap();
    let error = build(directory.path(), &[]).failed();
    assert!(
        error.contains("neither Cargo.toml (Rust) nor package.json"),
        "{error}"
    );
    assert!(error.contains("stagehook plugin new"), "{error}");
    let error = build(directory.path(), &["nowhere"]).failed();
    assert_eq!(error, "error: there is no directory nowhere\n");
    for file in ["Cargo.toml", "package.json"] {
        std::fs::write(directory.path().join(file), "").unwrap();
    }
    let error = build(directory.path(), &[]).failed();
    assert!(
        error.contains("it has Cargo.toml and package.json"),
        "{error}"
    );
}

#[rstest]
#[case("Cargo.toml", "[package", "Cargo.toml cannot be understood")]
#[case("Cargo.toml", "[workspace]", "Cargo.toml has no package.name")]
#[case(
    "package.json",
    "{\"name\": \"x\"}",
    "has no script `build`, which makes dist/x.wasm"
)]
#[case(
    "pyproject.toml",
    "[project]\nname = \"../x\"",
    "pyproject.toml has no project.name"
)]
fn a_project_that_says_too_little_is_told_what(
    #[case] file: &str,
    #[case] text: &str,
    #[case] told: &str,
) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(file), text).unwrap();
    let error = build(directory.path(), &[]).failed();
    assert!(error.contains(told), "{error}");
}
