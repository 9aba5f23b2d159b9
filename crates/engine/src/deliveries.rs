//! The dispatcher: events on their way to the hooks that answer them.
//! REQ-EVT-6..9
//!
//! ```text
//! store: pending ── claim ──> here: waiting ─> attempt ─> completion ── commit ──> succeeded,
//!            ^                                                                     exhausted
//!            └─────────────────────── next attempt ────────────────────────────┘
//! ```
//!
//! Each hook has a *lane*: so many of its deliveries are attempted at once, and
//! a few more are claimed, so that the next is at hand. A slow receiver fills
//! its own lane and nobody else's. Nothing is attempted within a transaction;
//! what attempts came to is committed many at a time. What is claimed when the
//! server stops is given back, and what is claimed when it dies is taken up
//! again when its lease has ended.

mod attempt;
mod completion;

use crate::engine::Engine;
use crate::error::EngineError;
use chrono::{DateTime, Utc};
use completion::Ended;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use stagehook_core::hook::Hook;
use stagehook_core::ids::HookId;
use stagehook_store::{ClaimedDelivery, DueHook, StoreError};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, mpsc};

/// How often the database is looked at when nothing calls for it: other servers
/// store events, too.
const POLL: Duration = Duration::from_secs(1);
/// How many deliveries a lane claims for each that it may attempt at once.
const CLAIMED_PER_SLOT: u32 = 4;
/// Hooks whose deliveries are claimed at the same time.
const CLAIMS_AT_ONCE: usize = 16;

/// The deliveries of one hook that are here.
#[derive(Debug)]
struct Lane {
    hook: Arc<Hook>,
    /// One place for each that may be attempted at once.
    slots: Arc<Semaphore>,
    /// Most that are claimed.
    most: u32,
    is_probing: bool,
    /// Those that were claimed and are not settled.
    claimed: Arc<AtomicU32>,
}

impl Lane {
    fn new(hook: Hook, is_probing: bool, claimed: Arc<AtomicU32>) -> Self {
        let (at_once, most) = if is_probing {
            (1, 1)
        } else {
            let at_once = hook.spec.config.delivery().concurrency;
            (at_once, at_once.saturating_mul(CLAIMED_PER_SLOT))
        };
        Self {
            hook: Arc::new(hook),
            slots: Arc::new(Semaphore::new(at_once as usize)),
            most,
            is_probing,
            claimed,
        }
    }

    /// How many more it may claim.
    fn room(&self) -> u32 {
        self.most
            .saturating_sub(self.claimed.load(Ordering::Acquire))
    }
}

impl Engine {
    /// Delivers events until the engine stops.
    pub(crate) async fn dispatch(self: Arc<Self>) {
        let (ended, endings) = mpsc::unbounded_channel();
        let settled = Arc::new(Notify::new());
        let completion =
            tokio::spawn(Arc::clone(&self).complete_deliveries(endings, Arc::clone(&settled)));
        let mut lanes: HashMap<HookId, Lane> = HashMap::new();
        while !self.stopping.is_cancelled() {
            let wake_at = match self.round(&mut lanes, &ended).await {
                Ok(wake_at) => wake_at,
                Err(error) => {
                    tracing::warn!(%error, "deliveries could not be claimed, trying again");
                    None
                }
            };
            let now = self.settings.clock.now();
            let until_due = wake_at.and_then(|due| (due - now).to_std().ok());
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = self.store.deliveries_left() => {}
                () = settled.notified() => {}
                () = tokio::time::sleep(until_due.unwrap_or(POLL).min(POLL)) => {}
            }
        }
        // What is being attempted has its grace; see `Engine::shutdown`.
        drop(ended);
        if let Err(panic) = completion.await {
            tracing::error!(%panic, "the completion of deliveries broke");
        }
    }

    /// Claims what is due as far as there is room, and begins to attempt it.
    /// Answers when the next is due of those that are not yet.
    async fn round(
        self: &Arc<Self>,
        lanes: &mut HashMap<HookId, Lane>,
        ended: &mpsc::UnboundedSender<Ended>,
    ) -> Result<Option<DateTime<Utc>>, EngineError> {
        let now = self.settings.clock.now();
        let mut wake_at: Option<DateTime<Utc>> = None;
        let mut wanted = Vec::new();
        for due in self.store.due_hooks().await? {
            if due.due_at > now {
                wake_at = Some(wake_at.map_or(due.due_at, |first| first.min(due.due_at)));
                continue;
            }
            let Some(room) = self.room(lanes, due).await? else {
                continue;
            };
            wanted.push((due.id, room));
        }
        let mut wanted = wanted.into_iter();
        let mut claims = FuturesUnordered::new();
        let claim = |(hook, room)| async move {
            let claimed = self
                .store
                .claim_deliveries(hook, self.settings.node, now, room)
                .await;
            (hook, claimed)
        };
        claims.extend(wanted.by_ref().take(CLAIMS_AT_ONCE).map(claim));
        while let Some((hook, claimed)) = claims.next().await {
            if let (Some(lane), Ok(claimed)) = (lanes.get(&hook), &claimed) {
                for delivery in claimed {
                    self.begin(lane, delivery.clone(), ended.clone());
                }
            }
            claimed?;
            claims.extend(wanted.next().map(claim));
        }
        Ok(wake_at)
    }

    /// How many deliveries a hook may be given now; none if it has enough.
    async fn room(
        &self,
        lanes: &mut HashMap<HookId, Lane>,
        due: DueHook,
    ) -> Result<Option<u32>, EngineError> {
        let known = lanes.get(&due.id);
        let is_current =
            |lane: &Lane| lane.hook.version == due.version && lane.is_probing == due.is_probing;
        if !known.is_some_and(is_current) {
            let hook = match self.store.get_hook(due.id).await {
                Ok(hook) => hook,
                // It was deleted in this moment.
                Err(StoreError::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            // What was begun as it was before still has its places.
            let claimed = known
                .map(|lane| Arc::clone(&lane.claimed))
                .unwrap_or_default();
            lanes.insert(due.id, Lane::new(hook, due.is_probing, claimed));
        }
        let room = lanes.get(&due.id).map_or(0, Lane::room);
        Ok((room > 0).then_some(room))
    }

    /// Has a delivery attempted when its lane has a place for it.
    fn begin(
        self: &Arc<Self>,
        lane: &Lane,
        claimed: ClaimedDelivery,
        ended: mpsc::UnboundedSender<Ended>,
    ) {
        lane.claimed.fetch_add(1, Ordering::AcqRel);
        let engine = Arc::clone(self);
        let hook = Arc::clone(&lane.hook);
        let slots = Arc::clone(&lane.slots);
        let place = Place(Arc::clone(&lane.claimed));
        self.attempts.spawn(async move {
            let turn = tokio::select! {
                biased;
                () = engine.stopping.cancelled() => None,
                turn = slots.acquire_owned() => turn.ok(),
            };
            let message = match turn {
                Some(turn) => {
                    let attempt = engine.attempt(&hook, claimed).await;
                    drop(turn);
                    Ended::attempted(attempt, place)
                }
                None => Ended::given_back(&claimed, place),
            };
            // The completion outlives every attempt.
            let _ = ended.send(message);
        });
    }
}

/// A delivery's place in its lane; given up when this is dropped.
#[derive(Debug)]
struct Place(Arc<AtomicU32>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
