//! Which hooks name which secrets.

use crate::database::{Connection, args};
use crate::error::Result;
use crate::store::Store;
use stagehook_core::config::{HookConfig, HookType, SecretName};
use stagehook_core::ids::HookId;
use stagehook_core::secret::SecretUse;
use std::collections::BTreeMap;

#[derive(sqlx::FromRow)]
struct ConfigRow {
    id: i64,
    name: String,
    hook_type: String,
    config: String,
}

impl Store {
    /// The hooks that are not deleted and name secrets, disabled ones included,
    /// by the secrets they name.
    pub async fn hooks_by_secret(&self) -> Result<BTreeMap<SecretName, Vec<SecretUse>>> {
        of_hooks(&mut self.reader().await?).await
    }
}

pub(super) async fn of_hooks(
    connection: &mut Connection,
) -> Result<BTreeMap<SecretName, Vec<SecretUse>>> {
    // The text alone may also stand elsewhere: what it finds is read.
    let rows: Vec<ConfigRow> = connection
        .all(
            "SELECT id, name, hook_type, config FROM hooks
             WHERE archived_at IS NULL AND hook_type IN ($1, $2) AND config LIKE $3
             ORDER BY id",
            args![
                HookType::Webhook.as_str(),
                HookType::Wasm.as_str(),
                "%secret%"
            ],
        )
        .await?;
    let mut used: BTreeMap<SecretName, Vec<SecretUse>> = BTreeMap::new();
    for row in rows {
        // What cannot be read cannot run, either.
        let Some(config) = row.config() else { continue };
        let mut names: Vec<_> = config.secrets().into_iter().map(|(_, name)| name).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            used.entry(name.clone()).or_default().push(SecretUse {
                hook_id: HookId::new(row.id),
                hook_name: row.name.clone(),
            });
        }
    }
    Ok(used)
}

impl ConfigRow {
    fn config(&self) -> Option<HookConfig> {
        let hook_type: HookType = self.hook_type.parse().ok()?;
        HookConfig::parse(hook_type, serde_json::from_str(&self.config).ok()?).ok()
    }
}
