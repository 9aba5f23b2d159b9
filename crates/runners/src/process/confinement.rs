//! How much of the host a script can see. REQ-SCR-6
//!
//! This is the one place that decides with what a script is started. Without
//! confinement it runs like any process of the server's user, in a process
//! group of its own and below a subreaper; its environment is cleared, but
//! `/proc/<server>/environ` and the server's files are within its reach.

use stagehook_core::config::Sandbox;
use std::path::Path;
use std::process::Command;

/// How the server confines scripts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Confinement {
    /// Not at all: every script runs as if it were trusted.
    Off,
    /// In a bubblewrap sandbox. This version cannot set one up yet: confined
    /// hooks are refused, trusted ones run.
    #[default]
    Bubblewrap,
}

/// What a refused hook says.
const REFUSED: &str = "this hook is confined, and this version cannot confine scripts yet; \
     an administrator can mark it as trusted (\"sandbox\": \"trusted\") \
     or start the server with --sandbox off";

impl Confinement {
    /// The name used in flags and in health.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Bubblewrap => "bubblewrap",
        }
    }

    /// Whether a hook may run at all; the error is for its record.
    pub(super) fn admit(self, sandbox: Sandbox) -> Result<(), &'static str> {
        match (self, sandbox) {
            (Self::Off, _) | (Self::Bubblewrap, Sandbox::Trusted) => Ok(()),
            (Self::Bubblewrap, Sandbox::Confined) => Err(REFUSED),
        }
    }

    /// The command that starts `program` for an admitted hook.
    pub(super) fn command(self, program: &Path) -> Command {
        match self {
            Self::Off | Self::Bubblewrap => Command::new(program),
        }
    }
}
