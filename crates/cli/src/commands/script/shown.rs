//! Scripts as these commands show and name them.

use crate::client::segment;
use crate::output;
use serde_json::Value;
use std::io;

/// A path of the API that ends with the path of a script.
pub(super) fn path_of(base: &str, script: &str) -> String {
    let segments: Vec<String> = script.split('/').map(segment).collect();
    format!("{base}/{}", segments.join("/"))
}

/// A table of versions.
pub(super) fn versions(versions: &[Value]) -> io::Result<()> {
    let pointers = [
        "/path",
        "/version",
        "/digest",
        "/size_bytes",
        "/created_by",
        "/created_at",
    ];
    let rows = versions.iter().map(|row| output::row(row, &pointers));
    output::table(
        &["path", "version", "digest", "bytes", "by", "at"],
        rows.collect(),
    )
}
