//! Deliveries that are made one after the other.
//!
//! Of the deliveries of a hook that have the same order key, one may be claimed
//! when no other is running and no earlier one is pending. A claim that comes
//! upon one that may not be *holds* it, so that the next claim does not come upon
//! it again and again, however many wait. Whoever settles
//! the last attempt at a delivery lets the first of its key go.
//!
//! What makes this hold: **the first of a key that is not over is never held.**
//! Only what has an earlier one before it is held, and when the first is over,
//! the next is let go in the same transaction. Both take the hook's lock, for on
//! PostgreSQL neither would see what the other has not committed. An event that
//! is stored meanwhile needs no lock: its deliveries are not held.

use crate::database::{Connection, Sql, args};
use crate::error::Result;
use chrono::{DateTime, Utc};
use stagehook_core::ids::{ClaimId, HookId, NodeId};

/// How many more deliveries a claim looks at than it may take.
const LOOKED_AT: i64 = 1_000;

/// SQLite has one writer, and needs no lock.
const LOCK: Sql = Sql::Differs {
    sqlite: "SELECT $1",
    postgres: "SELECT pg_advisory_xact_lock(hashtextextended('deliveries in order', $1))",
};

/// The deliveries that a claim looks at.
macro_rules! candidates {
    () => {
        "(SELECT seq, order_key, event_seq, due_at FROM deliveries
          WHERE state = 'pending' AND held = FALSE AND hook_id = $1 AND due_at <= $2
          ORDER BY due_at LIMIT $3) c "
    };
}

/// Whether there is another of the candidate's key in this state.
macro_rules! exists {
    ($state:literal, $which:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM deliveries o
                     WHERE o.state = '",
            $state,
            "' AND o.hook_id = $1 AND o.order_key = c.order_key",
            $which,
            ")"
        )
    };
}

/// Changes the candidates that this finds. As an array PostgreSQL looks for them
/// once, and not through the whole table.
macro_rules! change {
    ($set:literal, $($which:expr),+ $(,)?) => {
        Sql::Differs {
            sqlite: concat!(
                "UPDATE deliveries SET ", $set, " WHERE state = 'pending' AND held = FALSE
                 AND seq IN (SELECT c.seq FROM ", candidates!(), "WHERE ", $($which),+, ")"
            ),
            postgres: concat!(
                "UPDATE deliveries SET ", $set, " WHERE state = 'pending' AND held = FALSE
                 AND seq = ANY (ARRAY(SELECT c.seq FROM ", candidates!(), "WHERE ", $($which),+, "))"
            ),
        }
    };
}

const HOLD: Sql = change!(
    "held = TRUE",
    exists!("pending", " AND o.event_seq < c.event_seq"),
    " OR ",
    exists!("running", " AND o.event_seq < c.event_seq"),
);

/// A later one may be running: one that was over is being made again, or its
/// event was stored while the later one was claimed.
const CLAIM: Sql = change!(
    "state = 'running', claim = $5, claimed_by = $6",
    "c.order_key IS NULL OR NOT (",
    exists!("pending", " AND o.event_seq < c.event_seq"),
    " OR ",
    exists!("running", ""),
    ") LIMIT $4",
);

/// The first of a key is the first in its index from the key on: asked for like
/// that, PostgreSQL does not look for it among all events, oldest first.
const LET_GO: &str = "UPDATE deliveries SET held = FALSE
     WHERE held = TRUE AND seq = (
         SELECT o.seq FROM (
             SELECT seq, hook_id, order_key FROM deliveries
             WHERE state = 'pending' AND order_key IS NOT NULL
               AND (hook_id, order_key, event_seq) >= ($1, $2, 0)
             ORDER BY hook_id, order_key, event_seq LIMIT 1) o
         WHERE o.hook_id = $1 AND o.order_key = $2)";

/// Keeps everybody else from claiming and settling in order for this hook until
/// the transaction ends. Who locks several does so in the order of their ids.
pub(super) async fn lock(connection: &mut Connection, hook: HookId) -> Result<()> {
    let _: Vec<Locked> = connection.all(LOCK, args![hook.get()]).await?;
    Ok(())
}

/// Nothing is read.
struct Locked;

impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for Locked {
    fn from_row(_: &'r R) -> std::result::Result<Self, sqlx::Error> {
        Ok(Self)
    }
}

/// Claims deliveries of a hook whose lock is held. Answers how many.
pub(super) async fn claim(
    connection: &mut Connection,
    claim: ClaimId,
    hook: HookId,
    node: NodeId,
    now: DateTime<Utc>,
    most: u32,
) -> Result<u64> {
    let looked_at = LOOKED_AT + i64::from(most);
    let args = args![
        hook.get(),
        now,
        looked_at,
        i64::from(most),
        claim.get(),
        node.get()
    ];
    let claimed = connection.execute(CLAIM, args).await?;
    if claimed < u64::from(most) {
        let args = args![hook.get(), now, looked_at];
        if connection.execute(HOLD, args).await? > 0 {
            // Behind those that are held now there may be others.
            connection.leaves_deliveries();
        }
    }
    Ok(claimed)
}

/// One of a key is over: the first that waits is looked at again.
pub(super) async fn let_go(connection: &mut Connection, hook: HookId, key: &str) -> Result<()> {
    if connection.execute(LET_GO, args![hook.get(), key]).await? > 0 {
        connection.leaves_deliveries();
    }
    Ok(())
}
