//! Stage runs over HTTP: how many a second, and how long each takes.
//!
//! Starts the release binary on a database of its own, makes a job and one
//! hook, and has a number of clients ask for the stage as fast as they are
//! answered, each on one connection. Every run commits its plan, its log and
//! its verdict, as always.
//!
//! ```sh
//! cargo run --release -p stagehook-bench --bin stage-run -- --clients 32 --seconds 10
//! ```

use anyhow::{Context as _, Result};
use clap::Parser;
use serde_json::json;
use stagehook_bench::load;
use stagehook_bench::options::ServerOptions;
use stagehook_bench::server::Server;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Parser)]
struct Options {
    /// Those who ask at the same time.
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// How long, each hook.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// The component that is called.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/wasm32-wasip2/release/test_guest.wasm"))]
    plugin: PathBuf,
    #[command(flatten)]
    server: ServerOptions,
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let database = options.server.database();
    println!(
        "stage runs over HTTP, one hook, every log committed; {database}; {} clients, {} s each",
        options.clients, options.seconds
    );
    println!(
        "| hook | runs/s | p50 ms | p90 ms | p99 ms | max ms | server memory MiB |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    for kind in ["none", "wasm", "shell"] {
        let server = Server::start(
            &options.server.binary,
            "off",
            options.server.database_url.as_deref(),
        )
        .await?;
        let request = prepare(&server, kind, &options.plugin).await?;
        let warm_up = Duration::from_secs(2);
        load::run(server.address(), &request, options.clients, warm_up).await?;
        let length = Duration::from_secs(options.seconds);
        let result = load::run(server.address(), &request, options.clients, length).await?;
        println!(
            "| {kind} | {:.0} | {:.2} | {:.2} | {:.2} | {:.2} | {:.0} |",
            result.per_second(),
            result.percentile_ms(50),
            result.percentile_ms(90),
            result.percentile_ms(99),
            result.percentile_ms(100),
            server.memory_mib()?,
        );
    }
    Ok(())
}

/// Makes a job and one hook; the request that runs its stage.
async fn prepare(server: &Server, kind: &str, plugin: &PathBuf) -> Result<Vec<u8>> {
    let name = format!("bench-{kind}-{}", std::process::id());
    let (project, path) = server.stage(&name).await?;
    match kind {
        "wasm" => {
            let component = std::fs::read(plugin)
                .with_context(|| format!("{} is missing: run `make plugins`", plugin.display()))?;
            let published = server.upload(component).await?;
            let version = format!(
                "{}@{}",
                text(&published, "name")?,
                text(&published, "version")?
            );
            server
                .post(
                    "/hooks",
                    json!({"name": "bench", "hook_type": "wasm", "hook_point": "post_segment",
                        "scope_type": "project", "scope_id": project,
                        "config": {"plugin": version, "settings": {"do": "echo"}}}),
                )
                .await?;
        }
        "shell" => {
            server.script("true.sh", "exit 0\n")?;
            server
                .post(
                    "/hooks",
                    json!({"name": "bench", "hook_type": "shell", "hook_point": "post_segment",
                        "scope_type": "project", "scope_id": project,
                        "config": {"script_path": "true.sh"}}),
                )
                .await?;
        }
        _ => {}
    }
    Ok(server.stage_request(&path))
}

fn text<'a>(value: &'a serde_json::Value, key: &str) -> Result<&'a str> {
    value[key]
        .as_str()
        .with_context(|| format!("the answer has no {key}"))
}
