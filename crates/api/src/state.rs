//! What handlers share.

use crate::auth::KnownTokens;
use crate::places::Places;
use crate::settings::ApiSettings;
use stagehook_engine::Engine;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How much longer one waits for a place than for somebody who takes nothing: their
/// place is free then.
const LONGER: Duration = Duration::from_secs(10);
/// How long a search waits for its turn: none takes longer than a second or two.
const SEARCH_PATIENCE: Duration = Duration::from_secs(10);

/// What handlers share; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct ApiState {
    pub(crate) engine: Arc<Engine>,
    pub(crate) settings: Arc<ApiSettings>,
    pub(crate) known: Arc<KnownTokens>,
    /// Components are large: few are in memory at the same time.
    pub(crate) uploads: Arc<Semaphore>,
    /// On their way out as well as on their way in.
    pub(crate) downloads: Places,
    /// Logs on their way out, each to its end.
    pub(crate) exports: Places,
    /// Searches through what hooks printed.
    pub(crate) searches: Places,
    /// Sessions of Socket.IO: as many as connections, since one of these can
    /// begin any number of them.
    pub(crate) sessions_of_listeners: Arc<Semaphore>,
}

impl ApiState {
    pub(crate) fn new(engine: Arc<Engine>, settings: ApiSettings) -> Self {
        let patience = settings.read_timeout + LONGER;
        Self {
            engine,
            uploads: Arc::new(Semaphore::new(settings.uploads)),
            downloads: Places::new(settings.downloads, patience, "downloads"),
            exports: Places::new(settings.exports, patience, "exports of logs"),
            searches: Places::new(settings.searches, SEARCH_PATIENCE, "searches through logs"),
            sessions_of_listeners: Arc::new(Semaphore::new(settings.connections)),
            settings: Arc::new(settings),
            known: Arc::new(KnownTokens::default()),
        }
    }
}
