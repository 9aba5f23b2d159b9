//! Scripts that were pushed, with everything that they ever were.
//!
//! What a script says is kept once, by its digest; a version says which path said
//! it, from when on. Neither ever changes or goes away; the database refuses
//! both. A script that is deleted keeps its versions, and goes on counting when
//! it is pushed again.

mod delete;
mod push;
mod query;
mod row;
mod trust;

pub use push::{NewScript, Pushed};

use crate::audit::Change;
use crate::database::Connection;
use crate::document;
use crate::error::{Entity, Result, StoreError};
use chrono::{DateTime, Utc};
use stagehook_core::config::ScriptPath;
use stagehook_core::digest::Digest;
use stagehook_core::script::ScriptVersion;

/// Whether a change may be made, as far as the caller says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScriptGuard {
    /// Only while the newest version says this.
    pub only_if: Option<Digest>,
    /// Also where a trusted hook runs what is changed, without a sandbox.
    pub trusted: bool,
}

impl ScriptGuard {
    /// Checks what the script says now; nothing, where there is none.
    fn check(&self, path: &ScriptPath, current: Option<&ScriptVersion>) -> Result<()> {
        let current = current.map(|version| version.digest);
        if self.only_if.is_none_or(|wanted| current == Some(wanted)) {
            return Ok(());
        }
        Err(StoreError::ScriptChanged {
            path: path.clone(),
            current,
        })
    }
}

/// Puts a change on the audit trail.
async fn record(
    connection: &mut Connection,
    actor: &str,
    action: &'static str,
    before: Option<&ScriptVersion>,
    after: Option<&ScriptVersion>,
    at: DateTime<Utc>,
) -> Result<()> {
    let change = Change {
        actor,
        action,
        subject: Entity::Script,
        at,
    };
    let Some(path) = after.or(before).map(|version| &version.path) else {
        return Ok(());
    };
    let before = before.map(document::write).transpose()?;
    let after = after.map(document::write).transpose()?;
    change.record(connection, path, before, after).await
}
