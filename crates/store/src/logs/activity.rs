//! The last executions of many hooks at once.

use crate::database::{Arg, Sql, parameters};
use crate::document::Row;
use crate::error::{Entity, Result};
use crate::store::Store;
use chrono::{DateTime, Utc};
use stagehook_core::activity::{COUNTED_MAX, HookActivity, Run};
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{HookId, LogId};
use std::collections::HashMap;

/// Records of one hook that are read; those of tests among them do not count.
const READ_MAX: usize = COUNTED_MAX + 20;

#[derive(sqlx::FromRow)]
struct RunRow {
    id: i64,
    hook_id: i64,
    status: String,
    duration_ms: i64,
    executed_at: DateTime<Utc>,
}

impl RunRow {
    fn read(&self) -> Result<Run> {
        let id = LogId::new(self.id);
        let status: ExecutionStatus = Row::new(Entity::Log, id).text("status", &self.status)?;
        Ok(Run {
            log_id: id,
            status,
            success: status.is_success(),
            duration_ms: self.duration_ms,
            executed_at: self.executed_at,
        })
    }
}

impl Store {
    /// How these hooks fared lately, in the order in which they are named. Of a
    /// hook with more than 20 tests among its last 120 executions fewer than 100
    /// are counted.
    pub async fn hook_activity(&self, hooks: &[HookId]) -> Result<Vec<HookActivity>> {
        let mut runs: HashMap<HookId, Vec<Run>> = HashMap::with_capacity(hooks.len());
        for row in self.newest_runs(hooks).await? {
            let of_hook = runs.entry(HookId::new(row.hook_id)).or_default();
            of_hook.push(row.read()?);
        }
        let of = |id: &HookId| {
            let newest = runs.get(id).map(Vec::as_slice).unwrap_or_default();
            HookActivity::of(*id, newest)
        };
        Ok(hooks.iter().map(of).collect())
    }

    /// Of each hook newest first.
    async fn newest_runs(&self, hooks: &[HookId]) -> Result<Vec<RunRow>> {
        if hooks.is_empty() {
            return Ok(Vec::new());
        }
        let args: Vec<Arg<'_>> = hooks.iter().map(|id| Arg::from(id.get())).collect();
        let sql = format!(
            "SELECT l.id, l.hook_id, l.status, l.duration_ms, l.executed_at
             FROM hooks h JOIN hook_execution_logs l ON l.hook_id = h.id AND l.id >= COALESCE((
                 SELECT n.id FROM hook_execution_logs n WHERE n.hook_id = h.id
                 ORDER BY n.id DESC LIMIT 1 OFFSET {}), 0)
             WHERE h.id IN {} AND l.is_test IS FALSE
             ORDER BY l.hook_id, l.id DESC",
            READ_MAX - 1,
            parameters(1, args.len())
        );
        self.reader().await?.all(Sql::Built(sql), &args).await
    }
}
