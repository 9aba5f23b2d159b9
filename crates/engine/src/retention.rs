//! Deletes what is older than it is to be kept, and sessions that have ended.
//! REQ-OPS-4

use crate::engine::Engine;
use crate::error::EngineError;
use chrono::TimeDelta;
use stagehook_store::Aging;
use std::sync::Arc;
use std::time::Duration;

/// Between two walks at most, and at least.
const BETWEEN_WALKS: (Duration, Duration) = (Duration::from_mins(10), Duration::from_secs(1));
/// Of the shortest time that anything is kept this part passes between two walks.
const PART: u32 = 20;
/// Between two parts of a walk: others write, too.
const PAUSE: Duration = Duration::from_millis(20);

/// How long things are kept; for ever where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Events, with their deliveries.
    pub events: Option<Duration>,
    /// Deliveries that are over.
    pub deliveries: Option<Duration>,
    /// Logs of executions.
    pub logs: Option<Duration>,
}

impl Retention {
    const fn of(&self, what: Aging) -> Option<Duration> {
        match what {
            Aging::Events => self.events,
            Aging::Deliveries => self.deliveries,
            Aging::Logs => self.logs,
        }
    }

    /// How long to wait between two walks.
    fn between_walks(&self) -> Duration {
        let (most, least) = BETWEEN_WALKS;
        let shortest = Aging::ALL.iter().filter_map(|what| self.of(*what)).min();
        shortest.map_or(most, |shortest| (shortest / PART).clamp(least, most))
    }
}

impl Engine {
    /// Deletes what has become old until the engine stops.
    pub(crate) async fn delete_what_is_old(self: Arc<Self>) {
        let between = self.settings.retention.between_walks();
        while !self.stopping.is_cancelled() {
            for what in Aging::ALL {
                if let Some(kept) = self.settings.retention.of(what)
                    && let Err(error) = self.delete_aged(what, kept).await
                {
                    tracing::warn!(%error, "old {} could not be deleted, trying again", what.as_str());
                }
            }
            if let Err(error) = self.store.delete_ended_sessions().await {
                tracing::warn!(%error, "sessions that have ended could not be deleted, trying again");
            }
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = tokio::time::sleep(between) => {}
            }
        }
    }

    async fn delete_aged(&self, what: Aging, kept: Duration) -> Result<(), EngineError> {
        let kept = TimeDelta::from_std(kept).unwrap_or(TimeDelta::MAX);
        let Some(before) = self.settings.clock.now().checked_sub_signed(kept) else {
            return Ok(());
        };
        let mut deleted = 0;
        let mut place = Some(0);
        while let Some(after) = place
            && !self.stopping.is_cancelled()
        {
            let part = self.store.delete_aged(what, before, after).await?;
            self.metrics.deleted(what, part.rows);
            deleted += part.rows;
            place = part.next;
            if place.is_some() {
                tokio::time::sleep(PAUSE).await;
            }
        }
        if deleted > 0 {
            tracing::info!(deleted, %before, "deleted old {}", what.as_str());
        }
        Ok(())
    }
}
