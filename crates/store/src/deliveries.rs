//! Deliveries: one for each hook that is to answer an event. REQ-EVT-9
//!
//! | what | where |
//! | --- | --- |
//! | which hooks have any that are due, whose they become | `claim` |
//! | which of them are made one after the other, and how fast | `order`, `rate` |
//! | how an attempt ended | `complete` |
//! | how a hook fares, and what holds it up | `hook` |
//! | what people look at and ask for | `operate` |
//!
//! A claim is a random number: only who holds it may say how the attempt ended.
//! A server that is gone loses its claims with its lease, and what it was at is
//! attempted again.

mod claim;
mod complete;
mod hook;
mod operate;
mod order;
mod rate;
mod row;

pub use claim::{Claimed, ClaimedDelivery, DueHook, Wanted};
pub use complete::{AfterAttempt, Attempt, Completed};
pub use hook::HookDeliveries;
pub(crate) use hook::{cancel_of, enabled_again};
pub use operate::{DeliveryFilter, GIVEN_UP_MAX, REPLAY_MAX, Replay, Replayed};
pub use row::Delivery;

use crate::database::{Arg, Connection, Sql, args, batches, parameters};
use crate::error::Result;
use chrono::{DateTime, Utc};
use stagehook_core::ids::{DeliveryId, HookId};
use stagehook_core::scope::ScopeType;

/// Of a delivery that is new.
const COLUMNS: usize = 7;

/// A delivery of an event that is being stored.
pub(crate) struct NewDelivery<'a> {
    pub(crate) event_seq: i64,
    pub(crate) event_name: &'a str,
    pub(crate) hook: HookId,
    /// The level it comes from.
    pub(crate) source: ScopeType,
    pub(crate) order_key: Option<String>,
    /// When it is due, which is now.
    pub(crate) at: DateTime<Utc>,
}

pub(crate) async fn insert(
    connection: &mut Connection,
    deliveries: &[NewDelivery<'_>],
) -> Result<()> {
    for deliveries in batches(deliveries) {
        let mut args: Vec<Arg<'_>> = Vec::with_capacity(deliveries.len() * COLUMNS);
        for new in deliveries {
            args.extend_from_slice(args![
                new.event_seq,
                new.event_name,
                new.at,
                DeliveryId::generate().get(),
                new.hook.get(),
                new.source.as_str(),
                new.order_key.as_deref()
            ]);
        }
        let sql = format!(
            "WITH new (event_seq, event_name, at, id, hook_id, source, order_key) AS (VALUES {})
             INSERT INTO deliveries (event_seq, event_name, due_at, created_at, id, hook_id, source,
                                     order_key, state, attempts)
             SELECT event_seq, event_name, at, at, id, hook_id, source, order_key, 'pending', 0
             FROM new",
            parameters(deliveries.len(), COLUMNS)
        );
        connection.execute(Sql::Built(sql), &args).await?;
        connection.leaves_deliveries();
    }
    Ok(())
}
