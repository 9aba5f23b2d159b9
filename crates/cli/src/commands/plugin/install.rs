//! `stagehook plugin install`

use super::sandbox;
use crate::client::{Connection, segment};
use crate::ending::Ending;
use crate::output;
use anyhow::bail;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::str::FromStr;

#[derive(Debug, Args)]
pub(super) struct InstallArgs {
    /// NAME, NAME@VERSION, or NAME@REQUIREMENT such as probe@^1.2
    plugin: String,
    /// Where the hook applies: studio, project:ID or scene-type:ID
    #[arg(long, value_name = "SCOPE", default_value = "studio")]
    scope: Scope,
    /// The stage that it runs at [default: the only one that the plugin names]
    #[arg(long, value_name = "NAME", conflicts_with = "event")]
    hook_point: Option<String>,
    /// The events that it runs for
    #[arg(long, value_name = "PATTERN")]
    event: Option<String>,
    /// The hook's name [default: the plugin's]
    #[arg(long)]
    name: Option<String>,
    /// Its settings, which the plugin's schema has to fit: a file or JSON
    #[arg(long, value_name = "FILE|JSON")]
    settings: Option<String>,
    /// What it may touch: a file or JSON
    #[arg(long, value_name = "FILE|JSON")]
    grants: Option<String>,
    /// How much it may use: a file or JSON
    #[arg(long, value_name = "FILE|JSON")]
    limits: Option<String>,
    /// What follows when it does not succeed
    #[arg(long, value_enum, value_name = "MODE")]
    failure_mode: Option<FailureMode>,
    /// Its place among the hooks of its stage
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    sort_order: Option<i64>,
    /// Install it without letting it run yet
    #[arg(long)]
    disabled: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What follows when a hook does not succeed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailureMode {
    /// The pipeline stops
    Block,
    /// The pipeline goes on, and is told
    Warn,
    /// The pipeline goes on
    Ignore,
}

/// A level of the inheritance chain, and which of it.
#[derive(Debug, Clone, Copy)]
enum Scope {
    Studio,
    Project(i64),
    SceneType(i64),
}

impl FromStr for Scope {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "must be studio, project:ID or scene-type:ID";
        if text == "studio" {
            return Ok(Self::Studio);
        }
        let (level, id) = text.split_once(':').ok_or(EXPECTED)?;
        let id = id.parse().map_err(|_| EXPECTED)?;
        match level {
            "project" => Ok(Self::Project(id)),
            "scene-type" | "scene_type" => Ok(Self::SceneType(id)),
            _ => Err(EXPECTED),
        }
    }
}

pub(super) async fn run(args: InstallArgs) -> anyhow::Result<Ending> {
    let (name, version) = match args.plugin.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (args.plugin.as_str(), None),
    };
    let body = request(&args, version)?;
    let client = args.connection.client()?;
    let hook = client
        .post(&format!("/plugins/{}/install", segment(name)), &body)
        .await?;
    if args.connection.json {
        output::json(&hook)?;
        return Ok(Ending::Ok);
    }
    let mut row = output::row(&hook, &["/id", "/name"]);
    let pinned = ["/config/pinned/version", "/config/plugin"];
    let text = |pointer: &str| hook.pointer(pointer).map(output::cell).unwrap_or_default();
    row.push(match pinned.map(text) {
        [version, plugin] if !version.is_empty() => format!("{plugin} = {version}"),
        [_, plugin] => plugin,
    });
    row.extend(output::row(
        &hook,
        &[
            "/hook_point",
            "/event",
            "/scope_type",
            "/scope_id",
            "/enabled",
        ],
    ));
    output::table(
        &[
            "id",
            "name",
            "plugin",
            "hook point",
            "event",
            "scope",
            "scope id",
            "enabled",
        ],
        vec![row],
    )?;
    let warnings = hook.get("warnings").and_then(Value::as_array);
    for warning in warnings.into_iter().flatten() {
        let warning = output::cell(warning);
        output::line(&format!("warning: {}", output::one_line(&warning)))?;
    }
    Ok(Ending::Ok)
}

fn request(args: &InstallArgs, version: Option<&str>) -> anyhow::Result<Value> {
    let (level, id) = match args.scope {
        Scope::Studio => ("studio", None),
        Scope::Project(id) => ("project", Some(id)),
        Scope::SceneType(id) => ("scene_type", Some(id)),
    };
    let mut body = json!({"scope_type": level});
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body[key] = value;
        }
    };
    put("scope_id", id.map(Value::from));
    if version == Some("") {
        bail!("'{}' names no version after the @", args.plugin);
    }
    put("version", version.map(Value::from));
    put("hook_point", args.hook_point.clone().map(Value::from));
    put("event", args.event.clone().map(Value::from));
    put("name", args.name.clone().map(Value::from));
    for (key, given) in [
        ("settings", &args.settings),
        ("grants", &args.grants),
        ("limits", &args.limits),
    ] {
        if let Some(given) = given {
            let object = sandbox::read_object(given, &format!("--{key}"))?;
            put(key, Some(Value::Object(object)));
        }
    }
    put(
        "failure_mode",
        args.failure_mode.map(|mode| {
            Value::from(match mode {
                FailureMode::Block => "block",
                FailureMode::Warn => "warn",
                FailureMode::Ignore => "ignore",
            })
        }),
    );
    put("sort_order", args.sort_order.map(Value::from));
    put("enabled", args.disabled.then_some(Value::Bool(false)));
    Ok(body)
}
