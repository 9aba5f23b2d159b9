//! What is called, and with what.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

pub(crate) const PAYLOADS: [(&str, usize); 3] =
    [("100 B", 100), ("10 KB", 10_000), ("1 MB", 1_000_000)];
pub(crate) const LANGUAGES: [Language; 3] =
    [Language::Rust, Language::JavaScript, Language::Python];

/// What a plugin of `bench/plugins/` is written in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Language {
    Rust,
    JavaScript,
    Python,
}

impl Language {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
        }
    }

    pub(crate) fn component(self) -> Result<bytes::Bytes> {
        let name = match self {
            Self::Rust => "count_rust",
            Self::JavaScript => "count_js",
            Self::Python => "count_python",
        };
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target"),
            PathBuf::from,
        );
        let path = target.join(format!("bench-plugins/{name}.wasm"));
        let component = std::fs::read(&path)
            .with_context(|| format!("cannot read {}: run bench/plugins/build", path.display()))?;
        Ok(component.into())
    }
}

/// Metadata of about a size.
pub(crate) struct Scenario {
    pub(crate) metadata: Map<String, Value>,
    pub(crate) json: String,
}

impl Scenario {
    pub(crate) fn new(bytes: usize) -> Result<Self> {
        let mut metadata = Map::new();
        let mut length = 2;
        while length < bytes {
            let key = format!("key_{:05}", metadata.len());
            length += key.len() + 47;
            metadata.insert(key, json!("a value of some length, as metadata has"));
        }
        Ok(Self {
            json: serde_json::to_string(&metadata)?,
            metadata,
        })
    }
}
