//! Leases: how servers know which of them are alive, and take over the runs
//! of those that are not. REQ-RUN-6

use super::row::{StageRunRow, stage_run_columns};
use crate::database::args;
use crate::error::Result;
use crate::store::Store;
use chrono::{DateTime, Utc};
use stagehook_core::ids::{NodeId, StageRunId};
use stagehook_core::stage_run::StageRun;

impl Store {
    /// Says that a server is alive until then, unless it says so again.
    pub async fn renew_lease(&self, node: NodeId, until: DateTime<Utc>) -> Result<()> {
        self.write_one(move |connection| {
            Box::pin(async move {
                connection
                    .execute(
                        "INSERT INTO nodes (id, lease_expires_at) VALUES ($1, $2)
                         ON CONFLICT (id) DO UPDATE SET lease_expires_at = excluded.lease_expires_at",
                        args![node.get(), until],
                    )
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// The running stage runs of other servers whose lease has expired or that
    /// never had one, oldest first. With `own`, also those of `node` itself:
    /// at its start, before it runs anything, these are what it was running
    /// when it stopped.
    pub async fn abandoned_runs(
        &self,
        node: NodeId,
        now: DateTime<Utc>,
        own: bool,
        limit: u32,
    ) -> Result<Vec<StageRun>> {
        let rows: Vec<StageRunRow> = self
            .reader()
            .await?
            .all(
                concat!(
                    "SELECT ",
                    stage_run_columns!(),
                    " FROM stage_runs r LEFT JOIN nodes n ON n.id = r.owner
                     WHERE r.status = 'running'
                       AND ((r.owner <> $1 AND (n.id IS NULL OR n.lease_expires_at <= $2))
                            OR ($3 AND r.owner = $1))
                     ORDER BY r.seq LIMIT $4"
                ),
                args![node.get(), now, own, i64::from(limit)],
            )
            .await?;
        rows.into_iter().map(StageRun::try_from).collect()
    }

    /// Takes a running stage run over from another server. Answers whether it
    /// did: of several that try at once, one succeeds.
    pub async fn adopt_stage_run(
        &self,
        id: StageRunId,
        from_owner: NodeId,
        to_owner: NodeId,
    ) -> Result<bool> {
        self.write_one(move |connection| {
            Box::pin(async move {
                let adopted = connection
                    .execute(
                        "UPDATE stage_runs SET owner = $3
                         WHERE id = $1 AND owner = $2 AND status = 'running'",
                        args![id.get(), from_owner.get(), to_owner.get()],
                    )
                    .await?;
                Ok(adopted == 1)
            })
        })
        .await
    }
}
