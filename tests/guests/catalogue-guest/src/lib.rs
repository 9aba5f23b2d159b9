//! A plugin whose manifest tests write into its bytes: one build stands for any
//! number of versions, schemas and hook points.
//!
//! After the marker stands a JSON object, filled up with spaces. Its version is
//! what a run answers.

use serde_json::Value;
use stagehook_plugin_sdk::{Failure, Input, Manifest, Outcome, Plugin, export, json};
use std::collections::BTreeMap;
use std::hint::black_box;

const MARKER: &[u8] = b"catalogue-guest manifest:";
const LENGTH: usize = 2048;

static MANIFEST: [u8; LENGTH] = padded(b"catalogue-guest manifest:{\"version\": \"1.0.0\"}");

const fn padded(text: &[u8]) -> [u8; LENGTH] {
    let mut bytes = [b' '; LENGTH];
    let mut i = 0;
    while i < text.len() {
        bytes[i] = text[i];
        i += 1;
    }
    bytes
}

/// The plugin itself.
#[derive(Debug)]
pub struct CatalogueGuest;

fn written() -> Value {
    // Not what the compiler knows, but what stands there by now.
    let bytes = black_box(&MANIFEST);
    serde_json::from_slice(&bytes[MARKER.len()..]).unwrap_or_default()
}

impl Plugin for CatalogueGuest {
    type Settings = BTreeMap<String, Value>;

    fn manifest() -> Manifest {
        let written = written();
        let text = |key: &str| written[key].as_str().unwrap_or_default().to_owned();
        let name = written["name"].as_str().unwrap_or("catalogue-guest");
        let mut manifest = Manifest::new(name, text("version")).description(text("description"));
        for point in written["hook_points"].as_array().into_iter().flatten() {
            manifest = manifest.hook_point(point.as_str().unwrap_or_default());
        }
        match &written["settings_schema"] {
            Value::Null => manifest.settings_schema(&json!({})),
            schema => manifest.settings_schema(schema),
        }
    }

    fn run(_input: Input<Self::Settings>) -> Result<Outcome, Failure> {
        let version = written()["version"].clone();
        Ok(Outcome::pass().patch(&json!({"ran": version})))
    }
}

export!(CatalogueGuest);
