//! `stagehook plugin publish`

use super::signature::SignatureArgs;
use super::{sandbox, shown};
use crate::client::Connection;
use crate::ending::Ending;
use crate::output;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct PublishArgs {
    /// The component (.wasm)
    file: PathBuf,
    #[command(flatten)]
    signature: SignatureArgs,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(args: PublishArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let component = sandbox::read_component(&args.file)?;
    let signature = args.signature.of(&args.file, &component)?;
    let plugin = client
        .upload(
            "/plugins",
            "application/wasm",
            component,
            &signature.headers(),
        )
        .await
        .map_err(|error| signature.told(error))?;
    if args.connection.json {
        output::json(&plugin)?;
    } else {
        shown::versions(&[plugin])?;
    }
    Ok(Ending::Ok)
}
