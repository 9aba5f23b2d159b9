//! What a runner is given, whatever the hook's type.

use stagehook_core::contract::HookInput;
use std::io::{self, ErrorKind};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// One attempt at one hook.
#[derive(Debug)]
pub struct Invocation<'a> {
    /// What the hook is told.
    pub input: &'a HookInput,
    /// The same as JSON text: what scripts read and webhooks receive, and what
    /// the log keeps.
    pub input_json: &'a str,
    /// How long the attempt may take, from now; never more than the hook's own
    /// timeout.
    pub timeout: Duration,
    /// Ends the attempt at once when it is cancelled.
    pub cancel: &'a CancellationToken,
}

/// The host cannot do its own work (no file descriptors, no temporary
/// directory, …). Whatever a hook does is never this.
#[derive(Debug, thiserror::Error)]
#[error("{what}{}", mended(.source))]
pub struct HostBroken {
    /// What could not be done, without paths of the host.
    pub what: &'static str,
    /// Why, for the server's own log.
    #[source]
    pub source: io::Error,
}

impl HostBroken {
    /// The host could not do `what`.
    pub fn new(what: &'static str, source: io::Error) -> Self {
        Self { what, source }
    }
}

/// What would help, where it is plain to see.
fn mended(source: &io::Error) -> &'static str {
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            ": the server's disk is full, and whoever runs the server has to make room"
        }
        _ => "",
    }
}
