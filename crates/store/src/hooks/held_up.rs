//! Event hooks whose deliveries wait, or that were disabled for their failures.

use crate::database::{Arg, Sql, args, parameters};
use crate::error::Result;
use crate::store::Store;
use chrono::{DateTime, Utc};
use stagehook_core::ids::HookId;
use std::collections::HashMap;

/// Most hooks that are named at once.
const NAMED_MAX: i64 = 50;

/// The ids of those hooks, as an index has them.
macro_rules! held_up {
    () => {
        "SELECT d.hook_id FROM hook_deliveries d
         WHERE d.paused_at IS NOT NULL OR d.disabled_reason IS NOT NULL"
    };
}
pub(super) use held_up;

/// Where they and what is known of them come from.
macro_rules! held_up_of {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM hook_deliveries d JOIN hooks h ON h.id = d.hook_id
             WHERE (d.paused_at IS NOT NULL OR d.disabled_reason IS NOT NULL)
               AND h.archived_at IS NULL"
        )
    };
}

/// A hook whose deliveries wait, or that was disabled for its failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldUp {
    /// The hook.
    pub hook_id: HookId,
    /// Its name.
    pub name: String,
    /// Why it was disabled.
    pub disabled_reason: Option<String>,
    /// Since when its deliveries wait.
    pub paused_at: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct HeldUpRow {
    hook_id: i64,
    name: String,
    disabled_reason: Option<String>,
    paused_at: Option<DateTime<Utc>>,
}

impl From<HeldUpRow> for HeldUp {
    fn from(row: HeldUpRow) -> Self {
        Self {
            hook_id: HookId::new(row.hook_id),
            name: row.name,
            disabled_reason: row.disabled_reason,
            paused_at: row.paused_at,
        }
    }
}

impl Store {
    /// The hooks that are held up: how many, and the first of them.
    pub async fn hooks_held_up(&self) -> Result<(i64, Vec<HeldUp>)> {
        let mut connection = self.reader().await?;
        let count = connection.number(held_up_of!("COUNT(*)"), args![]).await?;
        let rows: Vec<HeldUpRow> = connection
            .all(
                concat!(
                    held_up_of!("d.hook_id, h.name, d.disabled_reason, d.paused_at"),
                    " ORDER BY d.hook_id LIMIT $1"
                ),
                args![NAMED_MAX],
            )
            .await?;
        Ok((count, rows.into_iter().map(HeldUp::from).collect()))
    }

    /// Those of these hooks that are held up.
    pub async fn held_up_among(&self, hooks: &[HookId]) -> Result<HashMap<HookId, HeldUp>> {
        if hooks.is_empty() {
            return Ok(HashMap::new());
        }
        let args: Vec<Arg<'_>> = hooks.iter().map(|id| Arg::from(id.get())).collect();
        let sql = format!(
            "{} AND d.hook_id IN {}",
            held_up_of!("d.hook_id, h.name, d.disabled_reason, d.paused_at"),
            parameters(1, args.len())
        );
        let rows: Vec<HeldUpRow> = self.reader().await?.all(Sql::Built(sql), &args).await?;
        let held_up = rows.into_iter().map(HeldUp::from);
        Ok(held_up.map(|held_up| (held_up.hook_id, held_up)).collect())
    }
}
