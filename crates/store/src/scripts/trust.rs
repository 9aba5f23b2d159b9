//! Who may change what runs without a sandbox. REQ-SCR-6
//!
//! An administrator lets a trusted hook run the script that there is. Whoever
//! could change that script, or what it imports, could do all that the server
//! can, so that needs an administrator, too.

use super::ScriptGuard;
use crate::database::{Connection, args, for_share};
use crate::error::{Result, StoreError};
use stagehook_core::config::{HookConfig, HookType, ScriptPath};

#[derive(sqlx::FromRow)]
struct ConfigRow {
    name: String,
    hook_type: String,
    config: String,
}

/// Checks that no trusted hook runs a script of the same folder, unless that is
/// allowed; and none will until the transaction ends.
pub(super) async fn check(
    connection: &mut Connection,
    path: &ScriptPath,
    guard: ScriptGuard,
) -> Result<()> {
    if guard.trusted {
        return Ok(());
    }
    // Who changes hooks takes this row first.
    connection
        .number(
            for_share!("SELECT generation FROM hook_generation WHERE id = $1"),
            args![1_i64],
        )
        .await?;
    // The text alone may also stand elsewhere: what it finds is read.
    let rows: Vec<ConfigRow> = connection
        .all(
            "SELECT name, hook_type, config FROM hooks
             WHERE archived_at IS NULL AND hook_type IN ($1, $2) AND config LIKE $3",
            args![
                HookType::Shell.as_str(),
                HookType::Python.as_str(),
                "%\"trusted\"%"
            ],
        )
        .await?;
    let (folder, _) = path.split();
    match rows.into_iter().find(|row| row.runs_unconfined(folder)) {
        Some(row) => Err(StoreError::ScriptTrusted {
            path: path.clone(),
            hook: row.name,
        }),
        None => Ok(()),
    }
}

impl ConfigRow {
    /// Whether it runs a script of this folder without a sandbox.
    fn runs_unconfined(&self, folder: &str) -> bool {
        let config = || {
            let hook_type: HookType = self.hook_type.parse().ok()?;
            HookConfig::parse(hook_type, serde_json::from_str(&self.config).ok()?).ok()
        };
        // What cannot be read cannot run, either.
        config().is_some_and(|config| {
            let script = config.script_path().map(|path| path.split().0);
            config.is_trusted() && script == Some(folder)
        })
    }
}
