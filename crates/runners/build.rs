//! Compiles the first process of a script's sandbox (`crates/sandbox-init`),
//! which the process runner carries within itself.
//!
//! Cargo cannot hand one crate's program to another on stable Rust, so this
//! calls `rustc` itself. Linked statically where the C library can be (it starts
//! in half the time), dynamically otherwise.

use std::env;
use std::path::Path;
use std::process::Command;

const SOURCE: &str = "../sandbox-init/src/main.rs";

fn main() {
    println!("cargo::rerun-if-changed={SOURCE}");
    let variable = |name: &str| env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"));
    let program = Path::new(&variable("OUT_DIR")).join("sandbox-init");
    let compile = |linked: &[&str]| {
        Command::new(variable("RUSTC"))
            .args([
                "--edition=2024",
                "--crate-name=sandbox_init",
                "--crate-type=bin",
            ])
            .args(["-Copt-level=s", "-Cpanic=abort", "-Cstrip=symbols"])
            .args(linked)
            .args(["--target", &variable("TARGET"), "-o"])
            .arg(&program)
            .arg(SOURCE)
            .output()
            .expect("rustc can be started")
    };
    let mut compiled = compile(&["-Ctarget-feature=+crt-static", "-Crelocation-model=static"]);
    if !compiled.status.success() {
        compiled = compile(&[]);
    }
    assert!(
        compiled.status.success(),
        "{SOURCE} could not be compiled:\n{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
}
