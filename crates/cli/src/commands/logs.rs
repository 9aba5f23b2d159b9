//! `stagehook logs`

use crate::client::Connection;
use crate::ending::Ending;
use crate::output;
use clap::Args;
use serde_json::{Value, json};

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("of").required(true).args(["hook", "job"])))]
pub(crate) struct LogsArgs {
    #[command(flatten)]
    connection: Connection,
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
    let path = match (args.hook, args.job) {
        (Some(hook), _) => format!("/hooks/{hook}/logs"),
        (None, Some(job)) => format!("/jobs/{job}/hook-logs"),
        (None, None) => anyhow::bail!("name a hook or a job: --hook ID or --job ID"),
    };
    let query = [
        ("success", args.success.map(|success| success.to_string())),
        ("status", args.status),
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
