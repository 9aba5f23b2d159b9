//! The example pipeline takes a real clip through all five hook points.
//! REQ-RUN-10, REQ-OPS-1

use serde_json::Value;
use stagehook_tests::server::TOKEN;
use stagehook_tests::{Database, Setup, Studio, on_both_databases};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tokio::process::Command;

on_both_databases!(
    a_real_clip_is_delivered,
    a_halted_clip_is_resumed_by_a_reviewer
);

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/pipeline")
}

async fn studio(on: Database) -> Studio {
    let hooks = example().join("hooks");
    let setup = Setup::default()
        .confined()
        .flag("--scripts-dir")
        .flag(hooks.to_str().unwrap())
        .variable("STAGEHOOK_SECRET_TRACKER", "what-signs-the-webhook")
        .with_private_network();
    Studio::with(on, setup).await
}

/// Runs the example; what it printed.
async fn deliver(studio: &mut Studio, flags: &[&str]) -> String {
    let address = studio.server().address().to_owned();
    let output = Command::new("python3")
        .arg(example().join("run.py"))
        .args(["--segments", "2", "--server", &address, "--token", TOKEN])
        .arg("--work")
        .arg(studio.layout().media())
        .args(flags)
        .env("STAGEHOOK_SECRET_TRACKER", "what-signs-the-webhook")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .await
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{complained}");
    printed
}

/// The only job, and its logs.
async fn job(studio: &Studio) -> (Value, Vec<Value>) {
    let [job] = <[Value; 1]>::try_from(studio.all("/jobs").await).unwrap();
    let logs = studio.logs_of_job(job["id"].as_i64().unwrap()).await;
    (job, logs)
}

fn seen<'a>(logs: &'a [Value], key: &str) -> BTreeSet<&'a str> {
    logs.iter().filter_map(|log| log[key].as_str()).collect()
}

async fn a_real_clip_is_delivered(on: Database) {
    let mut studio = studio(on).await;
    let printed = deliver(&mut studio, &[]).await;
    assert!(printed.contains("media-probe"), "{printed}");

    let (job, logs) = job(&studio).await;
    assert_eq!(job["status"], "completed");
    assert_eq!(
        seen(&logs, "hook_point"),
        BTreeSet::from([
            "post_delivery",
            "post_segment",
            "post_variant",
            "pre_concatenation",
            "pre_segment",
        ])
    );
    assert_eq!(
        seen(&logs, "hook_type"),
        BTreeSet::from(["python", "shell", "wasm", "webhook"])
    );
    let failed: Vec<_> = logs.iter().filter(|log| log["success"] == false).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

async fn a_halted_clip_is_resumed_by_a_reviewer(on: Database) {
    let mut studio = studio(on).await;
    deliver(&mut studio, &["--halt"]).await;

    let (job, logs) = job(&studio).await;
    assert_eq!(job["status"], "completed");
    assert_eq!(job["review"]["decision"], "resume");
    assert_ne!(job["review"]["note"], "");
    let blocking = |log: &&Value| log["success"] == false && log["failure_mode"] == "block";
    assert!(logs.iter().any(|log| blocking(&log)), "{logs:#?}");
}
