//! Publications that come at the same time are stored in one transaction: what
//! it costs to write for each is a fraction of what it costs alone.

use crate::error::{Result, StoreError};
use crate::publications::Published;
use crate::store::Store;
use stagehook_core::event::Event;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Events of one transaction, as a rule.
const EVENTS_MAX: usize = 256;

/// A publication, and who waits for it.
#[derive(Debug)]
struct Waiting {
    events: Vec<Event>,
    answer: oneshot::Sender<Result<Vec<Published>>>,
}

/// The publications that wait for a transaction.
#[derive(Debug)]
pub(crate) struct Publishing {
    state: Mutex<State>,
    /// Transactions at the same time.
    at_once: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    under_way: usize,
}

/// One that sees to what waits.
#[derive(Debug)]
struct Turn {
    store: Store,
    is_over: bool,
}

impl Publishing {
    pub(crate) fn new(at_once: usize) -> Self {
        Self {
            state: Mutex::default(),
            at_once,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic happens under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody has to begin to see to what waits.
    fn wait(&self, waiting: Waiting) -> bool {
        let mut state = self.lock();
        state.waiting.push_back(waiting);
        let begins = state.under_way < self.at_once;
        state.under_way += usize::from(begins);
        begins
    }
}

impl Turn {
    /// What one transaction is to store; none when nothing waits any more.
    fn next(&mut self) -> Option<Vec<Waiting>> {
        let mut state = self.store.publishing().lock();
        let mut events = 0;
        let mut group = Vec::new();
        while let Some(first) = state.waiting.front() {
            events += first.events.len();
            if events > EVENTS_MAX && !group.is_empty() {
                break;
            }
            group.extend(state.waiting.pop_front());
        }
        if group.is_empty() {
            state.under_way -= 1;
            drop(state);
            self.is_over = true;
            return None;
        }
        Some(group)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // It broke: what waits is seen to by whoever comes next.
        if !self.is_over {
            self.store.publishing().lock().under_way -= 1;
        }
    }
}

impl Store {
    /// Stores events with their deliveries, all or none, together with those of
    /// others who publish now. What is wrong with one publication is no other's.
    pub(crate) async fn publish_together(&self, events: Vec<Event>) -> Result<Vec<Published>> {
        let (answer, answered) = oneshot::channel();
        if self.publishing().wait(Waiting { events, answer }) {
            let mut turn = Turn {
                store: self.clone(),
                is_over: false,
            };
            // Whoever asked may go away; the others' events are here, too.
            tokio::spawn(async move {
                while let Some(group) = turn.next() {
                    turn.store.publish_group(group).await;
                }
            });
        }
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    async fn publish_group(&self, group: Vec<Waiting>) {
        let (events, answers): (Vec<_>, Vec<_>) = group
            .into_iter()
            .map(|waiting| (waiting.events, waiting.answer))
            .unzip();
        let events = Arc::new(events);
        match self.publish_all(Arc::clone(&events)).await {
            Ok(published) => {
                for (answer, published) in answers.into_iter().zip(published) {
                    // An error means that nobody waits any more.
                    let _ = answer.send(Ok(published));
                }
            }
            // Another attempt would end like this one.
            Err(error) if answers.len() == 1 || matches!(error, StoreError::Unavailable(_)) => {
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
            Err(_) => {
                for (answer, events) in answers.into_iter().zip(events.iter()) {
                    let alone = self.publish_all(Arc::new(vec![events.clone()])).await;
                    let _ = answer.send(alone.map(|published| published.concat()));
                }
            }
        }
    }
}
