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
//! its own lane and nobody else's; of the turns of what runs on this machine a
//! lane takes a quarter at most. When a hook is changed, paused or gone, what its
//! lane has not begun is given back. Nothing is attempted within a transaction;
//! what attempts came to is committed many at a time. What is claimed when the
//! server stops is given back, and what is claimed when it dies is taken up
//! again when its lease has ended.

mod attempt;
mod claims;
mod completion;

pub(crate) use claims::Claims;

use crate::engine::Engine;
use crate::error::EngineError;
use chrono::{DateTime, Utc};
use claims::Claim;
use completion::Ended;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use stagehook_core::config::HookType;
use stagehook_core::hook::Hook;
use stagehook_core::ids::HookId;
use stagehook_store::{ClaimedDelivery, DueHook, StoreError, Wanted};
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
/// Hooks that one statement looks at.
const LOOKED_AT_ONCE: usize = 500;
/// Of the turns on this machine one lane takes this part.
const LOCAL_PART: usize = 4;

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
    /// The hook's rate allows none before then.
    not_before: Option<DateTime<Utc>>,
}

impl Lane {
    /// `local_most` is how many may run at once of those that run on this
    /// machine.
    fn new(hook: Hook, is_probing: bool, local_most: u32, claimed: Arc<AtomicU32>) -> Self {
        let (at_once, most) = if is_probing {
            (1, 1)
        } else {
            let policy = hook.spec.config.delivery();
            let wanted = policy.concurrency;
            let at_once = match hook.spec.config.hook_type() {
                HookType::Webhook => wanted,
                HookType::Shell | HookType::Python | HookType::Wasm => wanted.min(local_most),
            };
            // What is claimed counts as begun, and so it is to begin.
            let per_slot = match policy.rate_limit {
                Some(_) => 1,
                None => CLAIMED_PER_SLOT,
            };
            (at_once, at_once.saturating_mul(per_slot))
        };
        Self {
            hook: Arc::new(hook),
            slots: Arc::new(Semaphore::new(at_once as usize)),
            most,
            is_probing,
            claimed,
            not_before: None,
        }
    }

    /// How many more it may claim.
    fn room(&self) -> u32 {
        self.most
            .saturating_sub(self.claimed.load(Ordering::Acquire))
    }

    /// What it may claim now. What waited before the hook's order key was taken away
    /// has its order still.
    fn wanted(&self, due: &DueHook) -> Option<Wanted> {
        let most = self.room();
        (most > 0).then(|| Wanted {
            hook: self.hook.id,
            most,
            rate_limit: self.hook.spec.config.delivery().rate_limit,
            in_order: due.in_order || self.hook.spec.config.order_key().is_some(),
        })
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
            // What has become due meanwhile is looked at at once.
            let until_due = wake_at.map(|due| (due - now).to_std().unwrap_or_default());
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
        self.close_lanes(lanes).await?;
        for due in self.store.due_hooks().await? {
            if due.due_at > now {
                wake_at = earlier(wake_at, Some(due.due_at));
                continue;
            }
            let Some(lane) = self.lane(lanes, due).await? else {
                continue;
            };
            match lane.not_before {
                Some(not_before) if not_before > now => wake_at = earlier(wake_at, lane.not_before),
                _ => wanted.extend(lane.wanted(&due)),
            }
        }
        let mut wanted = wanted.into_iter();
        let mut claims = FuturesUnordered::new();
        let claim = |wanted: Wanted| async move {
            let claim = self.claims.begin();
            let node = self.settings.node;
            let claimed = self
                .store
                .claim_deliveries(claim.id, node, now, wanted)
                .await;
            (wanted.hook, claim, claimed)
        };
        let mut failed = Ok(());
        claims.extend(wanted.by_ref().take(CLAIMS_AT_ONCE).map(claim));
        // To the last one: what was claimed is to be attempted.
        while let Some((hook, claim_held, claimed)) = claims.next().await {
            match (lanes.get_mut(&hook), claimed) {
                (Some(lane), Ok(claimed)) => {
                    lane.not_before = claimed.next_at;
                    wake_at = earlier(wake_at, claimed.next_at);
                    for delivery in claimed.deliveries {
                        self.begin(lane, delivery, Arc::clone(&claim_held), ended.clone());
                    }
                }
                (None, Ok(_)) => {}
                (_, Err(error)) => failed = Err(error),
            }
            if failed.is_ok() {
                claims.extend(wanted.next().map(claim));
            }
        }
        failed?;
        Ok(wake_at)
    }

    /// Has the lanes give back what they have not begun whose hooks are not as
    /// they were: changed, disabled, paused, deleted.
    async fn close_lanes(&self, lanes: &mut HashMap<HookId, Lane>) -> Result<(), EngineError> {
        let at_work = |(hook, lane): (&HookId, &Lane)| {
            (lane.claimed.load(Ordering::Acquire) > 0).then_some(*hook)
        };
        let at_work: Vec<HookId> = lanes.iter().filter_map(at_work).collect();
        for hooks in at_work.chunks(LOOKED_AT_ONCE) {
            let deliverable: HashMap<HookId, i64> =
                self.store.deliverable(hooks).await?.into_iter().collect();
            for hook in hooks {
                let version = deliverable.get(hook).copied();
                if let Some(lane) = lanes.get(hook)
                    && version != Some(lane.hook.version)
                {
                    lane.slots.close();
                    lanes.remove(hook);
                }
            }
        }
        Ok(())
    }

    /// The lane of a hook, as the hook is now; none if it cannot be read.
    async fn lane<'a>(
        &self,
        lanes: &'a mut HashMap<HookId, Lane>,
        due: DueHook,
    ) -> Result<Option<&'a Lane>, EngineError> {
        let known = lanes.get(&due.id);
        let is_current =
            |lane: &Lane| lane.hook.version == due.version && lane.is_probing == due.is_probing;
        if !known.is_some_and(is_current) {
            let hook = match self.store.get_hook(due.id).await {
                Ok(hook) => hook,
                // It was deleted in this moment.
                Err(StoreError::NotFound { .. }) => return Ok(None),
                Err(error @ StoreError::Inconsistent { .. }) => {
                    tracing::error!(hook = %due.id, %error, "a hook's deliveries wait: it cannot be read");
                    return Ok(None);
                }
                Err(error) => return Err(error.into()),
            };
            // What was begun as it was before still has its places.
            let claimed = known
                .map(|lane| Arc::clone(&lane.claimed))
                .unwrap_or_default();
            let local = (self.settings.concurrent_events / LOCAL_PART).max(1);
            let local = u32::try_from(local).unwrap_or(u32::MAX);
            let lane = Lane::new(hook, due.is_probing, local, claimed);
            if let Some(before) = lanes.insert(due.id, lane) {
                before.slots.close();
            }
        }
        Ok(lanes.get(&due.id))
    }

    /// Has a delivery attempted when its lane has a place for it, and this machine
    /// a turn.
    fn begin(
        self: &Arc<Self>,
        lane: &Lane,
        delivery: ClaimedDelivery,
        claim: Arc<Claim>,
        ended: mpsc::UnboundedSender<Ended>,
    ) {
        lane.claimed.fetch_add(1, Ordering::AcqRel);
        let engine = Arc::clone(self);
        let hook = Arc::clone(&lane.hook);
        let slots = Arc::clone(&lane.slots);
        let place = Place {
            claimed: Arc::clone(&lane.claimed),
            _claim: claim,
        };
        self.attempts.spawn(async move {
            let turn = async {
                let slot = slots.acquire_owned().await.ok()?;
                // Webhooks wait for others; what runs here takes turns.
                let local = match hook.spec.config.hook_type() {
                    HookType::Webhook => None,
                    HookType::Shell | HookType::Python | HookType::Wasm => {
                        Some(engine.local_work.acquire().await.ok()?)
                    }
                };
                Some((slot, local))
            };
            let turn = tokio::select! {
                biased;
                () = engine.stopping.cancelled() => None,
                turn = turn => turn,
            };
            let message = match turn {
                Some(turn) => {
                    let attempt = engine.attempt(&hook, delivery).await;
                    drop(turn);
                    Ended::attempted(attempt, place)
                }
                None => Ended::given_back(&delivery, place),
            };
            // The completion outlives every attempt.
            let _ = ended.send(message);
        });
    }
}

/// The earlier of two times, as far as there are any.
fn earlier(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    one.into_iter().chain(other).min()
}

/// A delivery's place in its lane, and its claim; given up when this is dropped.
#[derive(Debug)]
struct Place {
    claimed: Arc<AtomicU32>,
    _claim: Arc<Claim>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.claimed.fetch_sub(1, Ordering::AcqRel);
    }
}
