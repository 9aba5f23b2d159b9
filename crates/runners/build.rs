//! Compiles the first process of a script's sandbox (`crates/sandbox-init`),
//! which the process runner carries within itself.
//!
//! Cargo cannot hand one crate's program to another on stable Rust, so this
//! calls `rustc` itself. Linked with nothing: neither a C library nor what begins
//! programs that have one.

use std::env;
use std::path::Path;
use std::process::Command;

const SOURCES: &str = "../sandbox-init/src";

fn main() {
    println!("cargo::rerun-if-changed={SOURCES}");
    let variable = |name: &str| env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"));
    let source = Path::new(SOURCES).join("main.rs");
    let program = Path::new(&variable("OUT_DIR")).join("sandbox-init");
    let compiled = Command::new(variable("RUSTC"))
        .args([
            "--edition=2024",
            "--crate-name=sandbox_init",
            "--crate-type=bin",
        ])
        .args(["-Copt-level=s", "-Cpanic=abort", "-Cstrip=symbols"])
        .args(["-Ctarget-feature=+crt-static", "-Crelocation-model=static"])
        .args(["-static", "-nostartfiles", "-nostdlib"].map(|arg| format!("-Clink-arg={arg}")))
        .args(["--target", &variable("TARGET"), "-o"])
        .arg(&program)
        .arg(&source)
        .output()
        .expect("rustc can be started");
    assert!(
        compiled.status.success(),
        "{} could not be compiled:\n{}",
        source.display(),
        String::from_utf8_lossy(&compiled.stderr)
    );
}
