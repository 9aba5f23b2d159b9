//! What one listener was told so far, and is told next, over whichever
//! transport. REQ-EVT-10
//!
//! Little is kept for listeners that are slow, and the same for all of them
//! (`progress`): who misses something is told how many events that were, and gets
//! those among them that are stored from the database.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::progress::{Kept, LiveEvent};
use stagehook_core::event::Event;
use stagehook_core::ids::EventId;
use stagehook_core::interest::Interest;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// Stored events that are read at once for a listener that is behind.
const PAGE: u32 = 32;
/// Most empty places that are remembered.
const PASSED_OVER_MAX: usize = 1_000;

/// What a listener is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// An event.
    Event(Arc<LiveEvent>),
    /// It was too slow. What is stored of this many events comes next.
    Lagged {
        /// How many it missed, wanted or not.
        missed: u64,
    },
}

/// What one listener was told so far, and is told next.
#[derive(Debug)]
pub struct Follower {
    engine: Arc<Engine>,
    interest: Interest,
    listener: Receiver<Arc<Kept>>,
    /// The place of the last stored event that it was told.
    place: i64,
    /// Whether there may be stored events that it was not told while they
    /// happened.
    is_behind: bool,
    /// Up to this place it got them from the store.
    read_to: i64,
    /// Places before that one where there was none. On PostgreSQL one may still
    /// come there, from a transaction that took longer.
    passed_over: BTreeSet<i64>,
    /// Some of those that were read.
    read: VecDeque<(i64, Event)>,
}

impl Engine {
    /// Begins to follow what happens, from now on or from after an event that was
    /// seen. `None` where there is no such event.
    pub async fn follow(
        self: &Arc<Self>,
        interest: Interest,
        last_seen: Option<EventId>,
    ) -> Result<Option<Follower>, EngineError> {
        // First: what is stored from now on is heard.
        let listener = self.progress().listen();
        let place = match last_seen {
            Some(id) => match self.store.event_position(id).await? {
                Some(place) => place,
                None => return Ok(None),
            },
            None => self.store.last_event().await?,
        };
        let is_behind = last_seen.is_some();
        Ok(Some(Follower {
            engine: Arc::clone(self),
            interest,
            listener,
            place,
            is_behind,
            read_to: if is_behind { place } else { 0 },
            passed_over: BTreeSet::new(),
            read: VecDeque::new(),
        }))
    }
}

impl Follower {
    /// What comes next, once it does. `None` when the server stops, or cannot go
    /// on: the listener comes back with the last id that it saw.
    pub async fn next(&mut self) -> Option<Told> {
        let stopping = self.engine.stopping().clone();
        tokio::select! {
            () = stopping.cancelled() => None,
            told = self.told() => told,
        }
    }

    /// Loses nothing when it is dropped before it is done.
    async fn told(&mut self) -> Option<Told> {
        loop {
            if let Some((place, event)) = self.read.pop_front() {
                self.pass_over(place);
                self.place = place;
                self.read_to = place;
                if let Some(told) = self.wanted(LiveEvent::of(Some(place), event).into()) {
                    return Some(told);
                }
                continue;
            }
            if self.is_behind {
                match self.engine.store.events_after(self.place, PAGE).await {
                    Ok(page) => {
                        self.is_behind = !page.is_empty();
                        self.read = page.into();
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a listener to events was left");
                        return None;
                    }
                }
                continue;
            }
            match self.listener.recv().await {
                Ok(kept) if kept.place.is_some_and(|place| self.was_read(place)) => {}
                Ok(kept) => {
                    let Some(event) = kept.event() else {
                        // What comes next is as good as gone.
                        let missed = 1 + self.listener.len() as u64;
                        self.listener = self.listener.resubscribe();
                        self.is_behind = true;
                        return Some(Told::Lagged { missed });
                    };
                    self.place = self.place.max(event.place.unwrap_or(0));
                    if let Some(told) = self.wanted(event) {
                        return Some(told);
                    }
                }
                Err(RecvError::Lagged(missed)) => {
                    self.is_behind = true;
                    return Some(Told::Lagged { missed });
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn wanted(&self, event: Arc<LiveEvent>) -> Option<Told> {
        self.interest
            .wants(&event.event_name, event.job_id, &event.data)
            .then_some(Told::Event(event))
    }

    fn was_read(&mut self, place: i64) -> bool {
        place <= self.read_to && !self.passed_over.remove(&place)
    }

    /// Remembers the empty places before this one.
    fn pass_over(&mut self, place: i64) {
        let empty = (self.place + 1..place).rev().take(PASSED_OVER_MAX);
        self.passed_over.extend(empty);
        while self.passed_over.len() > PASSED_OVER_MAX {
            self.passed_over.pop_first();
        }
    }
}
