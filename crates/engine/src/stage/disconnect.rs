//! What becomes of a run whose caller goes away before it is answered.

use crate::engine::Engine;
use serde::{Deserialize, Serialize};
use stagehook_core::ids::StageRunId;
use std::convert::Infallible;
use tokio_util::sync::{CancellationToken, DropGuard};
use utoipa::ToSchema;

/// What becomes of a run, or of a test, when the connection of its caller closes
/// before the answer is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnDisconnect {
    /// What runs goes on to its end, and is kept.
    #[default]
    Continue,
    /// It is cancelled.
    Cancel,
}

impl OnDisconnect {
    /// Two ends of one thread: when the first one is dropped, the second is
    /// cancelled. There is no first one where nobody cares.
    pub(crate) fn thread(self) -> (Option<DropGuard>, CancellationToken) {
        let gone = CancellationToken::new();
        let caller = (self == Self::Cancel).then(|| gone.clone().drop_guard());
        (caller, gone)
    }
}

impl Engine {
    /// Cancels a run of this server once its caller is `gone`, on record as if
    /// the caller had asked for it. Never comes back: the run's own end does.
    pub(super) async fn cancel_once(
        &self,
        gone: CancellationToken,
        id: StageRunId,
        caller: &str,
    ) -> Infallible {
        gone.cancelled().await;
        tracing::debug!(stage_run = %id, "the caller went away, and the run goes with it");
        if let Err(error) = self.store.request_cancel(caller, id).await {
            tracing::warn!(stage_run = %id, %error, "who cancelled a stage run could not be recorded");
        }
        self.running.cancel(id);
        std::future::pending().await
    }
}
