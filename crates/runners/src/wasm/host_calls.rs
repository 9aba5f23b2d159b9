//! What the host does when a plugin calls it, whichever version of the contract
//! the plugin is built against.

use super::bounds;
use super::state::State;
use std::fmt::Write as _;
use std::time::Instant;

const PROGRESS_BYTES: usize = 200;

/// Why there is no value of a secret.
pub(super) enum NoSecret {
    NotGranted,
    NotFound,
}

impl State {
    /// Adds a line to what it logs.
    pub(super) fn log(&mut self, level: &str, message: String) {
        self.stderr
            .write_line(level, message, bounds::LOG_MESSAGE_BYTES);
    }

    /// Keeps the last progress, for whoever asks why it took so long.
    pub(super) fn report(&mut self, fraction: Option<f32>, message: Option<String>) {
        let mut progress = String::new();
        if let Some(fraction) = fraction.filter(|fraction| fraction.is_finite()) {
            let _ = write!(progress, "{:.0} %", fraction.clamp(0.0, 1.0) * 100.0);
        }
        if let Some(message) = message {
            let separator = if progress.is_empty() { "" } else { ", " };
            let message = self.stderr.bounded(message, PROGRESS_BYTES);
            let _ = write!(progress, "{separator}{message}");
        }
        self.progress = (!progress.is_empty()).then_some(progress);
    }

    /// What is left of the call, in milliseconds.
    pub(super) fn remaining_ms(&self) -> u64 {
        let left = self
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        u64::try_from(left.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn secret(&self, name: &str) -> Result<String, NoSecret> {
        match self.secrets.get(name) {
            None => Err(NoSecret::NotGranted),
            Some(None) => Err(NoSecret::NotFound),
            Some(Some(value)) => Ok(value.clone()),
        }
    }
}
