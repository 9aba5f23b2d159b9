//! A release build has the web interface in it, so `cargo build --release` alone
//! makes it first. Debug builds read it from `frontend/dist` when they run.

#![allow(
    clippy::print_stdout,
    reason = "build scripts speak to cargo by printing"
)]

use std::path::Path;
use std::process::{Command, Output};

/// Set where the interface could not be built: what an earlier build left in
/// `frontend/dist` may not fit this API.
const WITHOUT_WEB: &str = "without_web";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg({WITHOUT_WEB})");
    if std::env::var("PROFILE").as_deref() != Ok("release") {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let script = root.join("scripts/build-frontend");
    println!("cargo::rerun-if-changed={}", script.display());
    let built = run(&script, &["--sources"]).and_then(|sources| {
        for source in sources.lines() {
            let source = root.join("frontend").join(source);
            println!("cargo::rerun-if-changed={}", source.display());
        }
        run(&script, &[])
    });
    let Err(problem) = built else { return };
    println!("cargo::rustc-cfg={WITHOUT_WEB}");
    // There is no such file, so that the next build tries again.
    println!("cargo::rerun-if-changed=not-built");
    // Who has no npm still gets a server; its page says what is missing.
    println!("cargo::warning=this binary has no web interface: scripts/build-frontend failed");
    for line in problem.lines().take(10) {
        println!("cargo::warning={line}");
    }
}

/// What the script said; the error is what it complained of.
fn run(script: &Path, args: &[&str]) -> Result<String, String> {
    let text = |said: Vec<u8>| String::from_utf8_lossy(&said).into_owned();
    match Command::new(script).args(args).output() {
        Ok(Output { status, stdout, .. }) if status.success() => Ok(text(stdout)),
        Ok(Output { stderr, .. }) => Err(text(stderr)),
        Err(error) => Err(error.to_string()),
    }
}
