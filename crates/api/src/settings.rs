//! How the HTTP side is set up.

use std::time::Duration;

/// How the HTTP side is set up.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// Largest JSON body, in bytes.
    pub body_max_bytes: usize,
    /// Largest plugin, in bytes.
    pub plugin_max_bytes: usize,
    /// Most plugins that are taken in at the same time; further ones wait.
    pub uploads: usize,
    /// Most components and archives that are sent at the same time; further
    /// ones wait, a little longer than `read_timeout`.
    pub downloads: usize,
    /// Most exports of logs at the same time; further ones wait as long as for
    /// downloads.
    pub exports: usize,
    /// Most searches through what hooks printed at the same time; further ones
    /// wait.
    pub searches: usize,
    /// How long a request's head, and then its body, may take to arrive, and how
    /// long an answer may stand still on its way.
    pub read_timeout: Duration,
    /// Most connections at the same time; further ones wait.
    pub connections: usize,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            body_max_bytes: 8 << 20,
            plugin_max_bytes: 100 << 20,
            uploads: 4,
            downloads: 4,
            exports: 4,
            searches: 3,
            read_timeout: Duration::from_mins(1),
            connections: 4096,
        }
    }
}
