//! Places of which there are few, for what is large or takes long.

use crate::problem::Problem;
use axum::http::StatusCode;
use stagehook_engine::EngineError;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// So many places; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    patience: Duration,
    /// What they are for, as more than one.
    what: &'static str,
}

impl Places {
    pub(crate) fn new(most: usize, patience: Duration, what: &'static str) -> Self {
        Self {
            free: Arc::new(Semaphore::new(most)),
            patience,
            what,
        }
    }

    /// Waits for a place, for as long as it takes.
    pub(crate) async fn wait(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let place = Arc::clone(&self.free).acquire_owned().await;
        place.map_err(|_| EngineError::ShuttingDown.into())
    }

    /// Waits for a place, not for ever: some are held for long.
    pub(crate) async fn take(&self) -> Result<OwnedSemaphorePermit, Problem> {
        match timeout(self.patience, self.wait()).await {
            Ok(place) => place,
            Err(_) => Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "overloaded",
                format!(
                    "there are too many {} at the moment: try again later",
                    self.what
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn who_finds_no_place_is_told_so() {
        let places = Places::new(2, Duration::from_millis(20), "downloads");
        let first = places.take().await.unwrap();
        let _second = places.take().await.unwrap();
        let refused = places.take().await.unwrap_err();
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            refused.detail,
            "there are too many downloads at the moment: try again later"
        );
        drop(first);
        let _third = places.take().await.unwrap();
    }

    #[tokio::test]
    async fn who_waits_gets_the_place_of_who_leaves() {
        let places = Places::new(1, Duration::from_mins(10), "downloads");
        let taken = places.take().await.unwrap();
        let waiting = places.take();
        tokio::pin!(waiting);
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(taken);
        let _taken = waiting.await.unwrap();
    }
}
