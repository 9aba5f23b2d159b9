//! `stagehook config`

use crate::ending::Ending;
use crate::output;
use crate::settings::{Flags, Settings};
use clap::Args;
use serde_json::{Map, Value, json};

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(args: ConfigArgs) -> anyhow::Result<Ending> {
    let shown = Settings::load(args.flags)?.shown();
    if args.json {
        let document: Map<String, Value> = shown
            .into_iter()
            .map(|(name, value, source)| {
                (name.to_owned(), json!({"value": value, "source": source}))
            })
            .collect();
        output::json(&Value::Object(document))?;
    } else {
        let rows = shown
            .into_iter()
            .map(|(name, value, source)| vec![name.to_owned(), value, source])
            .collect();
        output::table(&["setting", "value", "from"], rows)?;
    }
    Ok(Ending::Ok)
}
