//! Trusted keys: how they are read from a file, shown and checked.

use super::{SettingsError, Sourced};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use stagehook_core::signature::TrustedKey;
use std::collections::BTreeSet;

/// Reads the list of a configuration file.
pub(super) fn listed<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Vec<TrustedKey>>, D::Error> {
    let texts: Option<Vec<String>> = Option::deserialize(from)?;
    let Some(texts) = texts else {
        return Ok(None);
    };
    let keys: Result<Vec<TrustedKey>, _> = texts.iter().map(|text| text.parse()).collect();
    keys.map(Some).map_err(D::Error::custom)
}

/// The keys in one line: public keys are no secrets.
pub(super) fn shown(keys: &[TrustedKey]) -> String {
    let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
    keys.join(",")
}

/// Checks what could only be a mistake.
pub(super) fn check(
    keys: &Sourced<Vec<TrustedKey>>,
    required: &Sourced<bool>,
) -> Result<(), SettingsError> {
    if required.value && keys.value.is_empty() {
        return Err(SettingsError::NoTrustedKey {
            set_by: required.source.clone(),
        });
    }
    let mut names = BTreeSet::new();
    for key in &keys.value {
        if !names.insert(key.name()) {
            return Err(SettingsError::KeyTwice {
                name: key.name().to_owned(),
                set_by: keys.source.clone(),
            });
        }
    }
    Ok(())
}
