//! `stagehook hook …`

use super::hook_transfer::TOLD;
use super::{hook_export, hook_import};
use crate::client::{Client, Connection, with_query};
use crate::document;
use crate::ending::{EXIT_CODES, Ending};
use crate::execution;
use crate::output;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(crate) struct HookArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: HookCommand,
}

#[derive(Debug, Subcommand)]
enum HookCommand {
    /// List hooks
    List(ListArgs),
    /// Show a hook
    Get {
        /// Its id
        id: i64,
    },
    /// Create a hook
    Create {
        /// The hook: a JSON object, @FILE or -
        #[arg(value_name = "JSON")]
        hook: String,
    },
    /// Run a hook with a sample input; changes no job and no metadata
    #[command(after_help = EXIT_CODES)]
    Test {
        /// Its id
        id: i64,
        /// The sample input, every part optional: a JSON object, @FILE or -
        #[arg(
            long,
            value_name = "JSON",
            default_value = "{}",
            hide_default_value = true
        )]
        input: String,
    },
    /// Write hooks as JSON, to be kept or imported elsewhere
    Export(hook_export::ExportArgs),
    /// Create and update hooks from an export
    Import(hook_import::ImportArgs),
    /// Let a hook run
    Enable {
        /// Its id
        id: i64,
    },
    /// Keep a hook, and what it overrides, from running
    Disable {
        /// Its id
        id: i64,
    },
    /// Hold up the deliveries of an event hook: events are kept for it until it is resumed
    Pause {
        /// Its id
        id: i64,
    },
    /// Let the deliveries of a paused event hook go on
    Resume {
        /// Its id
        id: i64,
    },
    /// Delete a hook; its logs are kept
    Delete {
        /// Its id
        id: i64,
    },
    /// Show what applies to the studio, a project or a scene type, and what does not and why
    Effective(EffectiveArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Those of one level: studio, project, `scene_type`
    #[arg(long, value_name = "LEVEL")]
    scope_type: Option<String>,
    /// Those of one project or scene type; with --scope-type
    #[arg(long, value_name = "ID", requires = "scope_type")]
    scope_id: Option<i64>,
    /// Those of one stage
    #[arg(long, value_name = "NAME")]
    hook_point: Option<String>,
    /// Those with this event pattern
    #[arg(long, value_name = "PATTERN")]
    event: Option<String>,
    /// Those of one type: shell, python, webhook, wasm
    #[arg(long, value_name = "TYPE")]
    hook_type: Option<String>,
    /// Those that are enabled (true), or are not (false)
    #[arg(long, value_name = "BOOL")]
    enabled: Option<bool>,
    /// Those of this name
    #[arg(long)]
    name: Option<String>,
}

#[derive(Debug, Args)]
struct EffectiveArgs {
    /// What applies to this project; to the studio without --project and --scene-type
    #[arg(long, value_name = "ID", conflicts_with = "scene_type")]
    project: Option<i64>,
    /// What applies to this scene type
    #[arg(long, value_name = "ID")]
    scene_type: Option<i64>,
    /// At this stage only
    #[arg(long, value_name = "NAME", conflicts_with = "event")]
    hook_point: Option<String>,
    /// For this event pattern only
    #[arg(long, value_name = "PATTERN")]
    event: Option<String>,
}

pub(super) async fn run(args: HookArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let as_json = args.connection.json;
    match args.command {
        HookCommand::List(filter) => list(&client, filter, as_json).await,
        HookCommand::Get { id } => {
            let hook = client.get(&format!("/hooks/{id}")).await?;
            if as_json {
                output::json(&hook)?;
            } else {
                show(std::slice::from_ref(&hook))?;
                output::line(&format!(
                    "\n{}",
                    hook.get("description")
                        .map(output::cell)
                        .unwrap_or_default()
                ))?;
                output::line(&format!(
                    "config {:#}",
                    hook.get("config").unwrap_or(&Value::Null)
                ))?;
            }
            Ok(Ending::Ok)
        }
        HookCommand::Create { hook } => {
            let hook = document::read_object(&hook, "the hook")?;
            let hook = client.post("/hooks", &Value::Object(hook)).await?;
            answer(&hook, as_json)
        }
        HookCommand::Test { id, input } => test(&client, id, &input, as_json).await,
        HookCommand::Export(args) => hook_export::run(&client, args).await,
        HookCommand::Import(args) => hook_import::run(&client, args, as_json).await,
        HookCommand::Enable { id } => switch(&client, id, true, as_json).await,
        HookCommand::Disable { id } => switch(&client, id, false, as_json).await,
        HookCommand::Pause { id } => deliveries(&client, id, "pause", as_json).await,
        HookCommand::Resume { id } => deliveries(&client, id, "resume", as_json).await,
        HookCommand::Delete { id } => {
            client.delete(&format!("/hooks/{id}")).await?;
            if !as_json {
                output::line(&format!("hook {id} is deleted"))?;
            }
            Ok(Ending::Ok)
        }
        HookCommand::Effective(args) => effective(&client, args, as_json).await,
    }
}

async fn list(client: &Client, filter: ListArgs, as_json: bool) -> anyhow::Result<Ending> {
    let query = [
        ("scope_type", filter.scope_type),
        ("scope_id", filter.scope_id.map(|id| id.to_string())),
        ("hook_point", filter.hook_point),
        ("event", filter.event),
        ("hook_type", filter.hook_type),
        ("enabled", filter.enabled.map(|enabled| enabled.to_string())),
        ("name", filter.name),
    ];
    let hooks = client.list("/hooks", &query, None).await?;
    if as_json {
        output::json(&json!({"items": hooks}))?;
    } else {
        show(&hooks)?;
    }
    Ok(Ending::Ok)
}

async fn test(client: &Client, id: i64, input: &str, as_json: bool) -> anyhow::Result<Ending> {
    let input = document::read_object(input, "--input")?;
    let log = client
        .post(&format!("/hooks/{id}/test"), &json!({"input": input}))
        .await?;
    if as_json {
        output::json(&log)?;
    } else {
        execution::show_log(&log)?;
    }
    let success = log.get("success").and_then(Value::as_bool).unwrap_or(false);
    Ok(if success { Ending::Ok } else { Ending::Error })
}

async fn switch(client: &Client, id: i64, enabled: bool, as_json: bool) -> anyhow::Result<Ending> {
    let path = format!("/hooks/{id}");
    let mut hook = client.get(&path).await?;
    let document = hook
        .as_object_mut()
        .context("the server's answer is no hook")?;
    if document.get("enabled") == Some(&Value::Bool(enabled)) {
        return answer(&hook, as_json);
    }
    // What is left is a request: the hook as it is, with the version it had
    // when it was read, so that a change in between is not overwritten.
    for told in TOLD {
        document.remove(told);
    }
    document.insert("enabled".to_owned(), enabled.into());
    let hook = client.put(&path, &hook).await?;
    answer(&hook, as_json)
}

/// Holds deliveries up, or lets them go on; shows how the hook fares.
async fn deliveries(
    client: &Client,
    id: i64,
    action: &str,
    as_json: bool,
) -> anyhow::Result<Ending> {
    let fares = client
        .post(&format!("/hooks/{id}/{action}"), &json!({}))
        .await?;
    if as_json {
        output::json(&fares)?;
        return Ok(Ending::Ok);
    }
    let pointers = [
        "/hook_id",
        "/paused_at",
        "/pending",
        "/succeeded",
        "/exhausted",
        "/last_status",
    ];
    output::table(
        &[
            "hook",
            "paused",
            "pending",
            "succeeded",
            "exhausted",
            "status",
        ],
        vec![output::row(&fares, &pointers)],
    )?;
    Ok(Ending::Ok)
}

async fn effective(client: &Client, args: EffectiveArgs, as_json: bool) -> anyhow::Result<Ending> {
    let scope = match (args.project, args.scene_type) {
        (Some(id), _) => format!("project/{id}"),
        (None, Some(id)) => format!("scene_type/{id}"),
        (None, None) => "studio".to_owned(),
    };
    let trigger = [("hook_point", &args.hook_point), ("event", &args.event)];
    let query: Vec<_> = trigger
        .into_iter()
        .filter_map(|(key, value)| value.as_deref().map(|value| (key, value)))
        .collect();
    let path = with_query(&format!("/hooks/effective/{scope}"), &query);
    let set = client.get(&path).await?;
    if as_json {
        output::json(&set)?;
        return Ok(Ending::Ok);
    }
    let items = |key: &str| set.get(key).and_then(Value::as_array).into_iter().flatten();
    let mut rows = Vec::new();
    for hook in items("effective") {
        let overrides = hook.get("overrides").map(output::cell).unwrap_or_default();
        let state = match overrides.as_str() {
            "" | "[]" => "applies".to_owned(),
            ids => format!("applies, overrides {}", ids.trim_matches(['[', ']'])),
        };
        rows.push(effective_row(hook, state));
    }
    for hook in items("shadowed") {
        let reason = hook
            .get("reason")
            .map(output::cell)
            .unwrap_or_default()
            .replace('_', " ");
        let state = match hook.get("by").map(output::cell).unwrap_or_default() {
            by if by.is_empty() => reason,
            by if hook.get("extended") == Some(&Value::Bool(true)) => {
                format!("{reason} by {by}, which extends it")
            }
            by => format!("{reason} by {by}"),
        };
        rows.push(effective_row(hook, state));
    }
    output::table(
        &["id", "name", "trigger", "source", "type", "order", "state"],
        rows,
    )?;
    Ok(Ending::Ok)
}

fn effective_row(hook: &Value, state: String) -> Vec<String> {
    let mut row = output::row(hook, &["/id", "/name"]);
    row.push(trigger(hook));
    row.extend(output::row(hook, &["/source_level"]));
    row.push(hook_type(hook));
    row.extend(output::row(hook, &["/sort_order"]));
    row.push(state);
    row
}

fn answer(hook: &Value, as_json: bool) -> anyhow::Result<Ending> {
    if as_json {
        output::json(hook)?;
    } else {
        show(std::slice::from_ref(hook))?;
        let warnings = hook.get("warnings").and_then(Value::as_array);
        for warning in warnings.into_iter().flatten() {
            let warning = output::one_line(&output::cell(warning));
            output::line(&format!("warning: {warning}"))?;
        }
    }
    Ok(Ending::Ok)
}

fn show(hooks: &[Value]) -> std::io::Result<()> {
    let rows = hooks
        .iter()
        .map(|hook| {
            let mut row = output::row(hook, &["/id", "/name"]);
            row.push(trigger(hook));
            row.push(
                output::row(hook, &["/scope_type", "/scope_id"])
                    .join(" ")
                    .trim_end()
                    .to_owned(),
            );
            row.push(hook_type(hook));
            row.extend(output::row(
                hook,
                &["/failure_mode", "/sort_order", "/enabled", "/version"],
            ));
            row
        })
        .collect();
    output::table(
        &[
            "id", "name", "trigger", "scope", "type", "mode", "order", "enabled", "version",
        ],
        rows,
    )
}

/// The type; a script that runs without a sandbox is marked.
fn hook_type(hook: &Value) -> String {
    let hook_type = hook.get("hook_type").map(output::cell).unwrap_or_default();
    match hook.pointer("/config/sandbox").and_then(Value::as_str) {
        Some("trusted") => format!("{hook_type} (trusted)"),
        _ => hook_type,
    }
}

fn trigger(hook: &Value) -> String {
    match hook.get("event").and_then(Value::as_str) {
        Some(event) => format!("event {event}"),
        None => hook.get("hook_point").map(output::cell).unwrap_or_default(),
    }
}
