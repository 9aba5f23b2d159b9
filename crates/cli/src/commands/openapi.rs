//! `stagehook openapi`

use crate::ending::Ending;
use crate::output;
use anyhow::Context as _;

/// Prints the document that a server of this version shows; no server is asked.
pub(super) fn run() -> anyhow::Result<Ending> {
    let document = serde_json::to_value(stagehook_api::document())
        .context("the OpenAPI document cannot be written as JSON")?;
    output::json(&document)?;
    Ok(Ending::Ok)
}
