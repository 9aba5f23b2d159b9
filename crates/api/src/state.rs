//! What handlers share.

use crate::auth::KnownTokens;
use crate::settings::ApiSettings;
use stagehook_engine::Engine;
use std::sync::Arc;
use tokio::sync::Semaphore;

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
}
