//! How the engine is set up.

use crate::retention::Retention;
use stagehook_core::clock::Clock;
use stagehook_core::config::LimitRange;
use stagehook_core::ids::NodeId;
use stagehook_core::signature::SignaturePolicy;
use stagehook_runners::SecretKeys;
use std::sync::Arc;
use std::time::Duration;

/// How the engine is set up.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// This server; the same after a restart, so that it knows its own runs.
    pub node: NodeId,
    /// Where the time comes from.
    pub clock: Clock,
    /// Default and maximum limits of wasm hooks.
    pub limits: LimitRange,
    /// Whose signatures of plugins count, and whether plugins have to be signed.
    pub signatures: SignaturePolicy,
    /// What encrypts stored secrets; by default nothing, and none can be stored.
    pub secret_keys: Arc<SecretKeys>,
    /// Most stage runs and tests at work at the same time.
    pub concurrent_runs: usize,
    /// Most callers that wait for their turn; more are turned away.
    pub waiting_runs: usize,
    /// Most event hooks of this machine (all but webhooks) at work at the same
    /// time.
    pub concurrent_events: usize,
    /// How long a whole stage run may take.
    pub stage_deadline: Duration,
    /// How long a server that shows no sign of life still owns its runs.
    pub lease: Duration,
    /// How long things are kept.
    pub retention: Retention,
    /// How long a shutdown waits for what runs before it cancels it.
    pub shutdown_grace: Duration,
}

impl EngineSettings {
    /// Settings for a server of its own.
    pub fn new(node: NodeId) -> Self {
        Self {
            node,
            clock: Clock::System,
            limits: LimitRange::default(),
            signatures: SignaturePolicy::default(),
            secret_keys: Arc::default(),
            concurrent_runs: 256,
            waiting_runs: 4096,
            concurrent_events: 32,
            stage_deadline: Duration::from_hours(6),
            lease: Duration::from_secs(15),
            retention: Retention::default(),
            shutdown_grace: Duration::from_secs(20),
        }
    }
}
