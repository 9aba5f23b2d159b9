//! Tests of hooks while they are at work: under which ids, and on which server.
//! REQ-API-2

use crate::database::args;
use crate::error::{Result, StoreError};
use crate::logs::{args_of, insert_into, parameters};
use crate::store::Store;
use chrono::{DateTime, Utc};
use stagehook_core::ids::{ExecutionId, LogId, NodeId};
use stagehook_core::log::ExecutionRecord;
use uuid::Uuid;

impl Store {
    /// Begins a test under an id, which whoever asks may have chosen: one that no
    /// server makes, so that only tests can have it.
    ///
    /// # Errors
    /// [`StoreError::ExecutionIdUsed`] by a test that is at work or was.
    pub async fn begin_test(&self, id: ExecutionId, owner: NodeId) -> Result<()> {
        let at = self.now();
        self.write(move |connection| {
            Box::pin(async move {
                let used = StoreError::ExecutionIdUsed { id };
                let entered = connection
                    .execute(
                        "INSERT INTO hook_test_runs (execution_id, owner, started_at)
                         VALUES ($1, $2, $3)",
                        args![id.get(), owner.get(), at],
                    )
                    .await;
                if let Err(error) = entered {
                    return Err(if error.is_unique_violation() {
                        used
                    } else {
                        error
                    });
                }
                // Afterwards: one that ended meanwhile is on record by now.
                let (ended,): (i64,) = connection
                    .one(
                        "SELECT COUNT(*) FROM hook_execution_logs
                         WHERE execution_id = $1 AND is_test IS TRUE",
                        args![id.get()],
                    )
                    .await?;
                if ended == 0 { Ok(()) } else { Err(used) }
            })
        })
        .await
    }

    /// Records how a test ended.
    pub async fn end_test(&self, record: &ExecutionRecord) -> Result<LogId> {
        let record = record.clone();
        self.write(move |connection| {
            Box::pin(async move {
                let id = connection
                    .number(
                        concat!(insert_into!(), "VALUES (", parameters!(), ") RETURNING id"),
                        &args_of(&record)?,
                    )
                    .await?;
                connection
                    .execute(
                        "DELETE FROM hook_test_runs WHERE execution_id = $1",
                        args![record.execution_id.get()],
                    )
                    .await?;
                Ok(LogId::new(id))
            })
        })
        .await
    }

    /// The tests that a server has begun, and of which it is not on record how
    /// they ended.
    pub async fn own_tests(&self, owner: NodeId) -> Result<Vec<ExecutionId>> {
        let rows: Vec<(Uuid,)> = self
            .reader()
            .await?
            .all(
                "SELECT execution_id FROM hook_test_runs WHERE owner = $1",
                args![owner.get()],
            )
            .await?;
        Ok(rows.into_iter().map(|(id,)| ExecutionId::new(id)).collect())
    }

    /// Forgets a test of a server, of which nobody can say how it ended. Answers
    /// whether there was one.
    pub async fn abandon_test(&self, id: ExecutionId, owner: NodeId) -> Result<bool> {
        self.write_one(move |connection| {
            Box::pin(async move {
                let forgotten = connection
                    .execute(
                        "DELETE FROM hook_test_runs WHERE execution_id = $1 AND owner = $2",
                        args![id.get(), owner.get()],
                    )
                    .await?;
                Ok(forgotten == 1)
            })
        })
        .await
    }

    /// Asks the server that is at it to end a test. Answers whether there is
    /// such a test, on a server that lives.
    pub async fn request_test_cancel(&self, id: ExecutionId) -> Result<bool> {
        let at = self.now();
        self.write_one(move |connection| {
            Box::pin(async move {
                let asked = connection
                    .execute(
                        "UPDATE hook_test_runs SET cancel_requested_at = $2
                         WHERE execution_id = $1 AND EXISTS (
                             SELECT 1 FROM nodes n
                             WHERE n.id = hook_test_runs.owner AND n.lease_expires_at > $2)",
                        args![id.get(), at],
                    )
                    .await?;
                Ok(asked == 1)
            })
        })
        .await
    }

    /// The tests of a server that somebody wants to end.
    pub async fn test_cancels_requested(&self, owner: NodeId) -> Result<Vec<ExecutionId>> {
        let rows: Vec<(Uuid,)> = self
            .reader()
            .await?
            .all(
                "SELECT execution_id FROM hook_test_runs
                 WHERE owner = $1 AND cancel_requested_at IS NOT NULL",
                args![owner.get()],
            )
            .await?;
        Ok(rows.into_iter().map(|(id,)| ExecutionId::new(id)).collect())
    }

    /// Forgets tests that nobody is at any more: those of servers whose lease has
    /// expired. With `own`, also those of `node` itself: at its start, before it
    /// runs anything, these are what it was at when it stopped. Answers how many
    /// there were.
    pub async fn forget_tests(&self, node: NodeId, own: bool, now: DateTime<Utc>) -> Result<u64> {
        self.write_one(move |connection| {
            Box::pin(async move {
                connection
                    .execute(
                        "DELETE FROM hook_test_runs
                         WHERE ($2 AND owner = $1)
                            OR (owner <> $1 AND NOT EXISTS (
                                SELECT 1 FROM nodes n
                                WHERE n.id = hook_test_runs.owner AND n.lease_expires_at > $3))",
                        args![node.get(), own, now],
                    )
                    .await
            })
        })
        .await
    }
}
