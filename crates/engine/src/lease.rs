//! Shows that this server lives, and looks after those that do not.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::recovery::Whose;
use chrono::TimeDelta;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// How long a publication can be repeated under its key.
const KEYS_KEPT: TimeDelta = TimeDelta::days(7);

impl Engine {
    /// Renews the lease until the engine stops; in between, cancels what was
    /// asked to be cancelled through another server, and closes what was left
    /// behind.
    pub(crate) async fn keep_lease(self: Arc<Self>) {
        let mut recovery_due = 0_u32;
        let mut tick = tokio::time::interval(self.heartbeat());
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.lease_ends.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.beat(recovery_due == 0).await {
                tracing::warn!(%error, "a heartbeat failed, trying again");
            }
            // Looking for the runs of dead servers is the rarer work.
            recovery_due = (recovery_due + 1) % 5;
        }
    }

    async fn beat(&self, recover: bool) -> Result<(), EngineError> {
        self.renew_lease().await?;
        for id in self.store.cancel_requested(self.settings.node).await? {
            self.running.cancel(id);
        }
        for id in self.take_left_behind() {
            self.close_broken(id).await;
        }
        for id in self
            .store
            .test_cancels_requested(self.settings.node)
            .await?
        {
            self.tests.cancel(id);
        }
        if recover {
            let closed = self.recover(Whose::Dead).await?;
            if closed > 0 {
                tracing::warn!(closed, "closed stage runs that a dead server left behind");
            }
            let now = self.settings.clock.now();
            let node = self.settings.node;
            // In this order: a claim that is there was begun before, so one that is
            // not in use then is in nobody's.
            let mut dead = self.store.own_claims(node).await?;
            let live = self.claims.live();
            dead.retain(|claim| !live.contains(claim));
            let recovered = self.store.recover_deliveries(node, dead, now).await?;
            if recovered > 0 {
                tracing::warn!(recovered, "took up deliveries that nobody is at");
            }
            self.store.forget_tests(node, false, now).await?;
            self.abandon_tests().await?;
            self.store.forget_publications(now - KEYS_KEPT).await?;
        }
        Ok(())
    }

    pub(crate) async fn renew_lease(&self) -> Result<(), EngineError> {
        let lease = TimeDelta::from_std(self.settings.lease).unwrap_or(TimeDelta::seconds(15));
        let until = self.settings.clock.now() + lease;
        Ok(self.store.renew_lease(self.settings.node, until).await?)
    }

    fn heartbeat(&self) -> Duration {
        (self.settings.lease / 15).max(Duration::from_millis(50))
    }
}
