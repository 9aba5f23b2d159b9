//! The keys of stored secrets. They come from the environment alone: a flag can be
//! read by every user of the machine.

use super::environment::Variables;
use super::{SettingsError, Source, Sourced};
use anyhow::Context as _;
use stagehook_core::secret::SecretKey;
use stagehook_runners::SecretKeys;
use std::path::{Path, PathBuf};

const KEY: &str = "STAGEHOOK_SECRETS_KEY";
const KEY_FILE: &str = "STAGEHOOK_SECRETS_KEY_FILE";
const OLD_KEY: &str = "STAGEHOOK_SECRETS_OLD_KEY";

/// The key that encrypts.
#[derive(Debug)]
enum Current {
    Given(SecretKey),
    /// In this file, which may not be there yet.
    File(Sourced<PathBuf>),
}

/// Which keys, or where they are.
#[derive(Debug)]
pub(crate) struct KeySettings {
    current: Current,
    old: Vec<SecretKey>,
}

impl KeySettings {
    pub(super) fn read(
        variables: &Variables,
        data_dir: &Path,
        here: &Path,
    ) -> Result<Self, SettingsError> {
        let given = variables.text(KEY)?;
        let current = match (given, variables.path(KEY_FILE)) {
            (Some(_), Some(_)) => {
                return Err(SettingsError::Variable {
                    name: KEY,
                    detail: format!("is set, and so is {KEY_FILE}: one of them is enough"),
                });
            }
            (Some(key), None) => Current::Given(parsed(KEY, &key)?),
            (None, Some(path)) => Current::File(Sourced {
                value: here.join(path),
                source: Source::Variable(KEY_FILE),
            }),
            (None, None) => Current::File(Sourced {
                value: data_dir.join("secrets.key"),
                source: Source::Default,
            }),
        };
        let old = variables.text(OLD_KEY)?.unwrap_or_default();
        let old = old.split(',').map(str::trim).filter(|key| !key.is_empty());
        Ok(Self {
            current,
            old: old
                .map(|key| parsed(OLD_KEY, key))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The keys themselves.
    pub(crate) fn open(&self) -> anyhow::Result<SecretKeys> {
        let keys = match &self.current {
            Current::Given(key) => SecretKeys::given(key.clone()),
            Current::File(file) => SecretKeys::in_file(file.value.clone())
                .with_context(|| format!("secrets cannot be kept ({})", file.source))?,
        };
        Ok(keys.with_old(self.old.clone()))
    }

    /// The setting as value and source, without a key.
    pub(super) fn shown(&self) -> (String, String) {
        match &self.current {
            Current::Given(key) => {
                let source = Source::Variable(KEY).to_string();
                (format!("(set, {})", key.id()), source)
            }
            Current::File(file) => (file.value.display().to_string(), file.source.to_string()),
        }
    }
}

fn parsed(name: &'static str, text: &str) -> Result<SecretKey, SettingsError> {
    text.parse()
        .map_err(
            |error: stagehook_core::secret::InvalidSecretKey| SettingsError::Variable {
                name,
                detail: error.to_string(),
            },
        )
}
