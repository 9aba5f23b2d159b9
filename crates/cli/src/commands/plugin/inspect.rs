//! `stagehook plugin inspect`

use super::{report, sandbox};
use crate::ending::Ending;
use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// The component (.wasm)
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &InspectArgs) -> anyhow::Result<Ending> {
    let component = sandbox::read_component(&args.file)?;
    report(&args.file, component, args.json).await
}

/// Looks at a component as a server does that it is sent to, compiling it in a
/// child process with limits, and shows what was found.
pub(super) async fn report(
    file: &Path,
    component: Vec<u8>,
    as_json: bool,
) -> anyhow::Result<Ending> {
    let found = inspect(component).await?;
    report::show(&file.display().to_string(), &found, as_json)
}

/// What a server answers to `POST /plugins/validate`, but for the signature,
/// which is a matter of the server's keys.
async fn inspect(component: Vec<u8>) -> anyhow::Result<Value> {
    let runner = sandbox::runner(&[], false, 1, [])?;
    let found = runner
        .report(component.into())
        .await
        .context("the component could not be looked at")?;
    let imports: Vec<_> = found
        .imports
        .iter()
        .map(|import| {
            json!({
                "import": import.import,
                "capability": import.capability,
                "declared": import.declared,
                "problem": import.problem,
            })
        })
        .collect();
    let problems: Vec<_> = found
        .rejections
        .iter()
        .map(|rejection| json!({"rule": rejection.rule, "detail": rejection.detail}))
        .collect();
    Ok(json!({
        "valid": problems.is_empty(),
        "digest": found.digest,
        "size_bytes": found.size_bytes,
        "manifest": found.manifest,
        "imports": imports,
        "problems": problems,
    }))
}
