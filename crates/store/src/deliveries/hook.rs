//! How an event hook fares, and what holds its deliveries up.

use super::order;
use crate::audit::Change;
use crate::database::{Connection, args};
use crate::document;
use crate::error::{Entity, Result, StoreError};
use crate::events::{self, About};
use crate::hooks::{disable, lock, read};
use crate::store::Store;
use chrono::{DateTime, Utc};
use serde_json::{Map, json};
use stagehook_core::delivery::EXHAUSTED_IN_A_ROW_MAX;
use stagehook_core::event::name;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::hook::Hook;
use stagehook_core::ids::HookId;

/// Who disables a hook that fails.
const ACTOR: &str = "stagehook";

/// How an event hook fares. REQ-EVT-7
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HookDeliveries {
    /// Deliveries that succeeded.
    pub succeeded: u64,
    /// Attempts that did not.
    pub failed_attempts: u64,
    /// Deliveries that no attempt was left for.
    pub exhausted: u64,
    /// Of these, since the last success or since it was enabled.
    pub exhausted_in_a_row: u32,
    /// When the last attempt began.
    pub last_triggered_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub last_status: Option<ExecutionStatus>,
    /// Deliveries wait since then.
    pub paused_at: Option<DateTime<Utc>>,
    /// Why it was disabled, until it is enabled again.
    pub disabled_reason: Option<String>,
    /// It was enabled again after that, and gets one delivery at a time until
    /// one succeeds.
    pub is_probing: bool,
    /// Deliveries that wait.
    pub pending: u64,
}

#[derive(sqlx::FromRow)]
struct StateRow {
    succeeded: i64,
    failed_attempts: i64,
    exhausted: i64,
    exhausted_in_a_row: i64,
    last_triggered_at: Option<DateTime<Utc>>,
    last_status: Option<String>,
    paused_at: Option<DateTime<Utc>>,
    disabled_reason: Option<String>,
    probing: bool,
}

/// Makes sure that the row of a hook is there.
pub(super) async fn ensure(connection: &mut Connection, hook: HookId) -> Result<()> {
    connection
        .execute(
            "INSERT INTO hook_deliveries (hook_id, succeeded, failed_attempts, exhausted,
                                          exhausted_in_a_row, probing)
             VALUES ($1, 0, 0, 0, 0, FALSE) ON CONFLICT (hook_id) DO NOTHING",
            args![hook.get()],
        )
        .await?;
    Ok(())
}

/// A hook that was disabled has been enabled: it begins anew, with one delivery
/// at a time if it had been disabled for its failures.
pub(crate) async fn enabled_again(connection: &mut Connection, hook: HookId) -> Result<()> {
    connection
        .execute(
            "UPDATE hook_deliveries
             SET exhausted_in_a_row = 0, probing = (disabled_reason IS NOT NULL),
                 disabled_reason = NULL
             WHERE hook_id = $1",
            args![hook.get()],
        )
        .await?;
    connection.leaves_deliveries();
    Ok(())
}

/// A hook was deleted: what waits for it never gets there.
pub(crate) async fn cancel_of(
    connection: &mut Connection,
    hook: HookId,
    at: DateTime<Utc>,
) -> Result<()> {
    order::lock(connection, hook).await?;
    connection
        .execute(
            "UPDATE deliveries SET state = 'cancelled', finished_at = $2
             WHERE hook_id = $1 AND state = 'pending'",
            args![hook.get(), at],
        )
        .await?;
    Ok(())
}

impl Store {
    /// How a hook fares; nothing of one that never had a delivery.
    pub async fn hook_deliveries(&self, hook: HookId) -> Result<HookDeliveries> {
        let mut connection = self.reader().await?;
        let row: Option<StateRow> = connection
            .optional(
                "SELECT succeeded, failed_attempts, exhausted, exhausted_in_a_row,
                        last_triggered_at, last_status, paused_at, disabled_reason, probing
                 FROM hook_deliveries WHERE hook_id = $1",
                args![hook.get()],
            )
            .await?;
        let pending = connection
            .number(
                "SELECT COUNT(*) FROM deliveries WHERE hook_id = $1 AND state = 'pending'",
                args![hook.get()],
            )
            .await?;
        let positive = |number: i64| u64::try_from(number).unwrap_or(0);
        let mut deliveries = HookDeliveries {
            pending: positive(pending),
            ..HookDeliveries::default()
        };
        if let Some(row) = row {
            let read = document::Row::new(Entity::Hook, hook);
            deliveries.succeeded = positive(row.succeeded);
            deliveries.failed_attempts = positive(row.failed_attempts);
            deliveries.exhausted = positive(row.exhausted);
            deliveries.exhausted_in_a_row = u32::try_from(row.exhausted_in_a_row).unwrap_or(0);
            deliveries.last_triggered_at = row.last_triggered_at;
            deliveries.last_status = row
                .last_status
                .map(|status| read.text("last_status", &status))
                .transpose()?;
            deliveries.paused_at = row.paused_at;
            deliveries.disabled_reason = row.disabled_reason;
            deliveries.is_probing = row.probing;
        }
        Ok(deliveries)
    }

    /// Holds a hook's deliveries up, or lets them go on. Answers the hook.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn pause_deliveries(&self, actor: &str, id: HookId, pause: bool) -> Result<Hook> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                let hook = read(connection, id).await?;
                ensure(connection, id).await?;
                let changed = connection
                    .execute(
                        "UPDATE hook_deliveries SET paused_at = $2
                         WHERE hook_id = $1 AND (paused_at IS NULL) = $3",
                        args![id.get(), pause.then_some(at), pause],
                    )
                    .await?;
                if changed > 0 {
                    let change = Change {
                        actor: &actor,
                        action: if pause { "hook.pause" } else { "hook.resume" },
                        subject: Entity::Hook,
                        at,
                    };
                    change.record(connection, id, None, None).await?;
                    connection.leaves_deliveries();
                }
                Ok(hook)
            })
        })
        .await
    }

    /// Disables an event hook whose deliveries fail, and says so by an event: if
    /// too many were exhausted in a row, any since it was enabled on probation,
    /// or the receiver said that it is gone for good. Answers whether it was
    /// this call that did.
    pub async fn disable_failing_hook(&self, id: HookId, gone: bool) -> Result<bool> {
        let at = self.now();
        self.write(move |connection| {
            Box::pin(async move {
                lock(connection).await?;
                let hook = match read(connection, id).await {
                    Ok(hook) if hook.spec.enabled => hook,
                    Ok(_) | Err(StoreError::NotFound { .. }) => return Ok(false),
                    Err(error) => return Err(error),
                };
                let Some(reason) = reason(connection, id, gone).await? else {
                    return Ok(false);
                };
                let hook = disable(connection, ACTOR, hook, at).await?;
                connection
                    .execute(
                        "UPDATE hook_deliveries SET disabled_reason = $2, probing = FALSE
                         WHERE hook_id = $1",
                        args![id.get(), &reason],
                    )
                    .await?;
                let mut data = Map::new();
                data.insert("hook_id".to_owned(), json!(hook.id));
                data.insert("name".to_owned(), json!(hook.spec.name));
                data.insert("version".to_owned(), json!(hook.version));
                data.insert("reason".to_owned(), json!(reason));
                let about = About::Scope(hook.spec.scope);
                events::emit(connection, name::HOOK_DISABLED, data, about, at).await?;
                Ok(true)
            })
        })
        .await
    }
}

/// Why the hook is to be disabled, if it is.
async fn reason(connection: &mut Connection, id: HookId, gone: bool) -> Result<Option<String>> {
    if gone {
        ensure(connection, id).await?;
        return Ok(Some(
            "the receiver answered that it is gone for good (410)".to_owned(),
        ));
    }
    let row: Option<(i64, bool)> = connection
        .optional(
            "SELECT exhausted_in_a_row, probing FROM hook_deliveries WHERE hook_id = $1",
            args![id.get()],
        )
        .await?;
    Ok(match row {
        Some((in_a_row, _)) if in_a_row >= i64::from(EXHAUSTED_IN_A_ROW_MAX) => Some(format!(
            "{in_a_row} deliveries in a row failed in every attempt"
        )),
        Some((in_a_row, true)) if in_a_row > 0 => {
            Some("the first delivery after it was enabled again failed in every attempt".to_owned())
        }
        _ => None,
    })
}
