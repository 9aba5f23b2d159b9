//! `stagehook logs`

use crate::client::Connection;
use crate::ending::Ending;
use crate::execution;
use crate::output;
use clap::Args;
use serde_json::{Value, json};
use stagehook_core::ids::LogId;

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("of").required(true).args(["id", "hook", "job"])))]
pub(crate) struct LogsArgs {
    #[command(flatten)]
    connection: Connection,
    /// Show all of this log: what the hook printed and logged, what it
    /// answered, what it used
    #[arg(value_name = "ID", conflicts_with_all = ["success", "status", "limit"])]
    id: Option<LogId>,
    /// Logs of this hook
    #[arg(long, value_name = "ID")]
    hook: Option<i64>,
    /// Logs of this job
    #[arg(long, value_name = "ID")]
    job: Option<i64>,
    /// Those of successes (true), or of failures (false)
    #[arg(long, value_name = "BOOL")]
    success: Option<bool>,
    /// Those with this status: `passed`, `failed`, `timed_out`, …
    #[arg(long)]
    status: Option<String>,
    /// Show at most so many, newest first
    #[arg(long, default_value_t = 50, value_parser = super::at_least_one)]
    limit: usize,
}

pub(super) async fn run(args: LogsArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    if let Some(id) = args.id {
        let log = client.get(&format!("/hook-logs/{id}")).await?;
        if args.connection.json {
            output::json(&log)?;
        } else {
            execution::show_log(&log)?;
        }
        return Ok(Ending::Ok);
    }
    let path = match (args.hook, args.job) {
        (Some(hook), _) => format!("/hooks/{hook}/logs"),
        (None, Some(job)) => format!("/jobs/{job}/hook-logs"),
        (None, None) => anyhow::bail!("name a log, a hook or a job: ID, --hook ID or --job ID"),
    };
    let query = [
        ("success", args.success.map(|success| success.to_string())),
        ("status", args.status),
        // A line each has no room for what is large.
        ("brief", (!args.connection.json).then(|| true.to_string())),
    ];
    let logs = client.list(&path, &query, Some(args.limit)).await?;
    if args.connection.json {
        output::json(&json!({"items": logs}))?;
    } else {
        show(&logs)?;
    }
    Ok(Ending::Ok)
}

fn show(logs: &[Value]) -> std::io::Result<()> {
    output::table(
        &[
            "id", "executed", "hook", "job", "status", "exit", "ms", "test", "error",
        ],
        logs.iter()
            .map(|log| {
                output::row(
                    log,
                    &[
                        "/id",
                        "/executed_at",
                        "/hook/name",
                        "/job_id",
                        "/status",
                        "/exit_code",
                        "/duration_ms",
                        "/is_test",
                        "/error",
                    ],
                )
            })
            .collect(),
    )
}
