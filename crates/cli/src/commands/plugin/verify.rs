//! `stagehook plugin verify`

use super::{keys, sandbox};
use crate::ending::Ending;
use crate::output;
use anyhow::bail;
use clap::Args;
use serde_json::json;
use stagehook_core::digest::Digest;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The component (.wasm)
    file: PathBuf,
    /// The public key: BASE64 or NAME=BASE64, or a file with either
    #[arg(long, value_name = "PUBLIC KEY")]
    key: String,
    /// The signature [default: FILE.sig]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &VerifyArgs) -> anyhow::Result<Ending> {
    let component = sandbox::read_component(&args.file)?;
    let key = keys::public(&args.key)?;
    let path = args
        .signature
        .clone()
        .unwrap_or_else(|| keys::beside(&args.file));
    let signature = keys::read_signature(&path)?;
    let digest = Digest::of(&component);
    let verified = key.made(&signature, &digest);
    if args.json {
        output::json(&json!({"digest": digest, "verified": verified}))?;
        return Ok(if verified { Ending::Ok } else { Ending::Error });
    }
    if !verified {
        bail!(
            "{} is no signature by this key of {} ({digest}): the component was changed after it \
             was signed, or another key signed it",
            path.display(),
            args.file.display()
        );
    }
    output::line(&format!("{digest}\nthe signature is good"))?;
    Ok(Ending::Ok)
}
