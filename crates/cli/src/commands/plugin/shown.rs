//! Plugins as people read and name them.

use crate::client::segment;
use crate::output;
use anyhow::Context as _;
use serde_json::Value;

/// A table of versions of plugins.
pub(super) fn versions(plugins: &[Value]) -> std::io::Result<()> {
    let rows = plugins
        .iter()
        .map(|plugin| {
            let mut row = output::row(plugin, &["/name", "/version"]);
            row.push(state(plugin));
            row.extend(output::row(
                plugin,
                &["/signed_by", "/size_bytes", "/digest", "/description"],
            ));
            row
        })
        .collect();
    output::table(
        &[
            "name",
            "version",
            "state",
            "signed by",
            "size",
            "digest",
            "description",
        ],
        rows,
    )
}

/// Whether a version is offered.
pub(super) fn state(plugin: &Value) -> String {
    match plugin.get("yanked") {
        None | Some(Value::Null) => "offered".to_owned(),
        Some(yanked) => match yanked.get("reason").and_then(Value::as_str) {
            None | Some("") => "yanked".to_owned(),
            Some(reason) => format!("yanked: {reason}"),
        },
    }
}

/// Where the version of a plugin is that is written `NAME@VERSION`.
pub(super) fn path_of_version(plugin: &str) -> anyhow::Result<String> {
    let (name, version) = plugin
        .split_once('@')
        .filter(|(name, version)| !name.is_empty() && !version.is_empty())
        .with_context(|| format!("'{plugin}' must be NAME@VERSION, such as media-probe@1.0.0"))?;
    Ok(format!("/plugins/{}/{}", segment(name), segment(version)))
}
