//! `stagehook plugin keygen`

use super::keys;
use crate::ending::Ending;
use crate::output;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct KeygenArgs {
    /// Where to write the private key; never over a file that exists
    #[arg(long, value_name = "FILE", default_value = "stagehook-signing-key.pem")]
    out: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &KeygenArgs) -> anyhow::Result<Ending> {
    let key = keys::generate()?;
    keys::store(&key, &args.out)?;
    let public = STANDARD.encode(key.verifying_key().as_bytes());
    if args.json {
        output::json(&json!({"private_key_file": args.out, "public_key": public}))?;
        return Ok(Ending::Ok);
    }
    output::line(&format!(
        "private key  {} (keep it secret, and keep a copy: it cannot be made again)\n\
         public key   {public}\n\n\
         A server takes what this key signed when it is started with\n  \
         stagehook serve --trusted-key NAME={public}",
        args.out.display()
    ))?;
    Ok(Ending::Ok)
}
