//! How much of the host a script can see. REQ-SCR-6
//!
//! This is the one place that decides with what a script is started. Without
//! confinement it runs like any process of the server's user, in a process
//! group of its own and below a subreaper; its environment is cleared, but
//! `/proc/<server>/environ` and the server's files are within its reach.

use super::bubblewrap::{Bubblewrap, NoSandbox};
use stagehook_core::config::Sandbox;
use stagehook_core::execution::ScriptSandbox;
use std::io;
use std::path::{Path, PathBuf};

/// How the server is to confine scripts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Confinement {
    /// Not at all: every script runs as if it were trusted.
    Off,
    /// In a bubblewrap sandbox. Where none can be made, confined hooks are
    /// refused.
    #[default]
    Bubblewrap,
}

/// How it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfinementLevel {
    /// Not at all, as the operator wants it.
    Off,
    /// In a bubblewrap sandbox.
    Bubblewrap,
    /// No sandbox can be made, for this reason: confined hooks are refused.
    Unavailable(String),
}

impl ConfinementLevel {
    /// How a server on this machine would confine scripts: tries it out.
    ///
    /// # Errors
    ///
    /// There is no temporary directory to try it out in.
    pub fn probe(wanted: Confinement) -> io::Result<Self> {
        let work_root = tempfile::tempdir()?;
        Ok(InForce::of(wanted, work_root.path(), &[]).level())
    }

    /// The name used in health.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Bubblewrap => "bubblewrap",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

/// What is in force.
#[derive(Debug)]
pub(super) enum InForce {
    Off,
    Bubblewrap(Bubblewrap),
    Unavailable(NoSandbox),
}

impl InForce {
    /// Tries out what is wanted. REQ-SCR-6
    pub(super) fn of(wanted: Confinement, work_root: &Path, hidden: &[PathBuf]) -> Self {
        match wanted {
            Confinement::Off => Self::Off,
            Confinement::Bubblewrap => match Bubblewrap::find(work_root, hidden) {
                Ok(bubblewrap) => Self::Bubblewrap(bubblewrap),
                Err(why) => Self::Unavailable(why),
            },
        }
    }

    /// With what a hook is kept from the host once it is admitted.
    pub(super) fn sandbox(&self, sandbox: Sandbox) -> ScriptSandbox {
        match (self, sandbox) {
            (Self::Off, _) => ScriptSandbox::Off,
            (_, Sandbox::Trusted) => ScriptSandbox::Trusted,
            (_, Sandbox::Confined) => ScriptSandbox::Bubblewrap,
        }
    }

    pub(super) fn level(&self) -> ConfinementLevel {
        match self {
            Self::Off => ConfinementLevel::Off,
            Self::Bubblewrap(_) => ConfinementLevel::Bubblewrap,
            Self::Unavailable(why) => ConfinementLevel::Unavailable(why.to_string()),
        }
    }

    /// What a hook is to be confined with, if at all; the error is for the
    /// record of a hook that may not run.
    pub(super) fn admit(&self, sandbox: Sandbox) -> Result<Option<&Bubblewrap>, String> {
        match (self, sandbox) {
            (Self::Off, _) | (_, Sandbox::Trusted) => Ok(None),
            (Self::Bubblewrap(bubblewrap), Sandbox::Confined) => Ok(Some(bubblewrap)),
            (Self::Unavailable(why), Sandbox::Confined) => Err(format!(
                "this hook is confined, and {why}. An administrator can mend that, mark the hook \
                 as trusted (\"sandbox\": \"trusted\"), or start the server with --sandbox off"
            )),
        }
    }
}
