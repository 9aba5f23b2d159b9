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
pub use complete::{AfterAttempt, Attempt};
pub use hook::HookDeliveries;
pub(crate) use hook::{cancel_of, enabled_again};
pub use operate::{DeliveryFilter, REPLAY_MAX, Replay, Replayed};
pub use row::Delivery;

use crate::database::{Arg, Connection, Sql};
use crate::error::Result;
use chrono::{DateTime, Utc};
use stagehook_core::ids::{DeliveryId, HookId};
use stagehook_core::scope::ScopeType;
use std::fmt::Write as _;

/// Deliveries that are inserted by one statement; both databases take many more
/// arguments than that needs.
const ROWS_AT_ONCE: usize = 100;

/// Adds deliveries of an event that is being stored, due now.
pub(crate) async fn insert(
    connection: &mut Connection,
    event_seq: i64,
    event_name: &str,
    hooks: impl Iterator<Item = (HookId, ScopeType, Option<String>)>,
    at: DateTime<Utc>,
) -> Result<()> {
    let hooks: Vec<_> = hooks.collect();
    for hooks in hooks.chunks(ROWS_AT_ONCE) {
        let mut sql = "INSERT INTO deliveries (event_seq, event_name, state, attempts, due_at,
                                               created_at, id, hook_id, source, order_key) VALUES "
            .to_owned();
        let mut args: Vec<Arg<'_>> = vec![event_seq.into(), event_name.into(), at.into()];
        for (row, (hook, source, order_key)) in hooks.iter().enumerate() {
            let comma = if row == 0 { "" } else { ", " };
            let first = args.len() + 1;
            // Writing to a String cannot fail.
            let _ = write!(
                sql,
                "{comma}($1, $2, 'pending', 0, $3, $3, ${first}, ${}, ${}, ",
                first + 1,
                first + 2
            );
            args.push(DeliveryId::generate().get().into());
            args.push(hook.get().into());
            args.push(source.as_str().into());
            if let Some(order_key) = order_key {
                args.push(order_key.as_str().into());
                let _ = write!(sql, "${})", first + 3);
            } else {
                sql.push_str("NULL)");
            }
        }
        connection.execute(Sql::Built(sql), &args).await?;
        connection.has_deliveries();
    }
    Ok(())
}
