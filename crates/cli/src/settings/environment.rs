//! The layer that comes from environment variables. An empty variable counts
//! as absent.

use super::keep::{InvalidKeep, Keep};
use super::{Layer, SettingsError};
use clap::ValueEnum;
use stagehook_core::signature::TrustedKey;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

/// The variables that have a value.
pub(super) struct Variables(BTreeMap<OsString, OsString>);

impl Variables {
    pub(super) fn of_this_process() -> Self {
        Self(
            std::env::vars_os()
                .filter(|(_, value)| !value.is_empty())
                .collect(),
        )
    }

    /// What they say about the server.
    pub(super) fn layer(&self) -> Result<Layer, SettingsError> {
        Ok(Layer {
            listen: self.text("STAGEHOOK_LISTEN")?,
            data_dir: self.path("STAGEHOOK_DATA_DIR"),
            database_url: self.text("DATABASE_URL")?,
            scripts_dirs: self.paths("STAGEHOOK_SCRIPTS_DIRS"),
            media_roots: self.paths("STAGEHOOK_MEDIA_ROOTS"),
            sandbox: self.one_of("STAGEHOOK_SANDBOX")?,
            allow_private_network: self.boolean("STAGEHOOK_ALLOW_PRIVATE_NETWORK")?,
            plugin_cache_mib: self.number("STAGEHOOK_PLUGIN_CACHE_MIB")?,
            trusted_keys: self.keys("STAGEHOOK_TRUSTED_KEYS")?,
            require_signed_plugins: self.boolean("STAGEHOOK_REQUIRE_SIGNED_PLUGINS")?,
            keep_events: self.keep("STAGEHOOK_KEEP_EVENTS")?,
            keep_deliveries: self.keep("STAGEHOOK_KEEP_DELIVERIES")?,
            keep_logs: self.keep("STAGEHOOK_KEEP_LOGS")?,
            log_format: self.one_of("STAGEHOOK_LOG_FORMAT")?,
        })
    }

    pub(super) fn config(&self) -> Option<PathBuf> {
        self.path("STAGEHOOK_CONFIG")
    }

    pub(super) fn admin_token(&self) -> Result<Option<String>, SettingsError> {
        const NAME: &str = "STAGEHOOK_ADMIN_TOKEN";
        let Some(token) = self.text(NAME)? else {
            return Ok(None);
        };
        if token.len() <= 256 && token.bytes().all(|b| b.is_ascii_graphic()) {
            return Ok(Some(token));
        }
        Err(SettingsError::Variable {
            name: NAME,
            detail: "must be at most 256 visible ASCII characters without spaces".to_owned(),
        })
    }

    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.get(&OsString::from(name)).map(PathBuf::from)
    }

    fn paths(&self, name: &str) -> Option<Vec<PathBuf>> {
        self.0.get(&OsString::from(name)).map(|value| {
            value
                .as_bytes()
                .split(|b| *b == b':')
                .filter(|path| !path.is_empty())
                .map(|path| PathBuf::from(OsString::from_vec(path.to_vec())))
                .collect()
        })
    }

    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, SettingsError> {
        self.0
            .get(&OsString::from(name))
            .map(|value| {
                value
                    .to_str()
                    .map(str::to_owned)
                    .ok_or_else(|| SettingsError::Variable {
                        name,
                        detail: "is not UTF-8".to_owned(),
                    })
            })
            .transpose()
    }

    fn keys(&self, name: &'static str) -> Result<Option<Vec<TrustedKey>>, SettingsError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let keys = text.split(',').map(str::trim).filter(|key| !key.is_empty());
        let keys: Result<Vec<TrustedKey>, _> = keys.map(str::parse).collect();
        keys.map(Some).map_err(|error| SettingsError::Variable {
            name,
            detail: error.to_string(),
        })
    }

    fn one_of<T: ValueEnum>(&self, name: &'static str) -> Result<Option<T>, SettingsError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        T::from_str(&text, false)
            .map(Some)
            .map_err(|_| SettingsError::Variable {
                name,
                detail: format!("must be one of {}, not '{text}'", values::<T>()),
            })
    }

    fn number(&self, name: &'static str) -> Result<Option<u64>, SettingsError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| SettingsError::Variable {
            name,
            detail: format!("must be a number from 0, not '{text}'"),
        })
    }

    fn keep(&self, name: &'static str) -> Result<Option<Keep>, SettingsError> {
        let keep = self.text(name)?.map(|text| text.parse());
        keep.transpose()
            .map_err(|error: InvalidKeep| SettingsError::Variable {
                name,
                detail: error.to_string(),
            })
    }

    fn boolean(&self, name: &'static str) -> Result<Option<bool>, SettingsError> {
        match self.text(name)?.as_deref() {
            None => Ok(None),
            Some("1" | "true" | "yes" | "on") => Ok(Some(true)),
            Some("0" | "false" | "no" | "off") => Ok(Some(false)),
            Some(other) => Err(SettingsError::Variable {
                name,
                detail: format!("must be true or false, not '{other}'"),
            }),
        }
    }
}

fn values<T: ValueEnum>() -> String {
    let names: Vec<_> = T::value_variants()
        .iter()
        .filter_map(|value| {
            value
                .to_possible_value()
                .map(|value| value.get_name().to_owned())
        })
        .collect();
    names.join(", ")
}
