//! `stagehook plugin bench`

mod measured;

use super::sandbox::{self, Prepared, Ready, SandboxArgs};
use crate::ending::Ending;
use crate::output;
use anyhow::{Context as _, bail};
use clap::Args;
use measured::Measured;
use serde_json::json;
use stagehook_core::digest::Digest;
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_runners::Invocation;
use stagehook_runners::wasm::{PreparedPlugin, WasmRunner};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Calls before anything is measured.
const WARM_UP: usize = 5;
/// Instances that are made to see how long that takes.
const INSTANCES: usize = 200;
/// Memory for what is measured, and with it the most calls.
const CALLS_MAX: usize = 2_000_000;

#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    /// The component (.wasm)
    file: PathBuf,
    #[command(flatten)]
    sandbox: SandboxArgs,
    /// For how long it is called
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Calls at the same time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    concurrency: u32,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// What all calls have in common.
struct Bench {
    runner: WasmRunner,
    plugin: PreparedPlugin,
    prepared: Prepared,
    input_json: String,
}

pub(super) async fn run(args: BenchArgs) -> anyhow::Result<Ending> {
    let component = sandbox::read_component(&args.file)?;
    let prepared = args.sandbox.prepare(Digest::of(&component), None)?;
    let runner = prepared.runner(args.concurrency)?;
    let started = Instant::now();
    let Ready {
        plugin,
        was_compiled,
    } = prepared.ready(&runner, &component).await?;
    let compile = was_compiled.then(|| started.elapsed());
    let bench = Arc::new(Bench {
        input_json: serde_json::to_string(&prepared.input)?,
        runner,
        plugin,
        prepared,
    });
    let (seconds, concurrency) = (args.seconds, args.concurrency);
    // Commands run on one thread; calls at the same time want more.
    let measured = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("the async runtime cannot be started")?;
        runtime.block_on(measure(bench, seconds, concurrency))
    })
    .await
    .context("measuring broke off")??;
    if args.json {
        let mut document = measured.document();
        document["file"] = json!(args.file);
        document["concurrency"] = json!(concurrency);
        document["compile_ms"] = json!(compile.map(measured::milliseconds));
        output::json(&document)?;
    } else {
        measured.show(compile)?;
    }
    Ok(Ending::Ok)
}

async fn measure(bench: Arc<Bench>, seconds: u64, concurrency: u32) -> anyhow::Result<Measured> {
    let mut failure = None;
    for _ in 0..WARM_UP {
        let execution = bench.call().await?;
        match execution.status {
            ExecutionStatus::Refused | ExecutionStatus::HostError => bail!(
                "the plugin is not run: {}",
                execution.error.unwrap_or_default()
            ),
            // What takes long or fails is measured too, but needs no warming.
            ExecutionStatus::Passed | ExecutionStatus::Skipped => {}
            _ => {
                failure = execution.error;
                break;
            }
        }
    }
    let mut instances = Vec::with_capacity(INSTANCES);
    for _ in 0..INSTANCES {
        match bench.runner.time_instantiation(&bench.plugin).await {
            Ok(took) => instances.push(took),
            Err(why) => bail!("there is no instance: {why}"),
        }
    }
    let started = Instant::now();
    let until = started + Duration::from_secs(seconds);
    let calls_max = CALLS_MAX / concurrency as usize;
    let workers: Vec<_> = (0..concurrency)
        .map(|_| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move {
                let mut executions = Vec::new();
                while Instant::now() < until && executions.len() < calls_max {
                    executions.push(measured::Call::of(&bench.call().await?));
                }
                anyhow::Ok(executions)
            })
        })
        .collect();
    let mut calls = Vec::new();
    for worker in workers {
        calls.extend(worker.await.context("a call broke off")??);
    }
    Ok(Measured::new(
        &calls,
        failure,
        &instances,
        started.elapsed(),
    ))
}

impl Bench {
    async fn call(&self) -> anyhow::Result<Execution> {
        let invocation = Invocation {
            input: &self.prepared.input,
            input_json: &self.input_json,
            timeout: Duration::MAX,
            cancel: &CancellationToken::new(),
        };
        self.runner
            .run(&self.prepared.config, &self.plugin, invocation)
            .await
            .context("this machine cannot run plugins")
    }
}
