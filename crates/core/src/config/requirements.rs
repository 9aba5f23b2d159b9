//! What a Python hook needs beside Python itself.

use super::{ENTRIES_MAX, ScriptPath};
use crate::invalid::Findings;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// One requirement by name and version (PEP 508): no option of an installer, no
/// address, no path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "pillow==11.0")]
pub struct Requirement(String);

/// The text is no requirement by name and version.
#[derive(Debug, thiserror::Error)]
#[error(
    "must be one requirement by name and version, such as 'pillow==11.0' (PEP 508): no option, no address, no path"
)]
pub struct InvalidRequirement;

impl Requirement {
    /// The requirement as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Requirement {
    type Error = InvalidRequirement;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        // A word that begins with '-' would be an option of the installer; an
        // address or a path would have it fetch and run what anybody put there.
        let plain = (1..=256).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && !text.contains(['\n', '\r', '\0', '@', '/', '\\', ':', '#', '$', '{'])
            && !text.split_whitespace().any(|word| word.starts_with('-'));
        if plain {
            Ok(Self(text))
        } else {
            Err(InvalidRequirement)
        }
    }
}

impl From<Requirement> for String {
    fn from(requirement: Requirement) -> Self {
        requirement.0
    }
}

/// What an environment is built from when the hook is saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Requirements {
    /// One by one.
    List(Vec<Requirement>),
    /// A requirements file, relative to a script root; each of its lines is a
    /// requirement, a comment, or empty.
    File(ScriptPath),
}

impl Requirements {
    /// Most requirements of one hook.
    pub const MAX: usize = ENTRIES_MAX;

    /// Whether nothing is required.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::List(list) if list.is_empty())
    }

    pub(super) fn check(&self, findings: &mut Findings) {
        if let Self::List(list) = self {
            findings.require(
                list.len() <= Self::MAX,
                "/requirements",
                format!("must have at most {} entries", Self::MAX),
            );
        }
    }
}

impl Default for Requirements {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

// By hand: an untagged enum would not say which entry is wrong.
impl<'de> Deserialize<'de> for Requirements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrFile;

        impl<'de> Visitor<'de> for ListOrFile {
            type Value = Requirements;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of requirements, or the path of a requirements file")
            }

            fn visit_str<E: Error>(self, path: &str) -> Result<Self::Value, E> {
                ScriptPath::try_from(path.to_owned())
                    .map(Requirements::File)
                    .map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Requirements::List)
            }
        }

        deserializer.deserialize_any(ListOrFile)
    }
}
