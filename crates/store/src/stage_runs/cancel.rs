//! Asking for the end of a stage run, wherever it runs. REQ-RUN-9

use crate::audit::Change;
use crate::database::{args, for_update};
use crate::document::Row;
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use stagehook_core::ids::{NodeId, StageRunId};
use stagehook_core::stage_run::StageRunStatus;
use uuid::Uuid;

impl Store {
    /// Asks the server that runs it to end a stage run. Answers where the run
    /// stood: only one that is [`StageRunStatus::Running`] will be ended.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn request_cancel(&self, actor: &str, id: StageRunId) -> Result<StageRunStatus> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                let row: Option<(String,)> = connection
                    .optional(
                        for_update!("SELECT status FROM stage_runs WHERE id = $1"),
                        args![id.get()],
                    )
                    .await?;
                let (status,) = row.ok_or_else(|| StoreError::not_found(Entity::StageRun, id))?;
                let status = Row::new(Entity::StageRun, id).text("status", &status)?;
                let asked = connection
                    .execute(
                        "UPDATE stage_runs SET cancel_requested_at = $2
                         WHERE id = $1 AND status = 'running' AND cancel_requested_at IS NULL",
                        args![id.get(), at],
                    )
                    .await?;
                if asked == 1 {
                    let change = Change {
                        actor: &actor,
                        action: "stage_run.cancel",
                        subject: Entity::StageRun,
                        at,
                    };
                    change.record(connection, id, None, None).await?;
                }
                Ok(status)
            })
        })
        .await
    }

    /// The running stage runs of a server that somebody wants to end.
    pub async fn cancel_requested(&self, owner: NodeId) -> Result<Vec<StageRunId>> {
        let rows: Vec<(Uuid,)> = self
            .reader()
            .await?
            .all(
                "SELECT id FROM stage_runs
                 WHERE owner = $1 AND status = 'running' AND cancel_requested_at IS NOT NULL
                 ORDER BY seq",
                args![owner.get()],
            )
            .await?;
        Ok(rows.into_iter().map(|(id,)| StageRunId::new(id)).collect())
    }
}
