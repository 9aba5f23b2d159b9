//! Taking deliveries to attempt them.

use super::hook::cancel_of;
use super::order;
use super::rate::Rate;
use super::row::{Delivery, DeliveryRow, columns, tables};
use crate::database::{Arg, Connection, Sql, args};
use crate::document::Row;
use crate::error::{Entity, Result};
use crate::events::scope_of;
use crate::store::Store;
use chrono::{DateTime, Utc};
use stagehook_core::delivery::RateLimit;
use stagehook_core::event::Event;
use stagehook_core::ids::{ClaimId, DeliveryId, HookId, JobId, NodeId};
use std::fmt::Write as _;
use uuid::Uuid;

/// A hook that has deliveries waiting, and may get them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueHook {
    /// The hook.
    pub id: HookId,
    /// Its version now.
    pub version: i64,
    /// One delivery at a time, until one succeeds.
    pub is_probing: bool,
    /// Some of its deliveries have an order key, also where the hook asks for none
    /// any more.
    pub in_order: bool,
    /// When the first of its deliveries is due.
    pub due_at: DateTime<Utc>,
}

/// Which deliveries a server wants to attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Those of this hook.
    pub hook: HookId,
    /// At most so many.
    pub most: u32,
    /// No faster than this, whichever server attempts them.
    pub rate_limit: Option<RateLimit>,
    /// Those that have an order key one after the other.
    pub in_order: bool,
}

/// What a server got.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The deliveries, those that were due first before others.
    pub deliveries: Vec<ClaimedDelivery>,
    /// The rate allows no more before then.
    pub next_at: Option<DateTime<Utc>>,
}

/// A delivery that this server may attempt now.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedDelivery {
    /// The delivery.
    pub delivery: Delivery,
    /// What it delivers.
    pub event: Event,
    /// What shows that it is this server's.
    pub claim: ClaimId,
}

#[derive(sqlx::FromRow)]
struct DueRow {
    id: i64,
    version: i64,
    probing: bool,
    in_order: bool,
    due_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct ClaimedRow {
    #[sqlx(flatten)]
    delivery: DeliveryRow,
    data: String,
    job_id: Option<i64>,
    scope_type: Option<String>,
    scope_id: Option<i64>,
    event_at: DateTime<Utc>,
}

/// The hooks that have any pending delivery: the index is asked for the next
/// hook each time, and so a million deliveries of one hook are one step.
macro_rules! waiting {
    () => {
        "WITH RECURSIVE waiting (hook_id) AS (
            SELECT MIN(hook_id) FROM deliveries WHERE state = 'pending'
            UNION ALL
            SELECT (SELECT MIN(d.hook_id) FROM deliveries d
                    WHERE d.state = 'pending' AND d.hook_id > w.hook_id)
            FROM waiting w WHERE w.hook_id IS NOT NULL
        ) "
    };
}

/// Whether a hook has any with a key is asked as the next hook is, above: otherwise
/// PostgreSQL may read all that wait.
const DUE: &str = concat!(
    waiting!(),
    "SELECT * FROM (
        SELECT h.id, h.version, COALESCE(s.probing, FALSE) AS probing,
               COALESCE((SELECT MIN(d.hook_id) FROM deliveries d
                         WHERE d.state = 'pending' AND d.order_key IS NOT NULL
                           AND d.hook_id >= h.id) = h.id, FALSE) AS in_order,
               (SELECT MIN(d.due_at) FROM deliveries d
                WHERE d.state = 'pending' AND d.hook_id = h.id AND d.held = FALSE) AS due_at
        FROM waiting w
        JOIN hooks h ON h.id = w.hook_id
        LEFT JOIN hook_deliveries s ON s.hook_id = h.id
        WHERE h.archived_at IS NULL AND h.enabled = $1 AND s.paused_at IS NULL
    ) due WHERE due_at IS NOT NULL"
);

/// Deleted hooks for which something waits all the same: it was being attempted
/// when the hook was deleted, or its event was stored in that moment.
const DELETED: &str = concat!(
    waiting!(),
    "SELECT h.id FROM waiting w JOIN hooks h ON h.id = w.hook_id WHERE h.archived_at IS NOT NULL
     ORDER BY h.id"
);

macro_rules! claim {
    ($before:literal, $after:literal) => {
        concat!(
            "UPDATE deliveries SET state = 'running', claim = $1, claimed_by = $2
             WHERE seq ",
            $before,
            "SELECT seq FROM deliveries
             WHERE state = 'pending' AND hook_id = $3 AND held = FALSE AND due_at <= $4
             ORDER BY due_at LIMIT $5",
            $after
        )
    };
}

/// Several servers may claim at once; each passes over what another one is at.
/// As an array PostgreSQL looks for them once: a subquery of `IN` it may look at
/// again, pass over what it has claimed, and claim more.
const CLAIM: Sql = Sql::Differs {
    sqlite: claim!("IN (", ")"),
    postgres: claim!("= ANY (ARRAY(", " FOR UPDATE SKIP LOCKED))"),
};

impl Store {
    /// The hooks that have deliveries waiting, are enabled and not paused.
    pub async fn due_hooks(&self) -> Result<Vec<DueHook>> {
        let rows: Vec<DueRow> = self.reader().await?.all(DUE, args![true]).await?;
        let due = |row: DueRow| DueHook {
            id: HookId::new(row.id),
            version: row.version,
            is_probing: row.probing,
            in_order: row.in_order,
            due_at: row.due_at,
        };
        Ok(rows.into_iter().map(due).collect())
    }

    /// Takes deliveries of a hook that are due by `now`, oldest first. They are
    /// this server's until it says how they ended, gives them back, or loses its
    /// lease.
    pub async fn claim_deliveries(
        &self,
        claim: ClaimId,
        node: NodeId,
        now: DateTime<Utc>,
        wanted: Wanted,
    ) -> Result<Claimed> {
        let (rows, next_at): (Vec<ClaimedRow>, _) = self
            .write(move |connection| {
                Box::pin(async move {
                    let (claimed, next_at) = take(connection, claim, node, now, wanted).await?;
                    if claimed == 0 {
                        return Ok((Vec::new(), next_at));
                    }
                    let rows = connection
                        .all(
                            concat!(
                                "SELECT ",
                                columns!(),
                                ", e.data, e.job_id, e.scope_type, e.scope_id,
                                 e.created_at AS event_at",
                                tables!(),
                                "WHERE d.claim = $1 AND d.state = 'running' ORDER BY d.due_at"
                            ),
                            args![claim.get()],
                        )
                        .await?;
                    Ok((rows, next_at))
                })
            })
            .await?;
        let claimed = rows.into_iter().map(|row| row.claimed(claim));
        // One that cannot be read holds up none of the others.
        let read = |claimed: Result<ClaimedDelivery>| {
            claimed
                .inspect_err(|error| tracing::error!(%error, "a delivery could not be read"))
                .ok()
        };
        Ok(Claimed {
            deliveries: claimed.filter_map(read).collect(),
            next_at,
        })
    }

    /// Gives deliveries back that were claimed and not attempted.
    pub async fn release_deliveries(&self, claimed: Vec<(DeliveryId, ClaimId)>) -> Result<()> {
        self.write(move |connection| {
            Box::pin(async move {
                for (id, claim) in claimed {
                    connection
                        .execute(
                            "UPDATE deliveries SET state = 'pending', claim = NULL, claimed_by = NULL
                             WHERE id = $1 AND claim = $2 AND state = 'running'",
                            args![id.get(), claim.get()],
                        )
                        .await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Of these hooks those that may be attempted now, each in this version:
    /// enabled, not paused, not deleted.
    pub async fn deliverable(&self, hooks: &[HookId]) -> Result<Vec<(HookId, i64)>> {
        let mut sql = "SELECT h.id, h.version FROM hooks h
             LEFT JOIN hook_deliveries s ON s.hook_id = h.id
             WHERE h.archived_at IS NULL AND h.enabled = $1 AND s.paused_at IS NULL AND h.id IN ("
            .to_owned();
        let mut args: Vec<Arg<'_>> = vec![true.into()];
        args.extend(hooks.iter().map(|hook| Arg::from(hook.get())));
        parameters_from(&mut sql, 2, hooks.len());
        sql.push(')');
        let rows: Vec<(i64, i64)> = self.reader().await?.all(Sql::Built(sql), &args).await?;
        let hook = |(id, version)| (HookId::new(id), version);
        Ok(rows.into_iter().map(hook).collect())
    }

    /// The claims under which this server has deliveries.
    pub async fn own_claims(&self, node: NodeId) -> Result<Vec<ClaimId>> {
        let rows: Vec<(Uuid,)> = self
            .reader()
            .await?
            .all(
                "SELECT DISTINCT claim FROM deliveries WHERE state = 'running' AND claimed_by = $1",
                args![node.get()],
            )
            .await?;
        Ok(rows
            .into_iter()
            .map(|(claim,)| ClaimId::new(claim))
            .collect())
    }

    /// Makes deliveries pending again that nobody is at: those of other servers
    /// whose lease ended by `now`, and those under these claims of this server.
    /// What still waits for deleted hooks is cancelled. Answers how many are
    /// pending again.
    pub async fn recover_deliveries(
        &self,
        node: NodeId,
        dead: Vec<ClaimId>,
        now: DateTime<Utc>,
    ) -> Result<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let mut sql = "UPDATE deliveries
                     SET state = 'pending', claim = NULL, claimed_by = NULL
                     WHERE state = 'running'
                       AND ((claimed_by <> $2
                             AND NOT EXISTS (SELECT 1 FROM nodes n
                                             WHERE n.id = deliveries.claimed_by
                                               AND n.lease_expires_at > $1))"
                    .to_owned();
                let mut args: Vec<Arg<'_>> = vec![now.into(), node.get().into()];
                if !dead.is_empty() {
                    sql.push_str(" OR claim IN (");
                    parameters_from(&mut sql, 3, dead.len());
                    sql.push(')');
                    args.extend(dead.iter().map(|claim| Arg::from(claim.get())));
                }
                sql.push(')');
                let recovered = connection.execute(Sql::Built(sql), &args).await?;
                if recovered > 0 {
                    connection.leaves_deliveries();
                }
                let deleted: Vec<(i64,)> = connection.all(DELETED, &[]).await?;
                for (hook,) in deleted {
                    cancel_of(connection, HookId::new(hook), now).await?;
                }
                Ok(recovered)
            })
        })
        .await
    }
}

/// Claims deliveries. Answers how many, and when the hook's rate allows the next
/// where it allows none now.
async fn take(
    connection: &mut Connection,
    claim: ClaimId,
    node: NodeId,
    now: DateTime<Utc>,
    wanted: Wanted,
) -> Result<(u64, Option<DateTime<Utc>>)> {
    let Wanted { hook, mut most, .. } = wanted;
    if wanted.in_order {
        order::lock(connection, hook).await?;
    }
    let mut rate = match wanted.rate_limit {
        Some(limit) => Some(Rate::read(connection, hook, limit).await?),
        None => None,
    };
    if let Some(rate) = &mut rate {
        most = most.min(rate.free(now));
    }
    let claimed = if most == 0 {
        0
    } else if wanted.in_order {
        order::claim(connection, claim, hook, node, now, most).await?
    } else {
        let most = i64::from(most);
        let args = args![claim.get(), node.get(), hook.get(), now, most];
        connection.execute(CLAIM, args).await?
    };
    let next_at = match rate {
        Some(rate) => rate.begin(connection, now, claimed).await?,
        None => None,
    };
    Ok((claimed, next_at))
}

/// Writes `$first, …` for so many arguments.
fn parameters_from(sql: &mut String, first: usize, count: usize) {
    for parameter in first..first + count {
        let comma = if parameter == first { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(sql, "{comma}${parameter}");
    }
}

impl ClaimedRow {
    fn claimed(self, claim: ClaimId) -> Result<ClaimedDelivery> {
        let delivery = Delivery::try_from(self.delivery)?;
        let read = Row::new(Entity::Event, delivery.event_id);
        let event = Event {
            id: delivery.event_id,
            event_name: delivery.event_name.clone(),
            data: read.document("data", &self.data)?,
            job_id: self.job_id.map(JobId::new),
            scope: scope_of(&read, self.scope_type.as_deref(), self.scope_id)?,
            created_at: self.event_at,
        };
        Ok(ClaimedDelivery {
            delivery,
            event,
            claim,
        })
    }
}
