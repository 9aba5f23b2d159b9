//! `stagehook plugin sign`

use super::{keys, sandbox};
use crate::ending::Ending;
use crate::output;
use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use stagehook_core::digest::Digest;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct SignArgs {
    /// The component (.wasm); the signature is written beside it, as FILE.sig
    file: PathBuf,
    /// The private key, a file that `plugin keygen` made
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &SignArgs) -> anyhow::Result<Ending> {
    let component = sandbox::read_component(&args.file)?;
    let key = keys::read(&args.key)?;
    let digest = Digest::of(&component);
    let signature = keys::sign(&key, &digest);
    let path = keys::beside(&args.file);
    std::fs::write(&path, format!("{signature}\n"))
        .with_context(|| format!("cannot write {}", path.display()))?;
    if args.json {
        output::json(&json!({"digest": digest, "signature": signature, "signature_file": path}))?;
    } else {
        output::line(&format!("{digest}\nsigned in {}", path.display()))?;
    }
    Ok(Ending::Ok)
}
