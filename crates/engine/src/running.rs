//! The stage runs at work on this server.

use stagehook_core::ids::StageRunId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The stage runs at work on this server, so that they can be cancelled and
/// waited for.
#[derive(Debug, Default)]
pub(crate) struct Running {
    runs: Mutex<HashMap<StageRunId, Entry>>,
}

#[derive(Debug)]
struct Entry {
    cancel: CancellationToken,
    ended: watch::Receiver<()>,
}

/// A run's place among the running; dropping it says that the run has ended.
#[derive(Debug)]
pub(crate) struct Place {
    running: Arc<Running>,
    id: StageRunId,
    _ended: watch::Sender<()>,
}

impl Running {
    /// Enters a run.
    pub(crate) fn enter(self: &Arc<Self>, id: StageRunId, cancel: CancellationToken) -> Place {
        let (sender, ended) = watch::channel(());
        self.lock().insert(id, Entry { cancel, ended });
        Place {
            running: Arc::clone(self),
            id,
            _ended: sender,
        }
    }

    /// Cancels a run; false when it is not at work here.
    pub(crate) fn cancel(&self, id: StageRunId) -> bool {
        let runs = self.lock();
        let entry = runs.get(&id);
        if let Some(entry) = entry {
            entry.cancel.cancel();
        }
        entry.is_some()
    }

    /// Waits until a run has ended; false when it is not at work here.
    pub(crate) async fn wait(&self, id: StageRunId) -> bool {
        let Some(mut ended) = self.lock().get(&id).map(|entry| entry.ended.clone()) else {
            return false;
        };
        // Nothing is ever sent: the channel closes when the run's place is given up.
        while ended.changed().await.is_ok() {}
        true
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<StageRunId, Entry>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.lock().remove(&self.id);
    }
}
