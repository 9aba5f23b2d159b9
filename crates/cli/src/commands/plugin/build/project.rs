//! Finds out what is in a directory.

use crate::commands::plugin::language::Language;
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Which file tells which language.
const MARKS: [(&str, Language); 3] = [
    ("Cargo.toml", Language::Rust),
    ("package.json", Language::TypeScript),
    ("pyproject.toml", Language::Python),
];

/// A plugin's directory.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) directory: PathBuf,
    pub(super) language: Language,
    /// Its name, as the file that tells the language has it.
    pub(super) name: String,
    /// That file.
    pub(super) document: Value,
}

impl Project {
    pub(super) fn find(directory: &Path) -> anyhow::Result<Self> {
        let found: Vec<_> = MARKS
            .iter()
            .filter(|(file, _)| directory.join(file).is_file())
            .collect();
        let (file, language) = match found.as_slice() {
            [one] => **one,
            [] if directory.is_dir() => bail!(
                "{} is no plugin's directory: it has neither Cargo.toml (Rust) nor package.json \
                 (TypeScript) nor pyproject.toml (Python). Make one with `stagehook plugin new`",
                directory.display()
            ),
            [] => bail!("there is no directory {}", directory.display()),
            several => bail!(
                "{} could be several things: it has {}. Keep one of them",
                directory.display(),
                several
                    .iter()
                    .map(|(file, _)| *file)
                    .collect::<Vec<_>>()
                    .join(" and ")
            ),
        };
        let path = directory.join(file);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let document: Value = match language {
            Language::TypeScript => serde_json::from_str(&text).map_err(anyhow::Error::from),
            Language::Rust | Language::Python => toml::from_str(&text).map_err(anyhow::Error::from),
        }
        .with_context(|| format!("{} cannot be understood", path.display()))?;
        let pointer = match language {
            Language::Rust => "/package/name",
            Language::TypeScript => "/name",
            Language::Python => "/project/name",
        };
        let name = document
            .pointer(pointer)
            .and_then(Value::as_str)
            // It becomes the name of a file.
            .filter(|name| !name.is_empty() && !name.contains(['/', '\\', '\0']))
            .with_context(|| {
                let key = pointer.trim_start_matches('/').replace('/', ".");
                format!(
                    "{} has no {key}, after which the component is named",
                    path.display()
                )
            })?
            .to_owned();
        Ok(Self {
            directory: directory.to_owned(),
            language,
            name,
            document,
        })
    }
}
