//! What handlers share.

use crate::auth::KnownTokens;
use crate::problem::Problem;
use crate::settings::ApiSettings;
use axum::http::StatusCode;
use stagehook_engine::{Engine, EngineError};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What handlers share; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct ApiState {
    pub(crate) engine: Arc<Engine>,
    pub(crate) settings: Arc<ApiSettings>,
    pub(crate) known: Arc<KnownTokens>,
    /// Components are large: few are in memory at the same time.
    pub(crate) uploads: Arc<Semaphore>,
    /// On their way out as well as on their way in.
    pub(crate) downloads: Arc<Semaphore>,
    /// Sessions of Socket.IO: as many as connections, since one of these can
    /// begin any number of them.
    pub(crate) sessions_of_listeners: Arc<Semaphore>,
}

impl ApiState {
    pub(crate) fn new(engine: Arc<Engine>, settings: ApiSettings) -> Self {
        Self {
            engine,
            uploads: Arc::new(Semaphore::new(settings.uploads)),
            downloads: Arc::new(Semaphore::new(settings.downloads)),
            sessions_of_listeners: Arc::new(Semaphore::new(settings.connections)),
            settings: Arc::new(settings),
            known: Arc::new(KnownTokens::default()),
        }
    }

    /// Waits for a place among the downloads, not for ever: who reads slowly
    /// holds one for long.
    pub(crate) async fn download_place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let place = Arc::clone(&self.downloads).acquire_owned();
        match tokio::time::timeout(self.settings.read_timeout, place).await {
            Ok(place) => place.map_err(|_| EngineError::ShuttingDown.into()),
            Err(_) => Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "overloaded",
                "there are too many downloads at the moment: try again later",
            )),
        }
    }
}
