//! Putting the hooks of one trigger and scope into an order.

use super::change::{Changed, lock};
use super::row::{HookRow, hook_columns, read};
use crate::database::{Connection, args};
use crate::error::{OrderError, Result};
use crate::store::Store;
use chrono::{DateTime, Utc};
use stagehook_core::hook::Hook;
use stagehook_core::ids::HookId;
use stagehook_core::trigger::HookPoint;
use std::collections::HashSet;

/// The distance between neighbours, so that one can be put between them.
const STEP: i64 = 10;

/// The hooks that share the trigger and the scope of this one.
async fn neighbours(connection: &mut Connection, of: &Hook) -> Result<Vec<Hook>> {
    let rows: Vec<HookRow> = connection
        .all(
            concat!(
                "SELECT ",
                hook_columns!(),
                " FROM hooks
                 WHERE archived_at IS NULL
                   AND COALESCE(hook_point, '') = $1 AND COALESCE(event, '') = $2
                   AND scope_type = $3 AND COALESCE(scope_id, 0) = $4
                 ORDER BY id"
            ),
            args![
                of.spec.trigger.hook_point().map_or("", HookPoint::as_str),
                of.spec.trigger.event().map_or("", |event| event.as_str()),
                of.spec.scope.scope_type().as_str(),
                of.spec.scope.scope_id().unwrap_or(0)
            ],
        )
        .await?;
    rows.into_iter().map(Hook::try_from).collect()
}

/// Checks that the ids name each of the neighbours once.
fn check(ids: &[HookId], neighbours: &[Hook]) -> Result<(), OrderError> {
    let mut named = HashSet::new();
    for id in ids {
        if !named.insert(*id) {
            return Err(OrderError::Repeated(*id));
        }
        if !neighbours.iter().any(|hook| hook.id == *id) {
            return Err(OrderError::Foreign(*id));
        }
    }
    match neighbours.iter().find(|hook| !named.contains(&hook.id)) {
        Some(missing) => Err(OrderError::Missing(missing.id)),
        None => Ok(()),
    }
}

async fn put(
    connection: &mut Connection,
    actor: &str,
    before: &Hook,
    sort_order: i64,
    at: DateTime<Utc>,
) -> Result<Hook> {
    connection
        .execute(
            "UPDATE hooks SET sort_order = $2, version = version + 1 WHERE id = $1",
            args![before.id.get(), sort_order],
        )
        .await?;
    let hook = read(connection, before.id).await?;
    Changed::Reordered
        .record(connection, actor, Some(before), &hook, at)
        .await?;
    Ok(hook)
}

impl Store {
    /// Gives all hooks of one trigger and scope the sort orders 10, 20, … in
    /// this order, and answers them so. Only a hook whose sort order changes
    /// gets a new version.
    ///
    /// # Errors
    /// [`StoreError::Order`](crate::StoreError::Order) unless each hook of the
    /// trigger and scope is named once, and no other;
    /// [`StoreError::NotFound`](crate::StoreError::NotFound).
    pub async fn order_hooks(&self, actor: &str, ids: &[HookId]) -> Result<Vec<Hook>> {
        let (actor, ids, at) = (actor.to_owned(), ids.to_vec(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                let first = *ids.first().ok_or(OrderError::Empty)?;
                lock(connection).await?;
                let first = read(connection, first).await?;
                // A hook that does not exist is another mistake than one of
                // another trigger.
                for id in &ids {
                    read(connection, *id).await?;
                }
                let neighbours = neighbours(connection, &first).await?;
                check(&ids, &neighbours)?;
                let mut ordered = Vec::with_capacity(ids.len());
                let mut sort_order = 0;
                for id in ids {
                    sort_order += STEP;
                    let Some(hook) = neighbours.iter().find(|hook| hook.id == id) else {
                        return Err(OrderError::Foreign(id).into());
                    };
                    ordered.push(if hook.spec.sort_order == sort_order {
                        hook.clone()
                    } else {
                        put(connection, &actor, hook, sort_order, at).await?
                    });
                }
                Ok(ordered)
            })
        })
        .await
    }
}
