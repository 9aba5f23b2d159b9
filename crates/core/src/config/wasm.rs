//! Config of wasm hooks.

use super::{Limits, PluginGrants, Retry, delivery};
use crate::delivery::{OrderKey, RateLimit};
use crate::digest::Digest;
use crate::invalid::{Findings, Invalid};
use crate::plugin::PluginName;
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// Which plugin a hook runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PluginRef {
    /// `name@1.2.3`: this version.
    Version(PluginName, Version),
    /// `name@^1.2`: the newest version that fits when the hook is saved; which
    /// one that was is kept beside it ([`PinnedPlugin`]).
    Requirement(PluginName, VersionReq),
    /// `sha256:…`: this component.
    Digest(Digest),
}

/// The text refers to no plugin.
#[derive(Debug, thiserror::Error)]
#[error(
    "must be 'name@version' (such as media-probe@1.0.0), 'name@requirement' (such as \
     media-probe@^1.2) or 'sha256:<digest>'"
)]
pub struct InvalidPluginRef;

impl TryFrom<String> for PluginRef {
    type Error = InvalidPluginRef;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for PluginRef {
    type Err = InvalidPluginRef;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("sha256:") {
            return text.parse().map(Self::Digest).map_err(|_| InvalidPluginRef);
        }
        let (name, version) = text.split_once('@').ok_or(InvalidPluginRef)?;
        let name = name.parse().map_err(|_| InvalidPluginRef)?;
        if let Ok(version) = Version::parse(version) {
            return Ok(Self::Version(name, version));
        }
        VersionReq::parse(version)
            .map(|requirement| Self::Requirement(name, requirement))
            .map_err(|_| InvalidPluginRef)
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
            Self::Requirement(name, requirement) => write!(f, "{name}@{requirement}"),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// The version that a requirement was resolved to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinnedPlugin {
    /// The version.
    #[schema(value_type = String, example = "1.2.3")]
    pub version: Version,
    /// SHA-256 of its component.
    pub digest: Digest,
}

/// Config of a wasm hook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WasmConfig {
    /// The plugin: `name@1.2.3`, `name@^1.2` or `sha256:<digest>`.
    #[schema(value_type = String, example = "media-probe@^1.0")]
    pub plugin: PluginRef,
    /// What `name@^1.2` was resolved to when the hook was saved. Sent back, it
    /// stays as long as it fits; left away, the newest version is found anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<PinnedPlugin>,
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
    /// How deliveries of events are retried; without meaning for a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Attempts at deliveries at once, 1 to 256; 16 by default, and without
    /// meaning for a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 256)]
    pub concurrency: Option<u32>,
    /// How fast deliveries begin, retries counted, whichever server begins them;
    /// without a bound by default. For event hooks alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// What deliveries have in common that are made one after the other, in the
    /// order of their events: `job_id`, or a JSON pointer into the data. For
    /// event hooks alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "/shot/id")]
    pub order_key: Option<OrderKey>,
}

fn is_default_grants(grants: &PluginGrants) -> bool {
    *grants == PluginGrants::default()
}

fn is_default_limits(limits: &Limits) -> bool {
    *limits == Limits::default()
}

impl WasmConfig {
    /// The very version that the hook runs; `None` while a requirement is not
    /// resolved.
    pub fn exact_plugin(&self) -> Option<PluginRef> {
        match &self.plugin {
            PluginRef::Requirement(name, _) => self
                .pinned
                .as_ref()
                .map(|pinned| PluginRef::Version(name.clone(), pinned.version.clone())),
            exact => Some(exact.clone()),
        }
    }

    pub(super) fn checked(self) -> Result<Self, Invalid> {
        let mut findings = Findings::default();
        findings.require(
            self.pinned.is_none() || matches!(self.plugin, PluginRef::Requirement(..)),
            "/pinned",
            "can only be given with a requirement such as name@^1.2: remove it",
        );
        self.grants.check(&mut findings);
        self.limits.check(&mut findings);
        delivery::check(&mut findings, self.retry, self.concurrency, self.rate_limit);
        findings.finish().map(|()| self)
    }
}
