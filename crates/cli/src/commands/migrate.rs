//! `stagehook migrate`

use crate::ending::Ending;
use crate::output;
use crate::server::{self, data_dir};
use crate::settings::{Flags, Settings};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    flags: Flags,
}

pub(super) async fn run(args: MigrateArgs) -> anyhow::Result<Ending> {
    let settings = Settings::load(args.flags)?;
    server::logging::start(settings.log_format.value)?;
    // The default database is a file in it.
    data_dir::create(&settings.data_dir.value)?;
    let store = server::open_store(&settings).await?;
    let applied = store.migrate().await;
    store.close().await;
    match applied?.as_slice() {
        [] => output::line("the database has this version's schema")?,
        versions => {
            for version in versions {
                output::line(&format!("applied migration {version}"))?;
            }
        }
    }
    Ok(Ending::Ok)
}
