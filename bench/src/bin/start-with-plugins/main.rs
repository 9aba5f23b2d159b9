//! How long a server with many plugins takes to start.
//!
//! Publishes the same component under many names, enables a hook each, and runs
//! a stage with all of them. Then starts again and again on the same data: with
//! the compiled code that it kept, and without.
//!
//! ```sh
//! cargo run --release -p stagehook-bench --bin start-with-plugins -- --plugins 50
//! ```

mod server;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use serde_json::json;
use server::Server;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(Parser)]
struct Options {
    /// How many plugins.
    #[arg(long, default_value_t = 50)]
    plugins: usize,
    /// How many starts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The built server.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/stagehook"))]
    binary: PathBuf,
    /// The component that is called.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/wasm32-wasip2/release/test_guest.wasm"))]
    plugin: PathBuf,
    /// The plugin's name, as its bytes have it.
    #[arg(long, default_value = "test-guest")]
    name: String,
    /// The settings of its hook, as JSON.
    #[arg(long, default_value = r#"{"do": "echo"}"#)]
    settings: serde_json::Value,
}

/// What one start took.
struct Start {
    ready: Duration,
    verdict: Duration,
    hot: Duration,
    memory_mib: f64,
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let component = std::fs::read(&options.plugin).with_context(|| {
        format!(
            "{} is missing: run `make plugins`",
            options.plugin.display()
        )
    })?;
    let data = tempfile::tempdir()?;
    let began = Instant::now();
    let path = prepare(&options, data.path(), &component).await?;
    println!(
        "{} plugins of {} KiB, published and compiled in {:.1} s; medians of {} starts, in ms",
        options.plugins,
        component.len() >> 10,
        began.elapsed().as_secs_f64(),
        options.rounds
    );
    println!(
        "| start | ready | verdict of all the plugins, asked for at once | all plugins hot, unasked | memory MiB |\n| --- | ---: | ---: | ---: | ---: |"
    );
    let plugins = options.plugins;
    for (what, flags) in [
        ("compiled code kept on disk", &[][..]),
        ("no cache on disk", &["--plugin-cache-mib", "0"]),
    ] {
        let mut starts = Vec::new();
        for _ in 0..options.rounds {
            starts.push(start(&options, data.path(), flags, &path).await?);
        }
        let median = |of: fn(&Start) -> Duration| {
            let mut all: Vec<Duration> = starts.iter().map(of).collect();
            all.sort_unstable();
            all.get(all.len() / 2)
                .map_or(f64::NAN, |took| took.as_secs_f64() * 1_000.0)
        };
        let memory = starts.iter().map(|start| start.memory_mib);
        println!(
            "| {what}, {plugins} plugins | {:.0} | {:.0} | {:.0} | {:.0} |",
            median(|start| start.ready),
            median(|start| start.verdict),
            median(|start| start.hot),
            memory.fold(0.0, f64::max),
        );
    }
    Ok(())
}

/// Publishes the plugins, enables a hook each, and has all of them run once; the
/// path of the stage.
async fn prepare(options: &Options, data: &std::path::Path, component: &[u8]) -> Result<String> {
    let server = Server::start(&options.binary, data, &[]).await?;
    let project = server.post("/projects", json!({"name": "bench"})).await?;
    for number in 0..options.plugins {
        let published = server
            .upload(renamed(component, &options.name, number)?)
            .await?;
        let digest = &published["digest"];
        server
            .post(
                "/hooks",
                json!({"name": format!("hook {number}"), "hook_type": "wasm",
                    "hook_point": "post_segment", "scope_type": "project",
                    "scope_id": project["id"],
                    "config": {"plugin": digest, "settings": options.settings}}),
            )
            .await?;
    }
    let job = server
        .post("/jobs", json!({"project_id": project["id"]}))
        .await?;
    let path = format!("/jobs/{}/stages/post_segment/runs", job["id"]);
    run(&server, &path, options.plugins).await?;
    server.stop().await?;
    Ok(path)
}

/// The same component under another name of the same length: another digest, and
/// another plugin.
fn renamed(component: &[u8], name: &str, number: usize) -> Result<Vec<u8>> {
    let width = name.len().checked_sub(1).context("--name is empty")?;
    let other = format!("p{number:0width$}");
    ensure!(other.len() == name.len(), "--name is too short");
    let mut renamed = component.to_vec();
    let mut at = 0;
    let mut found = 0;
    while let Some(next) = renamed.get(at..).and_then(|rest| {
        rest.windows(name.len())
            .position(|part| part == name.as_bytes())
    }) {
        at += next;
        renamed[at..at + name.len()].copy_from_slice(other.as_bytes());
        found += 1;
    }
    ensure!(
        found > 0,
        "the component does not have the name {name} in it"
    );
    Ok(renamed)
}

async fn run(server: &Server, path: &str, plugins: usize) -> Result<()> {
    let answer = server
        .post(path, json!({"metadata": {"shot": "sh010"}}))
        .await?;
    let executions = answer["executions"].as_array().map_or(0, Vec::len);
    ensure!(
        answer["verdict"] == "proceed" && executions == plugins,
        "{answer}"
    );
    Ok(())
}

async fn start(
    options: &Options,
    data: &std::path::Path,
    flags: &[&str],
    path: &str,
) -> Result<Start> {
    // Once asked at once, once left alone.
    let began = Instant::now();
    let server = Server::start(&options.binary, data, flags).await?;
    server.ready().await?;
    let ready = began.elapsed();
    run(&server, path, options.plugins).await?;
    let verdict = began.elapsed();
    server.stop().await?;

    let began = Instant::now();
    let server = Server::start(&options.binary, data, flags).await?;
    while server.metric("stagehook_plugins_ready ").await? < options.plugins {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let hot = began.elapsed();
    let memory_mib = server.memory_mib()?;
    server.stop().await?;
    Ok(Start {
        ready,
        verdict,
        hot,
        memory_mib,
    })
}
