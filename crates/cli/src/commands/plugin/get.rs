//! `stagehook plugin get`

use super::{report, shown};
use crate::client::{Connection, segment};
use crate::ending::Ending;
use crate::output;
use clap::Args;
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(super) struct GetArgs {
    /// NAME or NAME@VERSION
    plugin: String,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(args: GetArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let json = args.connection.json;
    let Some((name, version)) = args.plugin.split_once('@') else {
        let path = format!("/plugins/{}", segment(&args.plugin));
        let versions = client.list(&path, &[], None).await?;
        if json {
            output::json(&json!({"items": versions}))?;
        } else {
            shown::versions(&versions)?;
        }
        return Ok(Ending::Ok);
    };
    let path = format!("/plugins/{}/{}", segment(name), segment(version));
    let plugin = client.get(&path).await?;
    if json {
        output::json(&plugin)?;
    } else {
        show(&plugin)?;
    }
    Ok(Ending::Ok)
}

fn show(plugin: &Value) -> std::io::Result<()> {
    let text = |key: &str| plugin.get(key).map(output::cell).unwrap_or_default();
    report::show_manifest(plugin)?;
    for (name, key) in [
        ("digest", "digest"),
        ("size", "size_bytes"),
        ("signed by", "signed_by"),
        ("published", "created_at"),
        ("by", "uploaded_by"),
        ("hooks", "used_by"),
    ] {
        report::field(name, &text(key))?;
    }
    report::field("state", &shown::state(plugin))?;
    report::show_imports(&report::list(plugin, "/import_reports"))?;
    output::line(&format!(
        "\nsettings schema\n{:#}",
        plugin.get("settings_schema").unwrap_or(&Value::Null)
    ))
}
