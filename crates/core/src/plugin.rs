//! Plugins: WebAssembly components kept by name and version.

use crate::capability::Capability;
use crate::config::PluginRef;
use crate::digest::Digest;
use crate::ids::PluginVersionId;
use crate::signature::PluginSignature;
use crate::trigger::HookPoint;
use chrono::{DateTime, Utc};
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// The name of a plugin: 1 to 64 lower-case letters, digits and `-`, beginning
/// with a letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "media-probe")]
pub struct PluginName(String);

/// The text is no name of a plugin.
#[derive(Debug, thiserror::Error)]
#[error("must be 1 to 64 lower-case letters, digits or '-', beginning with a letter")]
pub struct InvalidPluginName;

impl PluginName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PluginName {
    type Err = InvalidPluginName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let named = (1..=64).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if named {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidPluginName)
        }
    }
}

impl TryFrom<String> for PluginName {
    type Error = InvalidPluginName;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<PluginName> for String {
    fn from(name: PluginName) -> Self {
        name.0
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a plugin says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PluginManifest {
    /// Its name.
    pub name: PluginName,
    /// Its version (semantic versioning).
    #[schema(value_type = String, example = "1.0.0")]
    pub version: Version,
    /// For people.
    pub description: String,
    /// The hook points it is made for; empty for any.
    pub hook_points: Vec<HookPoint>,
    /// The capabilities it asks for.
    pub capabilities: Vec<Capability>,
    /// JSON Schema of its settings.
    #[schema(value_type = Object)]
    pub settings_schema: Value,
}

/// That a version was withdrawn: hooks that run it go on, nothing new gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Yanked {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// Why, for people; may be empty.
    pub reason: String,
}

/// A version of a plugin, without its bytes.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PluginVersion {
    /// Its id.
    pub id: PluginVersionId,
    /// SHA-256 of the component.
    pub digest: Digest,
    /// What it says about itself.
    #[serde(flatten)]
    pub manifest: PluginManifest,
    /// What it imports, as `namespace:package/interface@version`.
    pub imports: Vec<String>,
    /// Size of the component, in bytes.
    pub size_bytes: i64,
    /// Who uploaded it.
    pub uploaded_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// The signature that it came with; `null` when it is not signed.
    pub signature: Option<PluginSignature>,
    /// The name of the trusted key that made the signature.
    pub signed_by: Option<String>,
    /// Whether it was withdrawn; `null` when it was not.
    pub yanked: Option<Yanked>,
}

impl PluginVersion {
    /// `name@version`
    pub fn reference(&self) -> PluginRef {
        PluginRef::Version(self.manifest.name.clone(), self.manifest.version.clone())
    }
}

/// A plugin of the catalogue: the newest version that was not yanked (or, when
/// all were, the newest), and how many there are.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CatalogueEntry {
    /// The version.
    #[serde(flatten)]
    pub newest: PluginVersion,
    /// How many versions there are, yanked ones included.
    pub versions: u32,
}
