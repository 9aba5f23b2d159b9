//! `stagehook plugin run`

mod from_log;
mod question;
mod recording;
mod shown;

use super::sandbox::{self, Prepared, Ready, SandboxArgs};
use crate::client::Connection;
use crate::ending::Ending;
use crate::execution;
use crate::output;
use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use stagehook_core::digest::Digest;
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_core::ids::LogId;
use stagehook_runners::Invocation;
use stagehook_runners::wasm::{PreparedPlugin, WasmRunner};
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The component (.wasm); with --from-log the server's, where it is absent
    #[arg(required_unless_present = "from_log")]
    file: Option<PathBuf>,
    /// Which function of the plugin is called
    #[arg(long, value_enum, default_value_t = Function::Run)]
    call: Function,
    #[command(flatten)]
    sandbox: SandboxArgs,
    /// Run it so many times, each in a fresh instance, and compare the answers
    #[arg(long, value_name = "TIMES", default_value_t = 1, num_args = 0..=1,
        require_equals = true, default_missing_value = "2", value_parser = crate::commands::at_least_one,
        conflicts_with_all = ["record", "replay"])]
    repeat: usize,
    /// Store what the plugin asked the host for, and what it was answered
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    record: Option<PathBuf>,
    /// Run again as recorded, every call to the host answered from the recording
    #[arg(long, value_name = "FILE", conflicts_with_all = ["call", "from_log", "input",
        "settings", "grants", "limits", "segment", "media_roots", "secrets", "allow_private_network"])]
    replay: Option<PathBuf>,
    /// Run what a server logged: the component, input, settings, grants and
    /// limits of the execution with this log
    #[arg(long, value_name = "LOG ID")]
    from_log: Option<LogId>,
    #[command(flatten)]
    connection: Connection,
}

/// A function that a plugin exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Function {
    /// Run the hook
    Run,
    /// Ask what the plugin is
    Describe,
    /// Have it check --settings
    CheckSettings,
}

/// What is to be run.
struct Subject {
    component: Vec<u8>,
    digest: Digest,
    logged: Option<from_log::Logged>,
}

pub(super) async fn run(args: RunArgs) -> anyhow::Result<Ending> {
    let subject = subject(&args).await?;
    if let Some(path) = &args.replay {
        return recording::replay(path, subject, args.connection.json).await;
    }
    let logged = subject.logged.as_ref().map(|logged| logged.input.clone());
    let prepared = args.sandbox.prepare(subject.digest, logged)?;
    match args.call {
        Function::Run => {}
        Function::Describe | Function::CheckSettings if args.record.is_some() => {
            bail!("--record records `run` alone: the other calls reach nothing of the host")
        }
        Function::Describe => {
            return question::describe(&prepared, subject.component).await;
        }
        Function::CheckSettings => {
            let as_json = args.connection.json;
            return question::check_settings(&prepared, subject.component, as_json).await;
        }
    }
    if let Some(path) = &args.record {
        return recording::record(path, &prepared, subject, args.connection.json).await;
    }
    // More than one slot, so that a plugin never waits for its predecessor.
    let runner = prepared.runner(2)?;
    let Ready {
        plugin,
        was_compiled,
    } = prepared.ready(&runner, &subject.component).await?;
    let execution = execute(&runner, &plugin, &prepared).await?;
    let mut document = shown::document(&execution, subject.digest, &prepared.input)?;
    document["plugin"]["compiled"] = was_compiled.into();
    if let Some(logged) = &subject.logged {
        document["logged"] = logged.summary.clone();
    }
    let mut repetition = None;
    if args.repeat > 1 {
        let mut differing = Vec::new();
        for turn in 2..=args.repeat {
            let again = execute(&runner, &plugin, &prepared).await?;
            if let Some(what) = difference(&execution, &again) {
                differing.push(json!({"run": turn, "differs_in": what}));
            }
        }
        document["repeat"] = json!({"runs": args.repeat, "differing": differing});
        repetition = Some(differing);
    }
    if args.connection.json {
        output::json(&document)?;
    } else {
        execution::show(&document)?;
        if let Some(logged) = &subject.logged {
            output::line(&format!("\n{}", logged.beside(&execution)))?;
        }
        if let Some(differing) = repetition {
            shown::repetition(args.repeat, &differing)?;
        }
    }
    Ok(ending(execution.status))
}

async fn subject(args: &RunArgs) -> anyhow::Result<Subject> {
    let logged = match args.from_log {
        Some(id) => Some(from_log::fetch(&args.connection.client()?, id).await?),
        None => None,
    };
    let component = match (&args.file, &logged) {
        (Some(file), _) => sandbox::read_component(file)?,
        (None, Some(logged)) => logged.component(&args.connection.client()?).await?,
        (None, None) => bail!("name a component, or a log with --from-log"),
    };
    let digest = Digest::of(&component);
    Ok(Subject {
        component,
        digest,
        logged,
    })
}

async fn execute(
    runner: &WasmRunner,
    plugin: &PreparedPlugin,
    prepared: &Prepared,
) -> anyhow::Result<Execution> {
    let input_json = serde_json::to_string(&prepared.input)?;
    let invocation = Invocation {
        input: &prepared.input,
        input_json: &input_json,
        // The hook's own limit is what ends it.
        timeout: Duration::MAX,
        cancel: &CancellationToken::new(),
    };
    runner
        .run(&prepared.config, plugin, invocation)
        .await
        .context("this machine cannot run plugins")
}

/// What of two executions that should be the same is not.
fn difference(one: &Execution, other: &Execution) -> Option<&'static str> {
    if one.status != other.status {
        Some("status")
    } else if one.error != other.error {
        Some("error")
    } else if one.result != other.result {
        Some("result")
    } else if one.stdout != other.stdout {
        Some("stdout")
    } else if one.stderr != other.stderr {
        Some("log")
    } else if one.usage.fuel_used != other.usage.fuel_used {
        Some("fuel")
    } else {
        None
    }
}

fn ending(status: ExecutionStatus) -> Ending {
    match status {
        ExecutionStatus::Passed | ExecutionStatus::Skipped => Ending::Ok,
        ExecutionStatus::Refused
        | ExecutionStatus::HostError
        | ExecutionStatus::Cancelled
        | ExecutionStatus::Interrupted => Ending::Error,
        _ => Ending::Halt,
    }
}

/// What an execution came to, as far as it is compared.
fn compared(execution: &Execution) -> Value {
    json!({
        "status": execution.status,
        "error": execution.error,
        "result": execution.result,
        "stdout": execution.stdout,
        "stderr": execution.stderr,
        "usage": execution.usage,
    })
}
