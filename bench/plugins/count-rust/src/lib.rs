//! Counts the keys of the metadata and the characters of their values.

use stagehook_plugin_sdk::{Failure, Input, Manifest, NoSettings, Outcome, Plugin, export, json};

/// The plugin itself.
#[derive(Debug)]
pub struct Count;

impl Plugin for Count {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
            .description("Counts keys and characters.")
    }

    fn run(input: Input<NoSettings>) -> Result<Outcome, Failure> {
        let metadata = input
            .metadata
            .as_object()
            .ok_or_else(|| Failure::new("the metadata is no object"))?;
        let characters: usize = metadata
            .values()
            .filter_map(|value| value.as_str())
            .map(|text| text.chars().count())
            .sum();
        let keys = metadata.len();
        Ok(Outcome::pass().patch(&json!({"counted": {"keys": keys, "characters": characters}})))
    }
}

export!(Count);
