//! `stagehook delivery …`

use super::event;
use crate::client::{Client, Connection, segment};
use crate::ending::Ending;
use crate::execution::facts;
use crate::output;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(crate) struct DeliveryArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: DeliveryCommand,
}

#[derive(Debug, Subcommand)]
enum DeliveryCommand {
    /// List deliveries, newest first
    List(ListArgs),
    /// Show a delivery, with its event and its attempts
    Show {
        /// Its id
        id: String,
    },
    /// Have a delivery attempted again, however it ended
    Retry {
        /// Its id
        id: String,
    },
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Those that stand so: pending, running, succeeded, exhausted, cancelled
    #[arg(long)]
    state: Option<String>,
    /// Those to one hook
    #[arg(long, value_name = "ID")]
    hook: Option<i64>,
    /// Those of events of one type
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// Those of one event
    #[arg(long, value_name = "ID")]
    event_id: Option<String>,
    /// Those whose last attempt ended so: `passed`, `failed`, `timed_out`, …
    #[arg(long)]
    status: Option<String>,
    /// Those of events that happened then or later: `2026-11-21T18:00:00Z`
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Those of events that happened before then
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Those of events whose data, as JSON, has this in it
    #[arg(long, value_name = "TEXT")]
    contains: Option<String>,
    /// Show at most so many
    #[arg(long, default_value_t = 50, value_parser = super::at_least_one)]
    limit: usize,
}

pub(super) async fn run(args: DeliveryArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let as_json = args.connection.json;
    match args.command {
        DeliveryCommand::List(filter) => list(&client, filter, as_json).await,
        DeliveryCommand::Show { id } => show(&client, &id, as_json).await,
        DeliveryCommand::Retry { id } => {
            let path = format!("/deliveries/{}/retry", segment(&id));
            let delivery = client.post(&path, &json!({})).await?;
            if as_json {
                output::json(&delivery)?;
            } else {
                show_table(&[delivery])?;
            }
            Ok(Ending::Ok)
        }
    }
}

async fn list(client: &Client, filter: ListArgs, as_json: bool) -> anyhow::Result<Ending> {
    let query = [
        ("state", filter.state),
        ("hook_id", filter.hook.map(|id| id.to_string())),
        ("event", filter.event),
        ("event_id", filter.event_id),
        ("status", filter.status),
        ("since", filter.since),
        ("until", filter.until),
        ("contains", filter.contains),
    ];
    let limit = Some(filter.limit);
    let deliveries = client.list("/deliveries", &query, limit).await?;
    if as_json {
        output::json(&json!({"items": deliveries}))?;
    } else {
        show_table(&deliveries)?;
    }
    Ok(Ending::Ok)
}

async fn show(client: &Client, id: &str, as_json: bool) -> anyhow::Result<Ending> {
    let delivery = client.get(&format!("/deliveries/{}", segment(id))).await?;
    if as_json {
        output::json(&delivery)?;
        return Ok(Ending::Ok);
    }
    let text = |pointer: &str| delivery.pointer(pointer).map(output::cell);
    let text = |pointer: &str| text(pointer).unwrap_or_default();
    facts(&[
        ("delivery", text("/id")),
        (
            "hook",
            format!(
                "{} (id {}, {})",
                text("/hook/name"),
                text("/hook/id"),
                text("/hook/source")
            ),
        ),
        ("state", text("/state")),
        ("next", text("/next_attempt_at")),
        ("ended", text("/finished_at")),
    ])?;
    output::line("")?;
    event::show_facts(delivery.get("event").unwrap_or(&Value::Null))?;
    let executions = delivery.get("executions").and_then(Value::as_array);
    let executions = executions.map(Vec::as_slice).unwrap_or_default();
    if executions.is_empty() {
        output::line("\nno attempt was made yet")?;
        return Ok(Ending::Ok);
    }
    let pointers = [
        "/attempt",
        "/id",
        "/executed_at",
        "/status",
        "/usage/http_status",
        "/exit_code",
        "/duration_ms",
        "/error",
    ];
    output::line("")?;
    let rows = executions.iter().map(|log| output::row(log, &pointers));
    output::table(
        &[
            "attempt", "log", "executed", "status", "http", "exit", "ms", "error",
        ],
        rows.collect(),
    )?;
    Ok(Ending::Ok)
}

/// Shows deliveries, a line each.
pub(super) fn show_table(deliveries: &[Value]) -> std::io::Result<()> {
    let pointers = [
        "/id",
        "/event_name",
        "/hook/name",
        "/state",
        "/attempts",
        "/last_status",
        "/last_http_status",
        "/next_attempt_at",
        "/last_error",
    ];
    let rows = deliveries.iter().map(|one| output::row(one, &pointers));
    output::table(
        &[
            "id", "event", "hook", "state", "attempts", "status", "http", "next", "error",
        ],
        rows.collect(),
    )
}
