//! A release build has the web interface in it, so `cargo build --release` alone
//! makes it first. Debug builds read it from `frontend/dist` when they run.

#![allow(
    clippy::print_stdout,
    reason = "build scripts speak to cargo by printing"
)]

use std::path::Path;
use std::process::Command;

const SOURCES: [&str; 7] = [
    "src",
    "public",
    "build",
    "index.html",
    "package-lock.json",
    "postcss.config.js",
    "vite.config.ts",
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("PROFILE").as_deref() != Ok("release") {
        return;
    }
    for source in SOURCES {
        println!(
            "cargo:rerun-if-changed={}",
            root.join("frontend").join(source).display()
        );
    }
    let script = root.join("scripts/build-frontend");
    let built = Command::new(script).current_dir(&root).output();
    let problem = match built {
        Ok(output) if output.status.success() => return,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    // Who has no npm still gets a server; its page says what is missing.
    println!("cargo:warning=this binary has no web interface: scripts/build-frontend failed");
    for line in problem.lines().take(10) {
        println!("cargo:warning={line}");
    }
}
