//! Config of wasm hooks.

use super::{Limits, PluginGrants};
use crate::digest::Digest;
use crate::invalid::{Findings, Invalid};
use crate::plugin::PluginName;
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use utoipa::ToSchema;

/// Which plugin a hook runs: exactly one version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PluginRef {
    /// `name@version`
    Version(PluginName, Version),
    /// `sha256:…`
    Digest(Digest),
}

/// The text refers to no plugin.
#[derive(Debug, thiserror::Error)]
#[error("must be 'name@version' (such as media-probe@1.0.0) or 'sha256:<digest>'")]
pub struct InvalidPluginRef;

impl TryFrom<String> for PluginRef {
    type Error = InvalidPluginRef;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.starts_with("sha256:") {
            return text.parse().map(Self::Digest).map_err(|_| InvalidPluginRef);
        }
        let (name, version) = text.split_once('@').ok_or(InvalidPluginRef)?;
        Ok(Self::Version(
            name.parse().map_err(|_| InvalidPluginRef)?,
            Version::parse(version).map_err(|_| InvalidPluginRef)?,
        ))
    }
}

impl From<PluginRef> for String {
    fn from(plugin: PluginRef) -> Self {
        plugin.to_string()
    }
}

impl fmt::Display for PluginRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(name, version) => write!(f, "{name}@{version}"),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// Config of a wasm hook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WasmConfig {
    /// The plugin, pinned: `name@version` or `sha256:<digest>`.
    #[schema(value_type = String, example = "media-probe@1.0.0")]
    pub plugin: PluginRef,
    /// What the plugin is told; the plugin itself checks it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub settings: Map<String, Value>,
    /// What it may touch; nothing by default.
    #[serde(default, skip_serializing_if = "is_default_grants")]
    pub grants: PluginGrants,
    /// How much it may use.
    #[serde(default, skip_serializing_if = "is_default_limits")]
    pub limits: Limits,
}

fn is_default_grants(grants: &PluginGrants) -> bool {
    *grants == PluginGrants::default()
}

fn is_default_limits(limits: &Limits) -> bool {
    *limits == Limits::default()
}

impl WasmConfig {
    pub(super) fn checked(self) -> Result<Self, Invalid> {
        let mut findings = Findings::default();
        self.grants.check(&mut findings);
        self.limits.check(&mut findings);
        findings.finish().map(|()| self)
    }
}
