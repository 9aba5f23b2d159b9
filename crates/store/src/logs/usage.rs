//! What hooks used, execution by execution.

use super::walk::stored_before;
use crate::database::args;
use crate::document::Row;
use crate::error::{Entity, Result};
use crate::store::Store;
use chrono::{DateTime, Utc};
use stagehook_core::execution::Usage;
use stagehook_core::ids::{HookId, LogId};

/// What one execution used.
#[derive(Debug, Clone, PartialEq)]
pub struct Used {
    /// When it began.
    pub executed_at: DateTime<Utc>,
    /// Whether it succeeded.
    pub success: bool,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// What was measured.
    pub usage: Usage,
}

#[derive(sqlx::FromRow)]
struct UsedRow {
    id: i64,
    executed_at: DateTime<Utc>,
    success: bool,
    duration_ms: i64,
    usage_json: String,
}

impl Store {
    /// What the executions of a hook used that began since then, newest first, at
    /// most so many; tests are left out.
    pub async fn used_by_hook(
        &self,
        hook: HookId,
        since: DateTime<Utc>,
        most: usize,
    ) -> Result<Vec<Used>> {
        let mut connection = self.reader().await?;
        let from = stored_before(&mut connection, since).await?.unwrap_or(0);
        let rows: Vec<UsedRow> = connection
            .all(
                "SELECT id, executed_at, success, duration_ms, usage_json
                 FROM hook_execution_logs
                 WHERE hook_id = $1 AND id > $2 AND executed_at >= $3 AND is_test IS FALSE
                 ORDER BY id DESC LIMIT $4",
                args![
                    hook.get(),
                    from,
                    since,
                    i64::try_from(most).unwrap_or(i64::MAX)
                ],
            )
            .await?;
        let used = rows.into_iter().map(|row| {
            let read = Row::new(Entity::Log, LogId::new(row.id));
            Ok(Used {
                executed_at: row.executed_at,
                success: row.success,
                duration_ms: row.duration_ms,
                usage: read.document("usage_json", &row.usage_json)?,
            })
        });
        used.collect()
    }
}
