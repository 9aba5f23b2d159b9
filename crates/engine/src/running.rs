//! What is at work on this server and can be cancelled: stage runs, and tests.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The runs of one kind that are at work on this server, by their ids, so that
/// they can be cancelled and waited for.
#[derive(Debug)]
pub(crate) struct Running<I: Copy + Eq + Hash> {
    runs: Mutex<HashMap<I, Entry>>,
}

impl<I: Copy + Eq + Hash> Default for Running<I> {
    fn default() -> Self {
        Self {
            runs: Mutex::default(),
        }
    }
}

#[derive(Debug)]
struct Entry {
    cancel: CancellationToken,
    ended: watch::Receiver<()>,
}

/// A run's place among the running; dropping it says that the run has ended.
#[derive(Debug)]
pub(crate) struct Place<I: Copy + Eq + Hash> {
    running: Arc<Running<I>>,
    id: I,
    _ended: watch::Sender<()>,
}

impl<I: Copy + Eq + Hash> Running<I> {
    /// Enters a run under an id that nobody else can have.
    pub(crate) fn enter(self: &Arc<Self>, id: I, cancel: CancellationToken) -> Place<I> {
        self.place(self.lock(), id, cancel)
    }

    /// Enters a run, unless one of this id is at work here.
    pub(crate) fn enter_once(
        self: &Arc<Self>,
        id: I,
        cancel: CancellationToken,
    ) -> Option<Place<I>> {
        let runs = self.lock();
        (!runs.contains_key(&id)).then(|| self.place(runs, id, cancel))
    }

    fn place(
        self: &Arc<Self>,
        mut runs: MutexGuard<'_, HashMap<I, Entry>>,
        id: I,
        cancel: CancellationToken,
    ) -> Place<I> {
        let (sender, ended) = watch::channel(());
        runs.insert(id, Entry { cancel, ended });
        Place {
            running: Arc::clone(self),
            id,
            _ended: sender,
        }
    }

    /// Whether a run is at work here.
    pub(crate) fn has(&self, id: I) -> bool {
        self.lock().contains_key(&id)
    }

    /// Cancels a run; false when it is not at work here.
    pub(crate) fn cancel(&self, id: I) -> bool {
        let runs = self.lock();
        let entry = runs.get(&id);
        if let Some(entry) = entry {
            entry.cancel.cancel();
        }
        entry.is_some()
    }

    /// Waits until a run has ended; false when it is not at work here.
    pub(crate) async fn wait(&self, id: I) -> bool {
        let Some(mut ended) = self.lock().get(&id).map(|entry| entry.ended.clone()) else {
            return false;
        };
        // Nothing is ever sent: the channel closes when the run's place is given up.
        while ended.changed().await.is_ok() {}
        true
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<I, Entry>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I: Copy + Eq + Hash> Drop for Place<I> {
    fn drop(&mut self) {
        self.running.lock().remove(&self.id);
    }
}
