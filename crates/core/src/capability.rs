//! What a plugin can ask for, and a hook can grant.

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// Something that a plugin needs and a hook has to grant.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Read the directory of the segment.
    SegmentRead,
    /// Write to the directory of the segment.
    SegmentWrite,
    /// Directories that the hook's config names.
    Directories,
    /// Outgoing HTTP to hosts that the hook's config names.
    Http,
    /// Environment values that the hook's config names.
    Environment,
    /// Secrets that the hook's config names, shown to the plugin.
    Secrets,
}

impl Capability {
    /// The name used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SegmentRead => "segment_read",
            Self::SegmentWrite => "segment_write",
            Self::Directories => "directories",
            Self::Http => "http",
            Self::Environment => "environment",
            Self::Secrets => "secrets",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
