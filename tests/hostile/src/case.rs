//! One attack, and what has to become of it.

use serde_json::{Value, json};
use stagehook_core::execution::ExecutionStatus;
use std::time::Duration;

/// Where the component of a case comes from.
#[derive(Debug, Clone, Copy)]
pub enum Guest {
    /// `scripts/build-plugins` has built it; the name of its crate, with `_`.
    Built(&'static str),
    /// It is made on the spot.
    Made(fn() -> Vec<u8>),
}

/// What is done with the component.
#[derive(Debug, Clone)]
pub enum Act {
    /// It is uploaded.
    Upload,
    /// It is asked about settings.
    CheckSettings,
    /// It runs, with this config of a hook.
    Run(Value),
}

/// How a case has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// An execution ends like this.
    Ends(ExecutionStatus),
    /// An upload is rejected by this rule; `a or b` where it depends on the
    /// machine which of two is met first.
    Rejected(&'static str),
    /// A question about settings stays without an answer.
    Unchecked,
    /// An upload is taken.
    Taken,
}

/// One attack, and what has to become of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it does.
    pub name: &'static str,
    /// Who does it.
    pub guest: Guest,
    /// When it does it.
    pub act: Act,
    /// How it has to end.
    pub expected: Expected,
    /// The limit that is meant for it: what the error has to say; `a or b`
    /// where it depends on the machine which of two is met first.
    pub told: &'static str,
    /// It has to be over by then, on a busy machine.
    pub within: Duration,
    /// What the host may take for it at most, in bytes.
    pub host_bytes: u64,
}

impl Expected {
    /// Whether this is what was expected.
    pub(crate) fn is_met_by(self, ended: Self) -> bool {
        match (self, ended) {
            (Self::Rejected(rules), Self::Rejected(rule)) => {
                rules.split(" or ").any(|expected| expected == rule)
            }
            _ => self == ended,
        }
    }
}

const MIB: u64 = 1 << 20;

impl Case {
    /// A run that has to end with this status.
    pub(crate) fn run(
        name: &'static str,
        guest: Guest,
        config: Value,
        status: ExecutionStatus,
        told: &'static str,
    ) -> Self {
        Self {
            name,
            guest,
            act: Act::Run(config),
            expected: Expected::Ends(status),
            told,
            within: Duration::from_secs(20),
            // The default limit of memory, and something for the host itself.
            host_bytes: (128 + 64) * MIB,
        }
    }

    /// A behaviour of the test guest.
    pub(crate) fn behaviour(
        name: &'static str,
        settings: impl Into<Value>,
        limits: impl Into<Value>,
        status: ExecutionStatus,
        told: &'static str,
    ) -> Self {
        let (settings, limits) = (settings.into(), limits.into());
        let config = json!({"settings": settings, "limits": limits});
        Self::run(name, Guest::Built("test_guest"), config, status, told)
    }

    /// An upload that this rule has to reject.
    pub(crate) fn upload(
        name: &'static str,
        component: fn() -> Vec<u8>,
        rule: &'static str,
        told: &'static str,
    ) -> Self {
        Self {
            name,
            guest: Guest::Made(component),
            act: Act::Upload,
            expected: Expected::Rejected(rule),
            told,
            within: Duration::from_secs(30),
            host_bytes: 64 * MIB,
        }
    }

    #[must_use]
    pub(crate) fn within(self, within: Duration) -> Self {
        Self { within, ..self }
    }

    #[must_use]
    pub(crate) fn host_mib(self, mib: u64) -> Self {
        Self {
            host_bytes: mib * MIB,
            ..self
        }
    }
}
