//! `stagehook plugin validate`

use super::signature::SignatureArgs;
use super::{report, sandbox};
use crate::client::Connection;
use crate::ending::Ending;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    /// The component (.wasm)
    file: PathBuf,
    #[command(flatten)]
    signature: SignatureArgs,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(args: ValidateArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let component = sandbox::read_component(&args.file)?;
    let signature = args.signature.of(&args.file, &component)?;
    let found = client
        .upload(
            "/plugins/validate",
            "application/wasm",
            component,
            &signature.headers(),
        )
        .await?;
    report::show(
        &args.file.display().to_string(),
        &found,
        args.connection.json,
    )
}
