//! Plugins, kept whole so that every server has them. REQ-WASM-6
//!
//! One component is one version of one plugin: the digest is unique.
//! A version never changes and is never deleted; the database refuses both.
//! What is added to it later are a signature and whether it was yanked.

mod publish;
mod query;
mod row;
mod usable;
mod usage;
mod yank;

pub use publish::NewPlugin;
pub(crate) use usable::require_usable;

use crate::database::{Connection, args};
use crate::error::Result;
use semver::Version;
use stagehook_core::plugin::PluginManifest;

/// A version in the order of its plugin's versions.
#[derive(sqlx::FromRow)]
struct Ordered {
    id: i64,
    version: String,
    yanked: bool,
}

/// Notes which version the catalogue shows, and what it is searched by: the
/// highest release that was not yanked, otherwise the highest pre-release,
/// otherwise, with all of them yanked, the highest.
async fn note_newest(connection: &mut Connection, plugin_id: i64) -> Result<()> {
    let versions: Vec<Ordered> = connection
        .all(
            "SELECT id, version, yanked_at IS NOT NULL AS yanked FROM plugin_versions
             WHERE plugin_id = $1",
            args![plugin_id],
        )
        .await?;
    let newest = versions
        .iter()
        .filter_map(|row| Some((row, Version::parse(&row.version).ok()?)))
        .max_by(|(a, a_version), (b, b_version)| {
            let rank = |row: &Ordered, version: &Version| (!row.yanked, version.pre.is_empty());
            rank(a, a_version)
                .cmp(&rank(b, b_version))
                .then_with(|| a_version.cmp(b_version))
        })
        .map(|(row, _)| row.id);
    let Some(newest) = newest else {
        return Ok(());
    };
    let version = row::by_id(connection, newest).await?;
    let search = search_text(&version.manifest);
    connection
        .execute(
            "UPDATE plugins SET newest_id = $2, search = $3 WHERE id = $1",
            args![plugin_id, newest, search],
        )
        .await?;
    Ok(())
}

/// What a plugin is found by: name, description, hook points, capabilities.
fn search_text(manifest: &PluginManifest) -> String {
    let mut text = format!("{}\n{}", manifest.name, manifest.description);
    for point in &manifest.hook_points {
        text.push('\n');
        text.push_str(point.as_str());
    }
    for capability in &manifest.capabilities {
        text.push('\n');
        text.push_str(capability.as_str());
    }
    text.to_lowercase()
}
