//! Scripts that are kept in the store, so that who writes them needs no shell on
//! the server.
//!
//! A script has a path, like one on the disk, and versions, counted from 1. What
//! a version says never changes; a script that was deleted keeps its history, and
//! goes on counting when it comes back.

use crate::config::ScriptPath;
use crate::digest::Digest;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// Largest script, in bytes.
pub const SCRIPT_MAX_BYTES: usize = 1 << 20;
/// Most scripts of one folder: all of them are brought to a hook that runs one.
pub const FOLDER_MAX_SCRIPTS: usize = 100;
/// Most bytes of all scripts of one folder.
pub const FOLDER_MAX_BYTES: usize = 4 << 20;

/// A version of a script, without what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScriptVersion {
    /// Where it is, for hooks: their `script_path`.
    pub path: ScriptPath,
    /// Counted from 1.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What it says.
    pub digest: Digest,
    /// How long that is.
    #[schema(minimum = 0)]
    pub size_bytes: i64,
    /// Who pushed it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
}
