//! `stagehook config`

use crate::ending::Ending;
use crate::output;
use crate::settings::{Flags, Settings};
use anyhow::Context as _;
use clap::Args;
use serde_json::{Map, Value, json};
use stagehook_runners::process::{ConfinementLevel, MemoryLimit};

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

/// Where what is no setting comes from.
const TRIED_OUT: &str = "tried out just now";

pub(super) fn run(args: ConfigArgs) -> anyhow::Result<Ending> {
    let settings = Settings::load(args.flags)?;
    let mut shown = settings.shown();
    let memory_limit = MemoryLimit::probe().as_str().to_owned();
    shown.push(("confinement", confinement(&settings)?, TRIED_OUT.to_owned()));
    shown.push(("memory_limit", memory_limit, TRIED_OUT.to_owned()));
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

/// How scripts would be confined here: what the setting comes to.
fn confinement(settings: &Settings) -> anyhow::Result<String> {
    let level = ConfinementLevel::probe(settings.confinement())
        .context("a sandbox cannot be tried out: there is no temporary directory")?;
    Ok(match level {
        ConfinementLevel::Unavailable(why) => format!("unavailable: {why}"),
        level => level.as_str().to_owned(),
    })
}
