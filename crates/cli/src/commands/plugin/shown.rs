//! Plugins as people read them.

use crate::output;
use serde_json::Value;

/// A table of versions of plugins.
pub(super) fn versions(plugins: &[Value]) -> std::io::Result<()> {
    output::table(
        &["name", "version", "size", "digest", "description"],
        plugins
            .iter()
            .map(|plugin| {
                output::row(
                    plugin,
                    &[
                        "/name",
                        "/version",
                        "/size_bytes",
                        "/digest",
                        "/description",
                    ],
                )
            })
            .collect(),
    )
}
