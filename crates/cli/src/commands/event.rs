//! `stagehook event …`

mod tail;

use super::delivery;
use crate::client::{Client, Connection, segment, with_query};
use crate::document;
use crate::ending::Ending;
use crate::execution::facts;
use crate::output;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(crate) struct EventArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: EventCommand,
}

#[derive(Debug, Subcommand)]
enum EventCommand {
    /// Publish an event; prints its id and how many hooks answer it
    Emit(EmitArgs),
    /// List events, newest first
    List(ListArgs),
    /// Show an event, with its deliveries
    Show {
        /// Its id
        id: String,
    },
    /// List the types of events
    Types {
        /// Those of one kind: business, progress
        #[arg(long)]
        kind: Option<String>,
    },
    /// Add the event types of a catalogue file
    Import {
        /// The catalogue: JSON; `-` for stdin
        file: String,
    },
    /// Print events as they happen, until it is ended
    Tail {
        /// Those of types that match
        #[arg(long, value_name = "PATTERN")]
        event: Option<String>,
    },
    /// Have the events of a range delivered once more
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
struct EmitArgs {
    /// The name of its type
    name: String,
    /// What happened: a JSON object, @FILE or -
    #[arg(
        long,
        value_name = "JSON",
        default_value = "{}",
        hide_default_value = true
    )]
    data: String,
    /// Id of the job it is about
    #[arg(long, value_name = "ID", conflicts_with_all = ["project", "scene_type"])]
    job: Option<i64>,
    /// Id of the project it is about
    #[arg(long, value_name = "ID", conflicts_with = "scene_type")]
    project: Option<i64>,
    /// Id of the scene type it is about
    #[arg(long, value_name = "ID")]
    scene_type: Option<i64>,
    /// Names this very event: repeated with the same key it is published once
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Those of one type
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// Those about one job
    #[arg(long, value_name = "ID")]
    job: Option<i64>,
    /// Those that happened then or later: `2026-11-21T18:00:00Z`
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Those that happened before then
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Show at most so many
    #[arg(long, default_value_t = 50, value_parser = super::at_least_one)]
    limit: usize,
}

#[derive(Debug, Args)]
struct ReplayArgs {
    /// Events that happened then or later: `2026-11-21T18:00:00Z`
    #[arg(long, value_name = "TIME")]
    since: String,
    /// Events that happened before then
    #[arg(long, value_name = "TIME")]
    until: String,
    /// To this hook alone, also those that it did not get when they happened
    #[arg(long, value_name = "ID")]
    hook: Option<i64>,
    /// Those of types that match
    #[arg(long, value_name = "PATTERN")]
    event: Option<String>,
    /// Also what was delivered
    #[arg(long)]
    succeeded: bool,
}

pub(super) async fn run(args: EventArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let as_json = args.connection.json;
    match args.command {
        EventCommand::Emit(args) => emit(&client, args, as_json).await,
        EventCommand::List(filter) => list(&client, filter, as_json).await,
        EventCommand::Show { id } => show(&client, &id, as_json).await,
        EventCommand::Types { kind } => types(&client, kind.as_deref(), as_json).await,
        EventCommand::Import { file } => import(&client, &file, as_json).await,
        EventCommand::Tail { event } => tail::run(&client, event.as_deref(), as_json).await,
        EventCommand::Replay(args) => replay(&client, args, as_json).await,
    }
}

async fn emit(client: &Client, args: EmitArgs, as_json: bool) -> anyhow::Result<Ending> {
    let data = document::read_object(&args.data, "--data")?;
    let mut body = json!({"event_name": args.name, "data": data});
    if let Some(job) = args.job {
        body["job_id"] = job.into();
    }
    for (scope_type, id) in [("project", args.project), ("scene_type", args.scene_type)] {
        if let Some(id) = id {
            body["scope_type"] = scope_type.into();
            body["scope_id"] = id.into();
        }
    }
    let headers: Vec<_> = args
        .idempotency_key
        .iter()
        .map(|key| ("Idempotency-Key", key.as_str()))
        .collect();
    let published = client.post_with("/events", &body, &headers).await?;
    if as_json {
        output::json(&published)?;
    } else {
        let row = output::row(&published, &["/id", "/deliveries"]);
        output::table(&["id", "deliveries"], vec![row])?;
    }
    Ok(Ending::Ok)
}

async fn list(client: &Client, filter: ListArgs, as_json: bool) -> anyhow::Result<Ending> {
    let query = [
        ("event", filter.event),
        ("job_id", filter.job.map(|id| id.to_string())),
        ("since", filter.since),
        ("until", filter.until),
    ];
    let events = client.list("/events", &query, Some(filter.limit)).await?;
    if as_json {
        output::json(&json!({"items": events}))?;
        return Ok(Ending::Ok);
    }
    let pointers = [
        "/id",
        "/created_at",
        "/event_name",
        "/job_id",
        "/scope_type",
        "/scope_id",
    ];
    let rows = events.iter().map(|event| output::row(event, &pointers));
    output::table(
        &["id", "happened", "event", "job", "scope", "scope id"],
        rows.collect(),
    )?;
    Ok(Ending::Ok)
}

async fn show(client: &Client, id: &str, as_json: bool) -> anyhow::Result<Ending> {
    let event = client.get(&format!("/events/{}", segment(id))).await?;
    if as_json {
        output::json(&event)?;
        return Ok(Ending::Ok);
    }
    show_facts(&event)?;
    let deliveries = event.get("deliveries").and_then(Value::as_array);
    let deliveries = deliveries.map(Vec::as_slice).unwrap_or_default();
    if deliveries.is_empty() {
        output::line("\nno hook answers it")?;
    } else {
        output::line("")?;
        delivery::show_table(deliveries)?;
    }
    Ok(Ending::Ok)
}

/// What an event says.
pub(super) fn show_facts(event: &Value) -> std::io::Result<()> {
    let text = |key: &str| event.get(key).map(output::cell).unwrap_or_default();
    let scope = output::row(event, &["/scope_type", "/scope_id"]).join(" ");
    facts(&[
        ("event", text("event_name")),
        ("id", text("id")),
        ("job", text("job_id")),
        ("scope", scope.trim().to_owned()),
        ("happened", text("created_at")),
        ("data", text("data")),
    ])
}

async fn types(client: &Client, kind: Option<&str>, as_json: bool) -> anyhow::Result<Ending> {
    let query: Vec<_> = kind.map(|kind| ("kind", kind)).into_iter().collect();
    let types = client.get(&with_query("/event-types", &query)).await?;
    if as_json {
        output::json(&types)?;
        return Ok(Ending::Ok);
    }
    let items = types.get("items").and_then(Value::as_array);
    let rows = items.into_iter().flatten().map(|event_type| {
        let mut row = output::row(event_type, &["/name", "/kind", "/built_in"]);
        let has_schema = event_type.get("schema").is_some_and(Value::is_object);
        row.push(output::cell(&has_schema.into()));
        row.extend(output::row(event_type, &["/description"]));
        row
    });
    output::table(
        &["name", "kind", "built in", "schema", "description"],
        rows.collect(),
    )?;
    Ok(Ending::Ok)
}

async fn import(client: &Client, file: &str, as_json: bool) -> anyhow::Result<Ending> {
    let catalogue = match file {
        "-" => document::read_object("-", "the catalogue")?,
        path => document::read_object(&format!("@{path}"), "the catalogue")?,
    };
    let catalogue = Value::Object(catalogue);
    let imported = client.post("/event-types/import", &catalogue).await?;
    if as_json {
        output::json(&imported)?;
        return Ok(Ending::Ok);
    }
    let names = imported.get("names").and_then(Value::as_array);
    let names = names.map(Vec::as_slice).unwrap_or_default();
    output::table(
        &["imported"],
        names.iter().map(|name| vec![output::cell(name)]).collect(),
    )?;
    Ok(Ending::Ok)
}

async fn replay(client: &Client, args: ReplayArgs, as_json: bool) -> anyhow::Result<Ending> {
    let mut body = json!({"since": args.since, "until": args.until});
    if let Some(hook) = args.hook {
        body["hook_id"] = hook.into();
    }
    if let Some(event) = args.event {
        body["event"] = event.into();
    }
    if args.succeeded {
        body["succeeded"] = true.into();
    }
    let replayed = client.post("/events/replay", &body).await?;
    if as_json {
        output::json(&replayed)?;
    } else {
        let count = replayed.get("deliveries").map(output::cell);
        output::line(&format!(
            "{} deliveries are on their way again",
            count.unwrap_or_default()
        ))?;
        if let Some(next) = replayed.get("next_since").map(output::cell) {
            output::line(&format!("there are more events: go on with --since {next}"))?;
        }
    }
    Ok(Ending::Ok)
}
