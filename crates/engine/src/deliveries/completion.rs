//! What attempts came to, committed many at a time.

use super::Place;
use super::attempt::Attempted;
use crate::engine::Engine;
use stagehook_core::ids::{ClaimId, DeliveryId, HookId};
use stagehook_store::{Attempt, ClaimedDelivery, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// Most attempts of one transaction.
const BATCH: usize = 256;
/// Between two tries when the database does not answer.
const PAUSE: Duration = Duration::from_millis(500);

/// A claimed delivery that is not attempted any more.
#[derive(Debug)]
pub(super) struct Ended {
    what: What,
    place: Place,
}

#[derive(Debug)]
enum What {
    Attempted(Box<Attempted>),
    GivenBack(DeliveryId, ClaimId),
}

impl Ended {
    pub(super) fn attempted(attempted: Attempted, place: Place) -> Self {
        Self {
            what: What::Attempted(Box::new(attempted)),
            place,
        }
    }

    pub(super) fn given_back(claimed: &ClaimedDelivery, place: Place) -> Self {
        Self {
            what: What::GivenBack(claimed.delivery.id, claimed.claim),
            place,
        }
    }
}

impl Engine {
    /// Commits what attempts came to, until none can come any more.
    pub(super) async fn complete_deliveries(
        self: Arc<Self>,
        mut endings: mpsc::UnboundedReceiver<Ended>,
        settled: Arc<Notify>,
    ) {
        let mut batch = Vec::new();
        while endings.recv_many(&mut batch, BATCH).await > 0 {
            let mut attempts = Vec::new();
            let mut given_back = Vec::new();
            let mut gone = BTreeSet::new();
            let mut places = Vec::new();
            for ended in batch.drain(..) {
                places.push(ended.place);
                match ended.what {
                    What::GivenBack(delivery, claim) => given_back.push((delivery, claim)),
                    What::Attempted(attempted) => {
                        if attempted.is_gone {
                            gone.insert(attempted.attempt.record.hook_id);
                        }
                        attempts.push(attempted.attempt);
                    }
                }
            }
            if !given_back.is_empty()
                && let Err(error) = self.store.release_deliveries(given_back).await
            {
                // With the lease they are anybody's.
                tracing::warn!(%error, "claimed deliveries could not be given back");
            }
            let failing = self.settle(attempts).await;
            drop(places);
            settled.notify_one();
            for hook in failing {
                self.disable_if_failing(hook, gone.contains(&hook)).await;
            }
        }
    }

    /// Commits attempts, however long that takes, and answers the hooks that had
    /// a delivery exhausted. An attempt that the database refuses is given up, and
    /// with it the claim, so that it is made again: better than to lose the
    /// others.
    async fn settle(&self, attempts: Vec<Attempt>) -> BTreeSet<HookId> {
        let mut failing = BTreeSet::new();
        let mut batches = vec![attempts];
        while let Some(mut batch) = batches.pop() {
            if batch.is_empty() {
                continue;
            }
            match self.store.complete_deliveries(batch.clone()).await {
                Ok(completed) => {
                    failing.extend(completed.failing.into_iter().map(|(hook, _)| hook));
                    let executed = batch.into_iter().filter_map(|attempt| attempt.executed);
                    self.progress().tell_unkept(executed, &completed.unanswered);
                }
                Err(error) if is_passing(&error) => {
                    if self.lease_ends.is_cancelled() {
                        tracing::warn!(%error, "what attempts came to could not be recorded");
                        return failing;
                    }
                    tracing::warn!(%error, "the database does not take what attempts came to, trying again");
                    tokio::time::sleep(PAUSE).await;
                    batches.push(batch);
                }
                Err(error) if batch.len() == 1 => {
                    tracing::error!(delivery = %batch[0].delivery, %error, "what an attempt came to could not be recorded");
                }
                Err(_) => {
                    let rest = batch.split_off(batch.len() / 2);
                    batches.extend([rest, batch]);
                }
            }
        }
        failing
    }

    async fn disable_if_failing(&self, hook: HookId, gone: bool) {
        match self.store.disable_failing_hook(hook, gone).await {
            Ok(true) => tracing::warn!(%hook, "an event hook was disabled: its deliveries fail"),
            Ok(false) => {}
            // The next one that is exhausted tries again.
            Err(error) => tracing::warn!(%hook, %error, "a failing hook could not be disabled"),
        }
    }
}

fn is_passing(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(_))
}
